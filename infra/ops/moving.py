"""`entraide export` and `entraide import`: all tables of a city to a folder, and back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from infra.ops.cloud import Cloud
from infra.ops.copying import can_take, copy_in, copy_out, imported, refuse_difference, sweep
from infra.ops.folder import Folder, begun, opened
from infra.ops.ground import close_doors, open_doors, signing_key
from infra.ops.say import NOTHING_DONE, Say, spoken
from infra.ops.standing import Standing, deployed
from infra.ops.stops import Exit, Stopped


@contextmanager
def closed(where: Cloud, slug: str, now: Standing, say: Say) -> Iterator[None]:
    """Keep the city's functions from running inside the block."""
    close_doors(where, now)
    say.note(f"{slug} is closed meanwhile: nothing answers and nothing is sent.")
    try:
        yield
    finally:
        open_doors(where, now)


@click.command("export")
@click.argument("slug")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--closed", "shut", is_flag=True, help="Close the city meanwhile: the copy is of one instant.")
@spoken
def export(say: Say, slug: str, folder: Path, shut: bool) -> None:
    """Copy all tables of a city to a folder. Said again after an interruption, it goes on."""
    where, now = deployed(slug)
    into = begun(folder, where, slug)
    if into.complete and into.key:
        say.end(_data(into), f"{folder} holds a whole export of {slug}; nothing was read again.",
                then="another folder for a newer one")  # fmt: skip
        return
    if shut:
        with closed(where, slug, now, say):
            copy_out(where, into, say)
    else:
        copy_out(where, into, say)
    words = "" if shut else " The city stayed open: what changed meanwhile may be in it in part."
    say.end(
        _data(into),
        f"{folder} holds {_items(into):,} items of {len(into.tables)} tables and the signing key.{words}",
        "Keep it as you keep personal data: it is all of the city's, in the clear.",
        then=f"entraide import {slug} {folder} restores it in an empty city",
    )


@click.command("import")
@click.argument("slug")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@spoken
def import_(say: Say, slug: str, folder: Path) -> None:
    """Fill an empty city with what was exported, compare, and open it."""
    where, now = deployed(slug)
    source = opened(folder)
    _must_fit(where, slug, source)
    can_take(where, source)
    say.confirm(f"Write {_items(source):,} items to {slug} in account {where.account}?", NOTHING_DONE)
    close_doors(where, now)
    say.note(f"{slug} is closed until it holds all of it.")
    written = copy_in(where, source, say)
    sweep(where, source)
    refuse_difference(where, source, say, now=int(time.time()), then="")
    imported(where, source)
    open_doors(where, now)
    say.end(
        {"city": slug, "items": written},
        f"{slug} holds what {folder} holds, {written:,} items, compared item by item, and is open.",
        then=f"entraide status {slug}",
    )


def _must_fit(where: Cloud, slug: str, source: Folder) -> None:
    if source.city != slug or not source.complete:
        what = f"of {source.city}" if source.city != slug else "not complete"
        raise Stopped(
            f"The export in {source.path} is {what}.",
            NOTHING_DONE,
            f"entraide export {slug} FOLDER",
            Exit.USAGE,
        )
    if source.key != signing_key(where, slug):
        raise Stopped(
            f"{slug} has another signing key here than the export: nobody would find their account.",
            f"{NOTHING_DONE} A key is never replaced.",
            f"entraide destroy {slug}, entraide deploy {slug} --key-from {source.path}, the same command",
            Exit.REFUSED,
        )


def _items(folder: Folder) -> int:
    return sum(table.items for table in folder.tables.values())


def _data(folder: Folder) -> dict[str, object]:
    tables = {
        noun: {"items": table.items, "digest": folder.digest(noun)} for noun, table in folder.tables.items()
    }
    return {"city": folder.city, "folder": str(folder.path), "items": _items(folder), "tables": tables}
