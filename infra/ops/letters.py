"""`entraide dlq` and `entraide redrive`: what no function took, and handing it over again."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

import click
from botocore.exceptions import ClientError

from infra.ops.cloud import LONGEST_S, Cloud
from infra.ops.say import NOTHING_DONE, Say, spoken, table
from infra.ops.standing import deployed
from infra.ops.stops import Exit, Stopped
from infra.ops.watching import queue_url
from infra.stack import stack_name

HELD_S = 300
"""How long a letter that is looked at is hidden from others; one that is handed over, so much longer."""
MOST = 100
_ADDRESS = re.compile(r"[^\s\"'<>@]+@[^\s\"'<>@]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: whose it was, why it is dead, and what was to be handed over."""

    id: str
    function: str
    reason: str
    sent_at: int
    event: Any
    receipt: str

    @property
    def shown(self) -> dict[str, Any]:
        """Return what an operator may see: addresses in mail events are masked."""
        said = {name: value for name, value in asdict(self).items() if name != "receipt"}
        return said | {"event": json.loads(_ADDRESS.sub("***@***", json.dumps(self.event)))}


@click.command("dlq")
@click.argument("slug")
@click.argument("letter", required=False)
@spoken
def dlq(say: Say, slug: str, letter: str | None) -> None:
    """List the dead letters of a city, or show one."""
    where, _ = deployed(slug)
    with _held(where, slug) as found:
        pass
    if letter is not None:
        one = _named(found, letter, slug)
        say.end(
            one.shown,
            json.dumps(one.shown, indent=2, ensure_ascii=False),
            then=f"entraide redrive {slug} {letter}",
        )
        return
    shown = table("letter", "function", "why", "what")
    for one in found:
        shown.add_row(one.id, one.function or "unknown", one.reason, _kind(one.event))
    words = [] if found else ["No dead letter waits."]
    then = f"entraide redrive {slug}, when the cause is mended" if found else f"entraide status {slug}"
    say.end([one.shown for one in found], *([shown] if found else words), then=then)


@click.command("redrive")
@click.argument("slug")
@click.argument("letter", required=False)
@spoken
def redrive(say: Say, slug: str, letter: str | None) -> None:
    """Hand dead letters to their functions again. What is taken leaves the queue, the others stay."""
    where, _ = deployed(slug)
    say.confirm(f"Hand over the dead letters of {slug} again?", NOTHING_DONE)
    say.state = "A letter leaves the queue only after its function took it: none is lost."
    taken, refused = [], {}
    with _held(where, slug) as found, say.progress("Handing over", len(found)) as step:
        for number, one in enumerate([_named(found, letter, slug)] if letter else tuple(found)):
            step.at(number, count=f"{number} of {len(found)}  {one.function}")
            why = _hand_over(where, slug, one)
            if why:
                refused[one.id] = why
            else:
                found.remove(one)
                taken.append(one.id)
    lines = [f"{id_}: {why}" for id_, why in refused.items()]
    then = "" if refused else f"entraide status {slug}"
    say.end({"taken": taken, "refused": refused}, f"{len(taken)} letters were taken.", *lines, then=then)
    if refused:
        raise Stopped(
            f"{len(refused)} letters were not taken.",
            "They are in the queue.",
            f"entraide logs {slug} --errors",
        )


def _hand_over(where: Cloud, slug: str, letter: Letter) -> str:
    """Have its function take a letter, which then leaves the queue; return why not, nothing when it did."""
    if not letter.function:
        return "whose it was is not said in it"
    client, one = where.client("sqs"), {"QueueUrl": queue_url(where, slug), "ReceiptHandle": letter.receipt}
    client.change_message_visibility(**one, VisibilityTimeout=LONGEST_S + HELD_S)
    answer = where.invoking.invoke(FunctionName=letter.function, Payload=json.dumps(letter.event).encode())
    if "FunctionError" in answer:
        said = json.loads(answer["Payload"].read() or b"{}")
        return f"{letter.function} failed: {said.get('errorType', answer['FunctionError'])}"
    client.delete_message(**one)
    return ""


@contextmanager
def _held(where: Cloud, slug: str) -> Iterator[list[Letter]]:
    """Hide the letters that wait from others; those that are in the list at the end show again at once."""
    client, url, found = where.client("sqs"), queue_url(where, slug), list[Letter]()
    try:
        found.extend(_letters(client, url, slug))
        yield found
    finally:
        for one in found:
            with suppress(ClientError):  # it shows by itself before long
                client.change_message_visibility(QueueUrl=url, ReceiptHandle=one.receipt, VisibilityTimeout=0)


def _letters(client: Any, url: str | None, slug: str) -> Iterator[Letter]:
    """Yield the letters that wait, each once."""
    seen = set[str]()
    while url is not None and len(seen) < MOST:
        page = client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HELD_S,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        new = [message for message in page if message["MessageId"] not in seen]
        if not new:
            return
        for message in new:
            seen.add(message["MessageId"])
            yield _letter(message, slug)


def _letter(message: Mapping[str, Any], slug: str) -> Letter:
    """Read what Lambda or EventBridge parked: each says in its own way whose it was and why."""
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = message["Body"]
    said = {name: each.get("StringValue", "") for name, each in message.get("MessageAttributes", {}).items()}
    arn, reason, event = (
        said.get("TARGET_ARN", ""),
        said.get("ERROR_MESSAGE") or said.get("ErrorMessage", ""),
        body,
    )
    if isinstance(body, dict) and "requestContext" in body and "requestPayload" in body:
        context = body["requestContext"]
        arn, event = context.get("functionArn", ""), body["requestPayload"]
        failed = body.get("responsePayload") or {}
        reason = f"{context.get('condition', '')} {failed.get('errorType', '')}".strip()
    function = arn.partition(":function:")[2].partition(":")[0]
    ours = function if function.startswith(f"{stack_name(slug)}-") else ""
    sent = int(message.get("Attributes", {}).get("SentTimestamp", 0)) // 1000
    return Letter(message["MessageId"], ours, reason, sent, event, message["ReceiptHandle"])


def _named(found: Sequence[Letter], letter: str, slug: str) -> Letter:
    for one in found:
        if one.id == letter:
            return one
    raise Stopped(
        f"{slug} has no dead letter {letter} that waits.",
        NOTHING_DONE, f"entraide dlq {slug}", Exit.USAGE,
    )  # fmt: skip


def _kind(event: Any) -> str:
    return (
        str(event.get("detail-type") or event.get("source") or "an event")
        if isinstance(event, dict)
        else "no event"
    )
