"""A change set: what CloudFormation would do to a stack, asked before it does it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError
from rich.table import Table
from rich.text import Text

from infra.ops.cloud import Cloud
from infra.ops.say import NOTHING_DONE, Say
from infra.ops.say import table as columns
from infra.ops.standing import LOOK_AT_EMULATOR_S, LOOK_S
from infra.ops.stops import Stopped
from infra.ops.trouble import code_of

PREFIX = "entraide-"
Kind = Literal["added", "changed", "replaced", "perhaps replaced", "destroyed"]
STYLES: Mapping[Kind, str] = {
    "added": "green",
    "changed": "yellow",
    "perhaps replaced": "yellow",
    "replaced": "bold red",
    "destroyed": "bold red",
}
_NO_CHANGE = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one resource."""

    kind: Kind
    name: str
    type: str

    @property
    def loses(self) -> bool:
        return self.kind in {"replaced", "destroyed"}

    @property
    def loses_table(self) -> bool:
        return self.loses and self.type == "AWS::DynamoDB::Table"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that waits to be executed; without changes there is nothing to execute."""

    id: str
    name: str
    stack: str
    """The id of the stack."""
    creates: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a stack is to be: where its template is, its parameters and tags."""

    template: Mapping[str, str]
    """TemplateURL or TemplateBody."""
    parameters: Mapping[str, str]
    tags: Mapping[str, str]


def change_set(where: Cloud, name: str, asked: Asked, *, label: str, creates: bool, say: Say) -> ChangeSet:
    """Return the change set of that label, made anew; other change sets of ours are removed."""
    client = where.client("cloudformation")
    if not creates:
        _clear(client, name)
    made = client.create_change_set(
        StackName=name,
        ChangeSetName=f"{PREFIX}{label}",
        ChangeSetType="CREATE" if creates else "UPDATE",
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in asked.parameters.items()
        ],
        Tags=[{"Key": key, "Value": value} for key, value in asked.tags.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        **asked.template,
    )
    described = _described(client, made["Id"], where, say)
    return ChangeSet(made["Id"], name, made["StackId"], creates, _changes(described))


def drop(where: Cloud, change: ChangeSet) -> None:
    """Remove a change set that will not be executed, and the empty stack that was made for it."""
    client = where.client("cloudformation")
    _remove(client, change.id)
    if change.creates:
        client.delete_stack(StackName=change.name)


def shown(changes: Sequence[Change]) -> Table:
    """Return the changes as a table, what is lost first and in red; of a new city, how many of each type."""
    if all(each.kind == "added" for each in changes):
        return _by_type(changes)
    table = columns("", "resource", "type")
    order = list(STYLES)[::-1]
    for each in sorted(changes, key=lambda one: (order.index(one.kind), one.name)):
        table.add_row(
            Text(each.kind, STYLES[each.kind]), each.name, each.type, style="red" if each.loses else None
        )
    return table


def _by_type(changes: Sequence[Change]) -> Table:
    table = columns("", "how many", "type")
    for kind, many in sorted(Counter(each.type for each in changes).items()):
        table.add_row(Text("added", STYLES["added"]), str(many), kind)
    return table


def explained(changes: Sequence[Change]) -> list[str]:
    """Return what has to be said of changes that are not what they seem."""
    said = "Perhaps replaced: known only when it is done. An emulator says so of whatever changes."
    return [said] if any(each.kind == "perhaps replaced" for each in changes) else []


def counted(changes: Sequence[Change]) -> str:
    kinds = [each.kind for each in changes]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in STYLES if kind in kinds) or "nothing"


def _clear(client: Any, name: str) -> None:
    """Remove what an interrupted command left, which would be in the way by its name."""
    for page in client.get_paginator("list_change_sets").paginate(StackName=name):
        for each in page["Summaries"]:
            if each["ChangeSetName"].startswith(PREFIX) and each["ExecutionStatus"] != "EXECUTE_IN_PROGRESS":
                _remove(client, each["ChangeSetId"])


def _remove(client: Any, change_id: str) -> None:
    """Remove a change set unless it is being executed; the emulator answers with less than botocore reads."""
    with suppress(KeyError):
        try:
            client.delete_change_set(ChangeSetName=change_id)
        except ClientError as error:
            if code_of(error) != "InvalidChangeSetStatus":
                raise


def _described(client: Any, change_id: str, where: Cloud, say: Say) -> list[Mapping[str, Any]]:
    """Wait until the change set is known, and return its changes, all pages of them."""
    while True:
        page = client.describe_change_set(ChangeSetName=change_id)
        if page["Status"] == "FAILED":
            if any(said in page.get("StatusReason", "") for said in _NO_CHANGE):
                return []
            raise Stopped(
                f"CloudFormation cannot work out the changes: {page.get('StatusReason', '')}",
                NOTHING_DONE,
                "the same command, when the cause is mended",
            )
        if page["Status"] == "CREATE_COMPLETE":
            break
        if say.stopping.wait(LOOK_AT_EMULATOR_S if where.emulator else LOOK_S):
            raise KeyboardInterrupt
    found: list[Mapping[str, Any]] = list(page["Changes"])
    while "NextToken" in page:
        page = client.describe_change_set(ChangeSetName=change_id, NextToken=page["NextToken"])
        found += page["Changes"]
    return found


def _changes(found: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    each = [one["ResourceChange"] for one in found if "ResourceChange" in one]
    return tuple(Change(_kind(one), one["LogicalResourceId"], one["ResourceType"]) for one in each)


def _kind(change: Mapping[str, Any]) -> Kind:
    if change["Action"] == "Add":
        return "added"
    if change["Action"] == "Remove":
        return "destroyed"
    if change.get("Replacement") == "True":
        return "replaced"
    return "perhaps replaced" if change.get("Replacement") == "Conditional" else "changed"
