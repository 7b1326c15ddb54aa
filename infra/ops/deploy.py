"""`entraide plan` and `entraide deploy`: what would change, and changing it."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from typing import Any

import click

from infra.ops import cityfile, ground
from infra.ops.artefact import Release, released
from infra.ops.changes import Change, counted, drop, shown
from infra.ops.cloud import Cloud, cloud, cloud_of
from infra.ops.mending import must_be_steady
from infra.ops.rollout import Outcome, Prepared, carry_out, prepare
from infra.ops.say import Say, spoken
from infra.ops.say import table as columns
from infra.ops.standing import all_cities, standing
from infra.ops.stops import Exit, Stopped
from infra.ops.trouble import in_words
from infra.stack import stack_name

_OPTIONS = (
    click.option("--ops", help="The address that hears what is wrong; asked the first time."),
    click.option("--base-url", help="The https address residents reach the city at, if not the API's own."),
    click.option("--sender-identity", help="The SES identity of the sender, if not its domain."),
    click.option(
        "--owns-sender/--shared-sender", default=None, help="Whether the stack makes the sender's identity."
    ),
    click.option(
        "--monthly-budget", type=click.IntRange(0), help="In USD; past it the ops address hears. 0: none."
    ),
    click.option(
        "--full-watch/--spare-watch", default=None, help="With alarms, at 0.10 USD a month each, or without."
    ),
    click.option(
        "--front/--no-front",
        default=None,
        help="With CloudFront, which serves client and API under one name, or the API alone.",
    ),
    click.option("--host", help="A name of the city's own for CloudFront, instead of the one it gives."),
    click.option("--certificate", help="The ARN of that name's certificate in us-east-1."),
)


def _configured(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("plan")
@click.argument("slug")
@_configured
@spoken
def plan(say: Say, slug: str, **given: Any) -> None:
    """Show what a deployment would add, change, replace or destroy, and do none of it."""
    city = cityfile.load(slug)
    where = cloud_of(slug)
    must_be_steady(where, stack_name(slug), slug)
    if standing(where, stack_name(slug)) is None:
        given["ops"] = given["ops"] or city.sender.address  # asked when it is deployed
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
@_configured
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
    """Open a city, or bring it to the version of this checkout; said twice, it changes nothing."""
    where, slugs = _which(slug, every=every)
    if not slugs:
        say.end([], "No city is deployed here.", then="entraide deploy CITY")
        return
    cities = [cityfile.load(each) for each in slugs]
    release = released(where, say)
    _bring_key(where, slugs, key_from)
    bucket = ground.bucket(where, say)
    made: dict[str, Prepared] = {}
    stopped: dict[str, Stopped] = {}
    _each(
        cities,
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
    _each(list(made.values()), parallel, say, lambda each: done.append(carry_out(where, each, say)), stopped)
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
    things: list[Any], parallel: int, say: Say, act: Callable[[Any], None], stopped: dict[str, Stopped]
) -> None:
    """Do it to each, so many at once; what stops one city stops no other."""
    with ThreadPoolExecutor(parallel) as pool:
        waiting = {
            pool.submit(act, thing): getattr(thing, "slug", None) or thing.city.slug for thing in things
        }
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
        lost = [change for change in each.changes if change.loses]
        if (each.before is not None and each.changes) or lost:
            say.show(shown(each.changes))
    tables = [change for each in changing for change in each.changes if _loses_table(change)]
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


def _loses_table(change: Change) -> bool:
    return change.loses and change.type == "AWS::DynamoDB::Table"


def _bring_key(where: Cloud, slugs: list[str], folder: str | None) -> None:
    if folder is not None:
        from infra.ops.folder import bring_key  # noqa: PLC0415

        bring_key(where, slugs, folder)


def _report(say: Say, done: list[Outcome], stopped: Mapping[str, Stopped], release: Release) -> None:
    """Say what became of each city; the worst that happened is the command's own end."""
    if len(done) + len(stopped) == 1 and stopped:
        raise next(iter(stopped.values()))
    table = columns("city", "release", "was", "changed", "client", "answers at")
    for one in sorted(done, key=lambda each: each.city):
        changed, sent = str(one.changed or "nothing"), f"{one.client}, {one.sent or 'no'} files sent"
        table.add_row(one.city, one.release, one.was or "new", changed, sent, one.url)
    for slug, why in stopped.items():
        table.add_row(f"[red]{slug}[/red]", "", "", "[red]stopped[/red]", "", why.what)
    told = {name: {"what": why.what, "state": why.state} for name, why in stopped.items()}
    data = {"done": [asdict(each) for each in done], "stopped": told}
    slug = done[0].city if len(done) == 1 else ""
    quiet = not stopped and not any(one.changed or one.sent for one in done)
    words = [f"Nothing changed: {release.id} runs already and answers."] if quiet else []
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
