"""`entraide destroy`: close a city; what residents gave goes to a folder first, then nothing is left."""

import sys
import time
from pathlib import Path
from typing import Any

import click

from infra.ops import cityfile, leftovers
from infra.ops.cloud import Cloud, cloud_of, forget
from infra.ops.copying import copy_out, refuse_difference
from infra.ops.folder import begun
from infra.ops.ground import close_doors
from infra.ops.mending import remove_stack
from infra.ops.say import NOTHING_DONE, Say, spoken
from infra.ops.standing import Standing, events_so_far, resources, settled, standing
from infra.ops.stops import Exit, Stopped
from infra.stack import stack_name


@click.command("destroy")
@click.argument("slug")
@click.option(
    "--export-to", type=click.Path(path_type=Path, file_okay=False), help="Where its data goes first."
)
@spoken
def destroy(say: Say, slug: str, export_to: Path | None) -> None:
    """Remove a city: its stack, tables, logs and key. Refused while it holds data that goes nowhere."""
    cityfile.must_name_a_city(slug)  # its file may be gone already
    where = cloud_of(slug)
    now = _steady(where, slug, say)
    left = leftovers.found(where, slug)
    if now is None and not left:
        forget(slug, where)
        words = f"Nothing of {slug} is in account {where.account}, {where.region}."
        say.end({"city": slug, "removed": []}, words, then="entraide city list")
        return
    full = leftovers.full_tables(where, slug)
    if full and export_to is None:
        raise Stopped(
            f"{slug} holds data: {', '.join(full)}.",
            NOTHING_DONE,
            f"entraide destroy {slug} --export-to FOLDER",
            Exit.REFUSED,
        )
    _agree(say, where, slug, export_to)
    if now is not None:
        close_doors(where, now)
    if full and export_to is not None:
        _save(where, slug, export_to, say)
    removed = _remove(where, slug, now, say)
    forget(slug, where)
    words = f"Its data and key are in {export_to}." if full else "It held no data."
    say.end(
        {"city": slug, "removed": removed, "export": str(export_to) if full else None},
        f"{slug} is gone: {len(removed)} things beside the stack were removed, and nothing is left. {words}",
        then=f"entraide deploy {slug} --key-from {export_to}, then entraide import {slug} {export_to}"
        if full
        else "entraide city list",
    )


def _steady(where: Cloud, slug: str, say: Say) -> Standing | None:
    now = standing(where, stack_name(slug))
    if now is not None and now.moving:
        say.note(f"{slug}: another command is under way ({now.status}); waiting for it.")
        return settled(where, now.id, say, f"Waiting for {slug}", since=events_so_far(where, now.id), total=1)
    return now


def _agree(say: Say, where: Cloud, slug: str, export_to: Path | None) -> None:
    """Have the name typed: nothing that a habit could answer."""
    if say.yes:
        return
    if not sys.stdin.isatty() or say.as_json:
        say.confirm(f"Destroy {slug}?", NOTHING_DONE)
    saved = f" after its data is in {export_to}" if export_to else ""
    say.note(f"This removes {slug} from account {where.account}, {where.region}{saved}. It cannot be undone.")
    if click.prompt("Type its name to go on", err=True, default="", show_default=False) != slug:
        raise Stopped("That is not its name.", NOTHING_DONE, "the same command", Exit.REFUSED)


def _save(where: Cloud, slug: str, export_to: Path, say: Say) -> None:
    """Export all of it, and compare with the tables, which nobody changes any more."""
    folder = begun(export_to, where, slug)
    copy_out(where, folder, say)
    say.state = (
        f"{slug} is closed and whole; {export_to} holds its data. entraide deploy {slug} opens it again."
    )
    again = f"entraide destroy {slug} --export-to ANOTHER_FOLDER: this one is of an earlier time"
    refuse_difference(where, folder, say, now=int(time.time()), then=again)


def _remove(where: Cloud, slug: str, now: Standing | None, say: Say) -> list[str]:
    """Remove the stack, then what stays of it; return what that was."""
    say.state = f"{slug} is closed and removed in part; the same command removes the rest."
    if now is not None:
        _unlock(where, now)
        for bucket in resources(where, now.name).get("AWS::S3::Bucket", []):
            leftovers.empty(where.client("s3"), bucket)
        remove_stack(where, now, slug, say)
    removed = []
    left = leftovers.found(where, slug)
    with say.progress(f"Removing what stays of {slug}", len(left)) as step:
        for number, each in enumerate(left):
            step.at(number, len(left), f"{each.kind} {each.name}")
            each.remove()
            removed.append(f"{each.kind} {each.name}")
    still = [f"{each.kind} {each.name}" for each in leftovers.found(where, slug)]
    if still:
        raise Stopped(f"This is still there: {', '.join(still)}.", say.state, f"entraide destroy {slug}")
    return removed


def _unlock(where: Cloud, now: Standing) -> None:
    client: Any = where.client("cloudformation")
    protected = client.describe_stacks(StackName=now.id)["Stacks"][0].get(
        "EnableTerminationProtection", False
    )
    if protected:
        client.update_termination_protection(StackName=now.name, EnableTerminationProtection=False)
