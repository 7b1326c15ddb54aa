"""A city's tables in memory: the same promises as the real ones, in microseconds.

Whether they really are the same is what tests/contract asks of this, of moto and of ministack alike.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from pynamodb.expressions.condition import And, BeginsWith, Comparison, Condition, Contains, Not, NotExists

from chalicelib.notices.repository import Mail
from chalicelib.storage.codec import decode, encode
from chalicelib.storage.transaction import (
    Change,
    ConditionCheck,
    Count,
    Delete,
    Put,
    Refused,
    Write,
    request_of,
    table_of,
)
from infra.tables import table_definitions

_COMPARED = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _keys(schema: Any) -> tuple[str, ...]:
    return tuple(part["AttributeName"] for part in schema)


@dataclass
class MemoryTables:
    """What `Tables` offers, of one process. `commits` counts transactions; `calls` every round trip."""

    city: str = "mulhouse"
    clock_ms: Callable[[], int] = lambda: 0
    commits: int = 0
    calls: int = 0
    _rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = field(default_factory=dict)
    _lock: Any = field(default_factory=RLock)

    def __post_init__(self):
        self._schema, self._indexes = {}, {}
        for name, table in table_definitions().items():
            noun = name.replace("entraide-${City}-", "")
            self._schema[noun] = _keys(table["KeySchema"])
            indexes = table.get("GlobalSecondaryIndexes", [])
            self._indexes[noun] = {index["IndexName"]: _keys(index["KeySchema"]) for index in indexes}
            self._rows[noun] = {}

    def get(self, noun, key, *, consistent=True):
        self.calls += 1
        with self._lock:
            return self._copy(self._rows[noun].get(self._key(noun, key)))

    def get_all(self, keys, *, consistent=True):
        self.calls += 1
        with self._lock:
            return [self._copy(self._rows[noun].get(self._key(noun, key))) for noun, key in keys]

    def query(
        self, noun, condition, *, index=None, newest_first=False, limit=None
    ) -> Iterator[dict[str, Any]]:
        self.calls += 1
        names = self._schema[noun] if index is None else self._indexes[noun][index]
        fits = predicate(condition)
        with self._lock:
            rows = [row for row in self._rows[noun].values() if all(name in row for name in names)]
            found = [self._copy(row) for row in rows if fits(row)]
        by = (*names[1:], *self._schema[noun])
        found.sort(key=lambda row: tuple(row[name] for name in by), reverse=newest_first)
        kept = found if limit is None else found[:limit]
        projected = {*names, *self._schema[noun]}
        return iter(kept if index is None else [{n: row[n] for n in row if n in projected} for row in kept])

    def scan(self, noun, *, index=None):
        self.calls += 1
        names = () if index is None else self._indexes[noun][index]
        with self._lock:
            rows = [row for row in self._rows[noun].values() if all(name in row for name in names)]
            return iter([self._copy(row) for row in rows])

    def put(self, noun, item):
        self.calls += 1
        with self._lock:
            self._rows[noun][self._key(noun, item)] = self._copy(item)

    def commit(self, writes: Sequence[Write]) -> None:
        self.calls += 1
        self._refuse_twice(writes)
        with self._lock:
            failed = [write for write in writes if not self._allowed(write)]
            if failed:
                raise Refused(failed)
            stamp = self.clock_ms()
            for write in writes:
                self._do(write, stamp)
            self.commits += 1

    def _allowed(self, write):
        if isinstance(write, Change):
            return True
        key = write.item if isinstance(write, Put) else write.key
        row = self._rows[write.table].get(self._key(write.table, key))
        if isinstance(write, Count):
            return row is None or row["count"] < write.most
        return write.condition is None or holds(write.condition, row or {})

    def _refuse_twice(self, writes):
        """Refuse what DynamoDB refuses: two writes of one item in one transaction."""
        items = [write for write in writes if not isinstance(write, Change)]
        keys = [write.item if isinstance(write, Put) else write.key for write in items]
        touched = [(write.table, self._key(write.table, key)) for write, key in zip(items, keys, strict=True)]
        lines = [("changes", (write.subject, write.version)) for write in writes if isinstance(write, Change)]
        if len({*touched, *lines}) != len(writes):
            raise ValueError("a transaction writes one item twice")

    def _do(self, write, stamp):
        rows = self._rows[table_of(write)]
        if isinstance(write, ConditionCheck):
            return
        if isinstance(write, Delete):
            rows.pop(self._key(write.table, write.key), None)
        elif isinstance(write, Count):
            key = self._key(write.table, write.key)
            row = rows.setdefault(key, {**write.key, "count": 0})
            row["count"] += 1
            row["purge_at"] = write.purge_at
        else:
            item = decode(request_of(write, "", stamp)["Put"]["Item"])
            rows[self._key(table_of(write), item)] = item

    def _key(self, noun, item):
        return tuple(item[name] for name in self._schema[noun])

    @staticmethod
    def _copy(item):
        return None if item is None else decode(encode(item))


def holds(condition: Condition, row: dict[str, Any]) -> bool:
    return predicate(condition)(row)


def predicate(condition: Condition) -> Callable[[dict[str, Any]], bool]:
    """Return the test of a row that a condition is, of the few forms that the adapters use."""
    if isinstance(condition, And):
        first, second = map(predicate, condition.values)
        return lambda row: first(row) and second(row)
    if isinstance(condition, Not):
        denied = predicate(condition.values[0])
        return lambda row: not denied(row)
    path = condition.values[0].path[0]
    if isinstance(condition, NotExists):
        return lambda row: path not in row
    value = decode({"v": condition.values[1].value})["v"]
    if isinstance(condition, Contains):
        return lambda row: value in row.get(path, ())
    if isinstance(condition, BeginsWith):
        return lambda row: path in row and row[path].startswith(value)
    assert isinstance(condition, Comparison), condition
    compare = _COMPARED[condition.operator]
    return lambda row: path in row and compare(row[path], value)


@dataclass
class Mailbox:
    """The provider as tests see it: every mail it took, with the notice it was for."""

    mails: list[tuple[Mail, str]] = field(default_factory=list)

    def send(self, mail: Mail, notice_id: str) -> str:
        self.mails.append((mail, notice_id))
        return f"provider-{len(self.mails)}"

    def to(self, address: str) -> list[Mail]:
        return [mail for mail, _ in self.mails if mail.to == address]
