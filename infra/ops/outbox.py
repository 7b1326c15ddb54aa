"""`entraide outbox`: the mails the city owes, without who they are to or what they say."""

import time
from collections.abc import Iterator
from typing import Any

import click

from chalicelib.errors import Conflict
from chalicelib.notices.dynamodb import DynamoOutbox
from chalicelib.notices.model import Notice, State
from chalicelib.storage.codec import decode
from chalicelib.storage.tables import Tables, connect
from infra.ops.cloud import Cloud
from infra.ops.say import NOTHING_DONE, Say, spoken, table
from infra.ops.standing import deployed
from infra.ops.stops import Exit, Stopped
from infra.stack import stack_name

STATES: tuple[State, ...] = ("waiting", "claimed", "unsure", "parked", "sent", "carried", "dropped")
SHOWN = ("state", "template", "attempts", "made_at", "due_at", "version", "provider_id")
"""What an operator sees of a notice: nothing that says who gets it or about what."""
MOST = 200


@click.group("outbox")
def group() -> None:
    """The mails the city owes: list, show, send again what is parked."""


@group.command("list")
@click.argument("slug")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Only these.")
@spoken
def list_notices(say: Say, slug: str, state: tuple[State, ...]) -> None:
    """Count the notices by state, and list the oldest of those asked for."""
    where, _ = deployed(slug)
    found = list(_notices(where, slug))
    counts = {each: sum(one["state"] == each for one in found) for each in STATES}
    wanted = sorted((one for one in found if one["state"] in (state or STATES[:4])), key=_made)
    shown = table("notice", "state", "mail", "tries", "made", "looked at next")
    for one in wanted[:MOST]:
        shown.add_row(
            one["id"],
            one["state"],
            one["template"],
            str(one["attempts"]),
            _utc(one["made_at"]),
            _utc(one["due_at"]),
        )
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    more = [f"{len(wanted) - MOST} more are not shown."] if len(wanted) > MOST else []
    then = f"entraide outbox resend {slug} --all" if counts["parked"] else f"entraide status {slug}"
    say.end(
        {"counts": counts, "notices": wanted[:MOST]}, *([shown] if wanted else []), words, *more, then=then
    )


@group.command("show")
@click.argument("slug")
@click.argument("notice")
@spoken
def show_notice(say: Say, slug: str, notice: str) -> None:
    """Show one notice."""
    where, _ = deployed(slug)
    found = where.client("dynamodb").get_item(
        TableName=f"{stack_name(slug)}-notices", Key={"pk": {"S": notice}}, ConsistentRead=True
    )
    if "Item" not in found:
        raise _unknown(slug, notice)
    one = _told(found["Item"])
    shown = table("", "")
    for name, value in one.items():
        shown.add_row(name.replace("_", " "), _utc(value) if name.endswith("_at") else str(value))
    parked = one["state"] == "parked"
    say.end(
        one,
        shown,
        then=f"entraide outbox resend {slug} {notice}" if parked else f"entraide outbox list {slug}",
    )


@group.command("resend")
@click.argument("slug")
@click.argument("notices", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every parked notice.")
@spoken
def resend(say: Say, slug: str, notices: tuple[str, ...], every: bool) -> None:
    """Let parked notices be sent again, as if they were new; the schedule sends them within a minute."""
    if every == bool(notices):
        raise click.UsageError("Name notices, or say --all.")
    where, _ = deployed(slug)
    wanted = notices or tuple(one["id"] for one in _notices(where, slug) if one["state"] == "parked")
    if not wanted:
        say.end({"again": [], "passed": []}, "No notice is parked.", then=f"entraide status {slug}")
        return
    say.confirm(f"Send {len(wanted)} notices of {slug} again?", NOTHING_DONE)
    outbox, again, passed = _outbox(where, slug), [], []
    for known in [_known(outbox, slug, notice) for notice in wanted]:  # all, before any is changed
        try:
            outbox.save(known.again(int(time.time())))
            again.append(known.id)
        except Conflict:  # it is not parked, or another command was first
            passed.append(known.id)
    words = f" {len(passed)} were not parked and stay as they are." if passed else ""
    say.end({"again": again, "passed": passed}, f"{len(again)} notices wait to be sent.{words}",
            then=f"entraide outbox list {slug}")  # fmt: skip


def _notices(where: Cloud, slug: str) -> Iterator[dict[str, Any]]:
    """Yield what is shown of every notice; nothing else of them leaves the table."""
    names = {f"#{name}": name for name in ("pk", *SHOWN)}
    pages = (
        where.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=f"{stack_name(slug)}-notices",
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames=names,
        )
    )
    for page in pages:
        yield from map(_told, page["Items"])


def _told(item: dict[str, Any]) -> dict[str, Any]:
    plain = decode({name: value for name, value in item.items() if name in SHOWN})
    return {"id": item["pk"]["S"], **plain}


def _outbox(where: Cloud, slug: str) -> DynamoOutbox:
    return DynamoOutbox(
        Tables(connect(where.region), slug, lambda: time.time_ns() // 1_000_000, lambda _: time.sleep(0.1))
    )


def _known(outbox: DynamoOutbox, slug: str, notice: str) -> Notice:
    known = outbox.get(notice)
    if known is None:
        raise _unknown(slug, notice)
    return known


def _unknown(slug: str, notice: str) -> Stopped:
    return Stopped(
        f"{slug} has no notice {notice}.", NOTHING_DONE, f"entraide outbox list {slug}", Exit.USAGE
    )


def _made(one: dict[str, Any]) -> int:
    return int(one["made_at"])


def _utc(at: Any) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(int(at))) + "Z"
