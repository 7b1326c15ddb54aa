"""How a stack stands at CloudFormation, and waiting until it has settled."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.ops import cityfile
from infra.ops.cloud import Cloud, cloud_of
from infra.ops.say import NOTHING_DONE, Say, Step
from infra.ops.stops import Exit, Stopped
from infra.ops.trouble import code_of, message_of
from infra.stack import stack_name

LOOK_S = 3.0
LOOK_AT_EMULATOR_S = 0.1
BEGIN_S = 20.0
"""After which something that was begun has surely shown."""
FEW = 3
"""Names in one line, where there is no bar to show them one after another."""
NEVER_OPENED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"}
"""States of a stack whose creation never came to its end: nobody can have used the city."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A stack as it stands."""

    id: str
    name: str
    status: str
    reason: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    drift: str

    @property
    def moving(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def stands(self) -> bool:
        """Whether it is whole and can be updated."""
        return self.status in {
            "CREATE_COMPLETE",
            "UPDATE_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE",
            "IMPORT_COMPLETE",
            "UPDATE_FAILED",
        }


def standing(where: Cloud, name: str) -> Standing | None:
    """Return how the stack of that name or id stands; None when there is none."""
    try:
        found = where.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if code_of(error) == "ValidationError" and "does not exist" in message_of(error):
            return None
        raise
    return _standing(found[0])


def deployed(slug: str) -> tuple[Cloud, Standing]:
    """Return where the city is and how its stack stands; Stopped when there is no such city, or no stack."""
    cityfile.load(slug)
    where = cloud_of(slug)
    now = standing(where, stack_name(slug))
    if now is None or now.status == "REVIEW_IN_PROGRESS":
        raise Stopped(
            f"{slug} is not deployed in account {where.account}, {where.region}.",
            NOTHING_DONE,
            f"entraide deploy {slug}",
            Exit.REFUSED,
        )
    return where, now


def all_cities(where: Cloud) -> dict[str, Standing]:
    """Return the stacks of the account's cities by slug."""
    pages = where.client("cloudformation").get_paginator("describe_stacks").paginate()
    found = [_standing(each) for page in pages for each in page["Stacks"]]
    ours = [each for each in found if each.tags.get("application") == "entraide" and "city" in each.tags]
    return {each.tags["city"]: each for each in sorted(ours, key=lambda one: one.name)}


def resources(where: Cloud, name: str) -> dict[str, list[str]]:
    """Return the physical ids of a stack's resources by their type."""
    found: dict[str, list[str]] = {}
    pages = where.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
    for page in pages:
        for each in page["StackResourceSummaries"]:
            if each.get("PhysicalResourceId"):
                found.setdefault(each["ResourceType"], []).append(each["PhysicalResourceId"])
    return found


def settled(
    where: Cloud, stack: str, say: Say, what: str, *, since: frozenset[str], total: int
) -> Standing | None:
    """Wait until what was begun has ended, showing the stack's events; None when the stack is gone.

    `stack` is its id, which stays true when it is removed; `since` are the events of before. A stack that
    says nothing new for a while and does not move is taken as it is.
    """
    seen, done, ended = set(since), set[str](), False
    late = time.monotonic() + BEGIN_S
    pause = LOOK_AT_EMULATOR_S if where.emulator else LOOK_S
    with say.progress(what, total) as step:
        while True:
            now = standing(where, stack)
            new = _new_events(where, stack, seen)
            _tell(new, step, done, total)
            ended = ended or any(_ends(event, stack) for event in new)
            if now is None or now.status == "DELETE_COMPLETE":
                return None
            if not now.moving and (ended or time.monotonic() > late):
                return now
            if say.stopping.wait(pause):
                raise KeyboardInterrupt


def _ends(event: Mapping[str, Any], stack: str) -> bool:
    """Tell whether it is the stack itself that came to rest; events of one instant come in any order."""
    return event["PhysicalResourceId"] == stack and not event["ResourceStatus"].endswith("_IN_PROGRESS")


def events_so_far(where: Cloud, stack: str) -> frozenset[str]:
    return frozenset(event["EventId"] for event in _events(where, stack))


def failures(where: Cloud, stack: str, since: frozenset[str]) -> list[str]:
    """Return what failed since then and why, the first first, without what was given up for it."""
    said = []
    for event in _new_events(where, stack, set(since)):
        reason = event.get("ResourceStatusReason", "")
        if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason.lower():
            said.append(f"{event['LogicalResourceId']}: {reason or event['ResourceStatus']}")
    return said


def _standing(found: Mapping[str, Any]) -> Standing:
    return Standing(
        found["StackId"],
        found["StackName"],
        found["StackStatus"],
        found.get("StackStatusReason", ""),
        {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())},
        {each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", ())},
        {each["Key"]: each["Value"] for each in found.get("Tags", ())},
        found.get("DriftInformation", {}).get("StackDriftStatus", "NOT_CHECKED"),
    )


def _events(where: Cloud, stack: str) -> Iterator[Mapping[str, Any]]:
    """Yield the events of a stack, the newest first."""
    pages = where.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    try:
        for page in pages:
            yield from page["StackEvents"]
    except ClientError as error:
        if code_of(error) != "ValidationError":
            raise


def _new_events(where: Cloud, stack: str, seen: set[str]) -> list[Mapping[str, Any]]:
    """Return the events that were not seen, the oldest first, and note them as seen."""
    new = []
    for event in _events(where, stack):
        if event["EventId"] in seen:
            break
        new.append(event)
    seen.update(event["EventId"] for event in new)
    return new[::-1]


def _tell(events: Sequence[Mapping[str, Any]], step: Step, done: set[str], total: int) -> None:
    """Show the events of one look: a line each for what fails, one for all that came to an end."""
    ended: dict[str, list[str]] = {}
    for event in events:
        status, what = event["ResourceStatus"], event["LogicalResourceId"]
        if status.endswith("_FAILED"):
            step.note(f"  {what} {status}: {event.get('ResourceStatusReason', '')}", style="red")
        elif status.endswith("_COMPLETE") and what != event["StackName"]:
            done.add(what)
            ended.setdefault(status.lower().replace("_", " "), []).append(what)
    for status, names in ended.items():
        step.at(len(done), max(total, len(done)), f"{len(done)} of {max(total, len(done))}  {names[-1]}")
        if not step.live:
            few = ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")
            step.note(f"  {time.strftime('%H:%M:%S')}  {status}: {few}")
