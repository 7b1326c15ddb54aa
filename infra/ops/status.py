"""`entraide status`: how a city is, or all of them."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click
from rich.text import Text

from infra.ops import use
from infra.ops.bill import Bill
from infra.ops.cloud import Cloud, cloud
from infra.ops.say import Say, spoken, table
from infra.ops.smoke import public_address
from infra.ops.standing import Standing, all_cities, deployed, standing
from infra.ops.watching import Seen, seen, since
from infra.ops.web import version_shown
from infra.stack import stack_name

DRIFT_S = 180.0


@click.command("status")
@click.argument("slug", required=False)
@click.option("--drift", is_flag=True, help="Have CloudFormation compare the stack with what stands, first.")
@spoken
def status(say: Say, slug: str | None, drift: bool) -> None:
    """Say how a city is, or all. Version, drift, alarms, queues, schedules, mails, cost so far."""
    at = int(time.time())
    if slug is None:
        _all(say, at)
        return
    where, now = deployed(slug)
    if drift:
        now = _compared(where, now, say)
    with say.progress("Reading what the log says since the watch last looked"):
        found = since(where, slug, seen(where, slug, at), at)
    bill = use.so_far(where, slug, now, at)
    shown = table("", "")
    client = version_shown(where, now)
    for name, value, style in _rows(where, now, found, bill, client, at):
        shown.add_row(name, Text(value, style))
    data = {**_data(slug, now, found, bill), "client": client or None}
    say.end(data, f"[bold]{slug}[/bold]", shown, then=_then(slug, now, found))


def _all(say: Say, at: int) -> None:
    where = cloud()
    shown = table("city", "state", "release", "dead letters", "faults", "mails, 24 h")
    data: list[Mapping[str, Any]] = []
    for slug, now in all_cities(where).items():
        if not now.stands:
            shown.add_row(slug, Text(now.status, "red"), "", "", "", "")
            data.append({"city": slug, "state": now.status})
            continue
        found = seen(where, slug, at)
        faults = [*found.faults, *found.alarms]
        shown.add_row(
            slug,
            Text("closed", "red") if found.closed else now.status,
            now.outputs.get("Release", ""),
            Text(str(found.dead_letters), "red" if found.dead_letters else ""),
            Text(", ".join(faults) or "none", "red" if faults else ""),
            str(found.mails.get("sent", 0)),
        )
        data.append(_data(slug, now, found, None))
    words = "" if data else f"No city is deployed in account {where.account}, {where.region}."
    say.end(
        data,
        *([words] if words else [shown]),
        then="entraide status CITY" if data else "entraide deploy CITY",
    )


def _rows(
    where: Cloud, now: Standing, found: Seen, bill: Bill | None, client: str, at: int
) -> list[tuple[str, str, str]]:
    faults = [*found.faults, *found.alarms]
    rows = [
        (
            "state",
            f"closed ({now.status})" if found.closed else now.status,
            "" if now.stands and not found.closed else "red",
        ),
        ("release", now.outputs.get("Release", "unknown"), ""),
        ("answers at", public_address(now), ""),
        ("client", client or "none", "" if client else "red"),
        ("account", f"{where.account}, {where.region}", ""),
        ("drift", _drift(now), "red" if now.drift == "DRIFTED" else ""),
        ("faults", ", ".join(faults) or "none", "red" if faults else "green"),
        ("watch", f"last look: {_ago(found.looked_at, at)}; {found.alarms_kept} alarms beside it", ""),
        ("dead letters", str(found.dead_letters), "red" if found.dead_letters else ""),
        ("mails, 24 h", _mails(found), ""),
        (
            "cost, this month",
            "unknown: nothing was measured here"
            if bill is None
            else f"{bill.usd:.2f} USD so far, estimated from what was used",
            "",
        ),
    ]
    for name, ran in found.schedules.items():
        words = f"every {_span(ran.every)}, last run: {_ago(ran.at, at)}"
        rows.append((f"  {name}", words, "red" if ran.late(at) else ""))
    for name, until in sorted(found.jobs.items()):
        rows.append((f"  job {name}", f"nothing left undone until {_ago(until, at)}; noted once an hour", ""))
    return rows


def _drift(now: Standing) -> str:
    return "not checked: --drift does" if now.drift == "NOT_CHECKED" else now.drift.lower().replace("_", " ")


def _mails(found: Seen) -> str:
    kinds = ("sent", "bounced", "complained")
    return ", ".join(f"{found.mails.get(kind, 0)} {kind}" for kind in kinds)


def _then(slug: str, now: Standing, found: Seen) -> str:
    if found.closed or not now.stands:
        return f"entraide deploy {slug}, which opens it again"
    if found.dead_letters:
        return f"entraide dlq {slug}"
    if found.faults or found.alarms:
        return f"entraide logs {slug} --errors"
    return f"entraide outbox list {slug} --state parked"


def _compared(where: Cloud, now: Standing, say: Say) -> Standing:
    """Have the drift found anew, and return the stack with it."""
    client = where.client("cloudformation")
    asked = client.detect_stack_drift(StackName=now.id)["StackDriftDetectionId"]
    late = time.monotonic() + DRIFT_S
    with say.progress("Comparing the stack with what stands"):
        while time.monotonic() < late:
            found = client.describe_stack_drift_detection_status(StackDriftDetectionId=asked)
            if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                break
            if say.stopping.wait(2.0):
                raise KeyboardInterrupt
    return standing(where, stack_name(now.tags["city"])) or now


def _data(slug: str, now: Standing, found: Seen, bill: Bill | None) -> Mapping[str, Any]:
    return {
        "city": slug,
        "state": now.status,
        "release": now.outputs.get("Release"),
        "url": now.outputs.get("EndpointURL"),
        "address": public_address(now),
        "drift": now.drift,
        **asdict(found),
        "cost_usd_this_month": None if bill is None else round(bill.usd, 4),
    }


def _span(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds >= 3600 else f"{max(1, seconds // 60)} min"  # noqa: PLR2004


def _ago(at: int | None, now: int) -> str:
    if at is None:
        return "none yet"
    gone = max(0, now - at)
    for size, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if gone >= 2 * size:
            return f"{gone // size} {name} ago"
    return f"{gone} s ago"
