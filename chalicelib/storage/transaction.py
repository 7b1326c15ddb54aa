"""One change of the city: writes that happen together or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.storage.codec import Item, encode

ABSENT = Path("pk").does_not_exist()


def at_version(version: int) -> Condition:
    return Path("version") == version


@dataclass(frozen=True, slots=True)
class Put:
    """The item as it shall stand, if the condition holds of the one that stands now."""

    table: str
    item: Item
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    table: str
    key: Item
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """Nothing is written, if the condition holds of the item that stands now."""

    table: str
    key: Item
    condition: Condition


@dataclass(frozen=True, slots=True)
class Count:
    """One more on a counter, which may not pass `most`; it is forgotten after `purge_at`."""

    table: str
    key: Item
    most: int
    purge_at: int


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the change log that every search reads: what stands of the subject from now on."""

    subject: str
    version: int
    body: bytes


Write = Put | Delete | ConditionCheck | Count | Change

LOG = "log"
LOG_KEPT_S = 7 * 86_400


class Refused(Exception):
    """A condition did not hold; nothing was written. `writes` are those whose condition failed."""

    def __init__(self, writes: Sequence[Write]) -> None:
        super().__init__(*writes)
        self.writes = writes


def table_of(write: Write) -> str:
    return "changes" if isinstance(write, Change) else write.table


def request_of(write: Write, table: str, stamp_ms: int) -> dict[str, Any]:
    """Return the write as a member of TransactItems; `stamp_ms` is the instant the log files it under."""
    if isinstance(write, Count):
        return {"Update": _counted(write, table)}
    if isinstance(write, Change):
        return {"Put": {"TableName": table, "Item": encode(_logged(write, stamp_ms))}}
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    request: dict[str, Any] = {"TableName": table}
    if isinstance(write, Put):
        request["Item"] = encode(write.item)
    else:
        request["Key"] = encode(write.key)
    if write.condition is not None:
        request["ConditionExpression"] = write.condition.serialize(names, values)
        request["ExpressionAttributeNames"] = {name: path for path, name in names.items()}
        if values:
            request["ExpressionAttributeValues"] = values
    return {type(write).__name__: request}


def _counted(write: Count, table: str) -> Mapping[str, Any]:
    return {
        "TableName": table,
        "Key": encode(write.key),
        "UpdateExpression": "ADD #count :one SET purge_at = :purge_at",
        "ConditionExpression": "attribute_not_exists(#count) OR #count < :most",
        "ExpressionAttributeNames": {"#count": "count"},
        "ExpressionAttributeValues": encode({":one": 1, ":most": write.most, ":purge_at": write.purge_at}),
    }


def _logged(change: Change, stamp_ms: int) -> Item:
    return {
        "pk": LOG,
        "sk": f"{stamp_ms:013d}#{change.subject}#{change.version}",
        "body": change.body,
        "purge_at": stamp_ms // 1000 + LOG_KEPT_S,
    }
