"""`entraide dlq` and `entraide redrive`: what no function took, and handing it over again."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import click

from infra.ops import cityfile
from infra.ops.cloud import Cloud, cloud_of
from infra.ops.moving import deployed
from infra.ops.say import NOTHING_DONE, Say, spoken, table
from infra.ops.stops import Exit, Stopped
from infra.ops.watching import queue_url
from infra.stack import stack_name

HELD_S = 300
"""How long a letter that is being handed over is hidden from others."""
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
    where = _open(slug)
    found = list(_letters(where, slug, HELD_S))
    _release(where, slug, found)
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
    """Hand dead letters to their functions again; what is taken leaves the queue, the others stay."""
    where = _open(slug)
    say.confirm(f"Hand over the dead letters of {slug} again?", NOTHING_DONE)
    found = list(_letters(where, slug, HELD_S))
    chosen = [_named(found, letter, slug)] if letter else found
    say.state = "A letter leaves the queue only after its function took it: none is lost."
    taken, refused = [], {}
    for one in chosen:
        why = _hand_over(where, one)
        if why:
            refused[one.id] = why
            continue
        where.client("sqs").delete_message(QueueUrl=queue_url(where, slug), ReceiptHandle=one.receipt)
        taken.append(one.id)
    _release(where, slug, [one for one in found if one.id not in taken])
    lines = [f"{id_}: {why}" for id_, why in refused.items()]
    say.end({"taken": taken, "refused": refused}, f"{len(taken)} letters were taken.", *lines,
            then=f"entraide logs {slug} --errors" if refused else f"entraide status {slug}")  # fmt: skip
    if refused:
        raise Stopped(
            f"{len(refused)} letters were not taken.", "They are in the queue.", f"entraide dlq {slug}"
        )


def _hand_over(where: Cloud, letter: Letter) -> str:
    """Invoke the function with what was to be handed over; return why it failed, nothing when it did not."""
    if not letter.function:
        return "whose it was is not said in it"
    answer = where.invoking.invoke(FunctionName=letter.function, Payload=json.dumps(letter.event).encode())
    if "FunctionError" not in answer:
        return ""
    said = json.loads(answer["Payload"].read() or b"{}")
    return f"{letter.function} failed: {said.get('errorType', answer['FunctionError'])}"


def _letters(where: Cloud, slug: str, hidden_s: int) -> Iterator[Letter]:
    """Yield the letters that wait, each once."""
    client, url, seen = where.client("sqs"), queue_url(where, slug), set[str]()
    while url is not None and len(seen) < MOST:
        page = client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=hidden_s,
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


def _release(where: Cloud, slug: str, letters: list[Letter]) -> None:
    client, url = where.client("sqs"), queue_url(where, slug)
    for one in letters:
        client.change_message_visibility(QueueUrl=url, ReceiptHandle=one.receipt, VisibilityTimeout=0)


def _named(found: list[Letter], letter: str, slug: str) -> Letter:
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


def _open(slug: str) -> Cloud:
    cityfile.load(slug)
    where = cloud_of(slug)
    deployed(where, slug)
    return where
