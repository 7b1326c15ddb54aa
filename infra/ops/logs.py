"""`entraide logs`: what the city's functions said, once or as they say it."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import Any

import click
from botocore.exceptions import ClientError

from chalicelib.watching.cloudwatch import BROKEN, ERRORS, function_of
from infra.ops.cloud import Cloud
from infra.ops.say import NOTHING_DONE, Say, spoken
from infra.ops.standing import deployed
from infra.ops.stops import Exit, Stopped
from infra.ops.trouble import code_of
from infra.stack import log_groups

LOOK_S = 2.0
OVERLAP_MS = 10_000
"""An event may show a little after its time: so much is read again."""
_SPAN = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
WRONG = (*sorted(ERRORS), "Traceback", *(f'"status":"{how}"' for how in sorted(BROKEN)))
"""What a line has that tells of something that went wrong; the last is Lambda's own word, as of a timeout."""
_FILTER = " ".join(f"?{json.dumps(said)}" for said in WRONG)
_RUNTIME = re.compile(r"(START|END|REPORT|INIT_START) ")


@click.command("logs")
@click.argument("slug")
@click.option("--since", default="1h", show_default=True, help="How far back: 90s, 30m, 6h, 2d.")
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--errors", is_flag=True, help="Only what went wrong.")
@click.option("--access", is_flag=True, help="The gateway's own log instead.")
@spoken
def logs(say: Say, slug: str, since: str, follow: bool, errors: bool, access: bool) -> None:
    """Show what the city's functions logged. With --json, one JSON document a line."""
    where, _ = deployed(slug)
    start = int((time.time() - _seconds(since)) * 1000)
    group = log_groups(slug)[1 if access else 0]
    count = 0
    with suppress(KeyboardInterrupt) if follow else nullcontext():  # it is how following ends
        for event in _unseen(where, group, start, errors=errors, follow=follow):
            count += 1
            _print(say, event)
    if not say.as_json:
        say.note(f"\n{count} lines since {since} ago.")
        say.note(
            f"Next: entraide logs {slug} --follow" if count else f"Next: entraide status {slug}", style="cyan"
        )


def _unseen(where: Cloud, group: str, start: int, *, errors: bool, follow: bool) -> Iterator[dict[str, Any]]:
    """Yield each event since then once, but for those of the runtime; go on with new ones as they come."""
    seen = set[str]()
    while True:
        for event in _events(where, group, start, errors=errors):
            name = event.get("eventId") or f"{event['logStreamName']} {event['timestamp']} {event['message']}"
            if name not in seen and not _RUNTIME.match(event["message"]):
                seen.add(name)
                yield event
            start = max(start, event["timestamp"] - OVERLAP_MS)
        if not follow:
            return
        time.sleep(LOOK_S)


def _events(where: Cloud, group: str, start: int, *, errors: bool) -> Iterator[dict[str, Any]]:
    client = where.client("logs")
    asked = {"logGroupName": group, "startTime": start}
    if errors and not where.emulator:  # which reads patterns in another way
        asked["filterPattern"] = _FILTER
    try:
        for page in client.get_paginator("filter_log_events").paginate(**asked):
            for event in page["events"]:
                if not errors or any(said in event["message"] for said in WRONG):
                    yield event
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise


def _print(say: Say, event: dict[str, Any]) -> None:
    message = event["message"].rstrip()
    try:
        said = json.loads(message)
    except ValueError:
        said = {"message": message}
    if not isinstance(said, dict):
        said = {"message": message}
    if "record" in said:  # a line of Lambda itself, which says only by its stream of which function
        said = {"function": function_of(event["logStreamName"]), **said}
    if say.as_json:
        print(json.dumps({"at": event["timestamp"], **said}, ensure_ascii=False), flush=True)
        return
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(event["timestamp"] / 1000))
    level = str(said.pop("level", ""))
    words = str(said.pop("message", ""))
    rest = " ".join(f"{name}={value}" for name, value in said.items() if name not in _KNOWN)
    style = "red" if level in {"ERROR", "CRITICAL"} else ""
    say.out.print(f"{at}Z {level:<5} {words} {rest}".rstrip(), style=style or None, markup=False)


_KNOWN = {"timestamp", "service", "location", "xray_trace_id"}


def _seconds(since: str) -> int:
    found = re.fullmatch(r"(\d{1,6})([smhd])", since)
    if found is None:
        raise Stopped(
            f"{since} is no span of time.", NOTHING_DONE, "the same command with --since 6h", Exit.USAGE
        )
    return int(found[1]) * _SPAN[found[2]]
