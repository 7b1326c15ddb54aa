"""`entraide plan` and `entraide deploy`: what would change, and changing it."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from typing import Any

import click
from rich.text import Text

from infra.ops import cityfile, ground, options
from infra.ops.artefact import Release, released
from infra.ops.changes import counted, drop, explained, shown
from infra.ops.cloud import Cloud, cloud, cloud_of
from infra.ops.folder import bring_key
from infra.ops.mending import must_be_steady
from infra.ops.options import configured
from infra.ops.rollout import Outcome, Prepared, carry_out, prepare
from infra.ops.say import Say, spoken
from infra.ops.say import table as columns
from infra.ops.standing import all_cities
from infra.ops.stops import Exit, Stopped
from infra.ops.trouble import in_words
from infra.stack import stack_name


@click.command("plan")
@click.argument("slug")
@configured
@spoken
def plan(say: Say, slug: str, **given: Any) -> None:
    """Show what a deployment would add, change, replace or destroy."""
    city = cityfile.load(slug)
    where = cloud_of(slug)
    must_be_steady(where, stack_name(slug), slug)
    if options.is_new(where, slug):
        given["ops"] = given["ops"] or city.sender.address  # asked when it is deployed
    given = options.checked(where, say, [slug], given)
    release = released(where, say)
    prepared = prepare(where, city, release, ground.bucket(where, say), given, say)
    drop(where, prepared.change)
    if not prepared.differs:
        say.end(_data(prepared), f"{slug} runs {prepared.release.id} already: nothing would change.",
                then=f"entraide status {slug}")  # fmt: skip
        return
    head = f"{_from_to(prepared)} in account {where.account}, {where.region}"
    say.end(
        _data(prepared),
        head,
        *([shown(prepared.changes)] if prepared.changes else []),
        *explained(prepared.changes),
        f"{counted(prepared.changes)}{_client(prepared)}. Nothing of {slug} was changed.",
        then=f"entraide deploy {slug}",
    )


@click.command("deploy")
@click.argument("slug", required=False)
@click.option("--all", "every", is_flag=True, help="Every city that is deployed in this account and region.")
@click.option(
    "--parallel", type=click.IntRange(1, 16), default=1, show_default=True, help="So many cities at once."
)
@click.option("--even-tables", is_flag=True, help="Go on though a table is replaced or destroyed.")
@click.option(
    "--key-from", type=click.Path(), help="The folder of an export: a moved city keeps its signing key."
)
@configured
@spoken
def deploy(
    say: Say,
    slug: str | None,
    every: bool,
    parallel: int,
    even_tables: bool,
    key_from: str | None,
    **given: Any,
) -> None:
    """Open a city, or bring it to the version of this checkout. Said twice, it changes nothing."""
    where, slugs = _which(slug, every=every)
    if not slugs:
        say.end([], "No city is deployed here.", then="entraide deploy CITY")
        return
    cities = [cityfile.load(each) for each in slugs]
    given = options.checked(where, say, [slug] if slug else [], given)
    release = released(where, say)
    if key_from is not None:
        bring_key(where, slugs, key_from)
    bucket = ground.bucket(where, say)
    made: dict[str, Prepared] = {}
    stopped: dict[str, Stopped] = {}
    _each(
        {city.slug: city for city in cities},
        parallel,
        say,
        lambda city: made.update({city.slug: prepare(where, city, release, bucket, given, say)}),
        stopped,
    )
    try:
        _agree(say, where, list(made.values()), even_tables=even_tables)
    except BaseException:
        for prepared in made.values():
            drop(where, prepared.change)
        raise
    done: list[Outcome] = []
    _each(made, parallel, say, lambda each: done.append(carry_out(where, each, say)), stopped)
    _report(say, done, stopped, release)


def _which(slug: str | None, *, every: bool) -> tuple[Cloud, list[str]]:
    if every == bool(slug):
        raise click.UsageError("Name a city, or say --all.")
    if slug:
        cityfile.load(slug)
        return cloud_of(slug), [slug]
    here = cloud()
    return here, list(all_cities(here))


def _each(
    things: Mapping[str, Any],
    parallel: int,
    say: Say,
    act: Callable[[Any], None],
    stopped: dict[str, Stopped],
) -> None:
    """Do it to the thing of each city, so many at once; what stops one city stops no other."""
    with ThreadPoolExecutor(parallel) as pool:
        waiting = {pool.submit(act, thing): slug for slug, thing in things.items()}
        try:
            for done in as_completed(waiting):
                try:
                    done.result()
                except Stopped as why:
                    stopped[waiting[done]] = why
                except Exception as error:  # noqa: BLE001 — a fault in one city is told with the others
                    stopped[waiting[done]] = in_words(error, say.state)
        except BaseException:
            say.stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _agree(say: Say, where: Cloud, prepared: list[Prepared], *, even_tables: bool) -> None:
    """Show what will change and have it agreed to; what loses a table needs a word of its own."""
    changing = [each for each in prepared if each.differs]
    for each in changing:
        say.note(f"\n{_from_to(each)}, {counted(each.changes)}{_client(each)}")
        if (each.before is not None and each.changes) or any(change.loses for change in each.changes):
            say.show(shown(each.changes))
    tables = [change for each in changing for change in each.changes if change.loses_table]
    if tables and not even_tables:
        raise Stopped(
            f"A table would be replaced or destroyed: {', '.join(one.name for one in tables)}.",
            "Nothing was changed.",
            "entraide export CITY FOLDER, then the same command with --even-tables",
            Exit.REFUSED,
        )
    if changing:
        names = ", ".join(each.city.slug for each in changing)
        say.confirm(f"Deploy {names} to account {where.account}, {where.region}?", "Nothing was deployed.")


def _report(say: Say, done: list[Outcome], stopped: Mapping[str, Stopped], release: Release) -> None:
    """Say what became of each city; the worst that happened is the command's own end."""
    if len(done) + len(stopped) == 1 and stopped:
        raise next(iter(stopped.values()))
    table, words = columns("city", "release", "was", "changed", "client"), []
    for one in sorted(done, key=lambda each: each.city):
        changed, sent = str(one.changed or "nothing"), f"{one.client}, {one.sent or 'no'} files sent"
        table.add_row(one.city, one.release, one.was or "new", changed, sent)
        words.append(Text(f"{one.city} answers at {one.url}"))
    for slug, why in stopped.items():
        table.add_row(Text(slug, "red"), "", "", Text("stopped", "red"), "")
        words.append(Text(f"{slug}: {why.what}", "red"))
    told = {name: {"what": why.what, "state": why.state} for name, why in stopped.items()}
    data = {"done": [asdict(each) for each in done], "stopped": told}
    slug = done[0].city if len(done) == 1 else ""
    quiet = not stopped and not any(one.changed or one.sent for one in done)
    if quiet:
        words.append(Text(f"Nothing changed: {release.id} runs already and answers."))
    say.end(data, table, *words, then=f"entraide status {slug}".strip())
    if stopped:
        raise Stopped(
            f"{len(stopped)} of {len(stopped) + len(done)} cities are not on {release.id}.",
            "; ".join(f"{slug}: {why.state}" for slug, why in stopped.items()),
            "the same command again: the cities that are done stay as they are",
            max(why.code for why in stopped.values()),
        )


def _from_to(prepared: Prepared) -> str:
    return f"{prepared.city.slug}: {prepared.running or 'no city yet'} -> {prepared.release.id}"


def _client(prepared: Prepared) -> str:
    """Return what becomes of the client, nothing when it stays."""
    if prepared.shown == prepared.client.version:
        return ""
    return f", client {prepared.shown or 'none yet'} -> {prepared.client.version}"


def _data(prepared: Prepared) -> dict[str, Any]:
    return {
        "city": prepared.city.slug,
        "release": prepared.release.id,
        "running": prepared.running or None,
        "client": prepared.client.version,
        "client_shown": prepared.shown or None,
        "changes": [asdict(each) for each in prepared.changes],
    }
