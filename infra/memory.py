"""A city's tables in memory: the same promises as the real ones, in microseconds.

Whether they really are the same is what tests/contract asks of this, of moto and of ministack alike.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import RLock
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.storage.codec import Item, decode, encode
from chalicelib.storage.tables import Key
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
from infra.shelf import Row, RowKey, Shelf, holds
from infra.tables import table_definitions


@dataclass
class MemoryTables:
    """What `Tables` offers, of one process. `commits` counts transactions; `calls` every round trip."""

    city: str = "mulhouse"
    clock_ms: Callable[[], int] = lambda: 0
    commits: int = 0
    calls: int = 0
    _rows: dict[str, Shelf] = field(default_factory=dict)
    _lock: Any = field(default_factory=RLock)

    def __post_init__(self) -> None:
        for noun, (key, indexes) in _schemas().items():
            self._rows[noun] = Shelf(key, indexes)

    def get(self, noun: str, key: Item, *, consistent: bool = True) -> Row | None:  # noqa: ARG002
        self.calls += 1
        with self._lock:
            return _copy(self._rows[noun].get(self._key(noun, key)))

    def get_all(self, keys: Sequence[Key], *, consistent: bool = True) -> list[Row | None]:  # noqa: ARG002
        self.calls += bool(keys)
        with self._lock:
            return [_copy(self._rows[noun].get(self._key(noun, key))) for noun, key in keys]

    def query(
        self,
        noun: str,
        condition: Condition,
        *,
        index: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[Row]:
        self.calls += 1
        with self._lock:
            found = self._rows[noun].found(index, condition)
            kept = (found[::-1] if newest_first else found)[:limit]
            names = {*self._rows[noun].names[index], *self._rows[noun].key}
            return iter(
                [_copied(row) if index is None else {n: row[n] for n in row if n in names} for row in kept]
            )

    def scan(self, noun: str, *, index: str | None = None) -> Iterator[Row]:
        self.calls += 1
        with self._lock:
            names = () if index is None else self._rows[noun].names[index]
            rows = [row for row in self._rows[noun].values() if all(name in row for name in names)]
            return iter([_copied(row) for row in rows])

    def put(self, noun: str, item: Item) -> None:
        self.calls += 1
        with self._lock:
            self._rows[noun][self._key(noun, item)] = decode(encode(item))

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

    def _allowed(self, write: Write) -> bool:
        if isinstance(write, Change):
            return True
        row = self._rows[write.table].get(self._key(write.table, _keyed(write)))
        if isinstance(write, Count):
            return row is None or bool(row["count"] < write.most)
        return write.condition is None or holds(write.condition, row or {})

    def _refuse_twice(self, writes: Sequence[Write]) -> None:
        """Refuse what DynamoDB refuses: two writes of one item in one transaction."""
        touched: list[Any] = [
            ("changes", write.subject, write.version)
            if isinstance(write, Change)
            else (write.table, self._key(write.table, _keyed(write)))
            for write in writes
        ]
        if len({*touched}) != len(writes):
            raise ValueError("a transaction writes one item twice")

    def _do(self, write: Write, stamp: int) -> None:
        rows = self._rows[table_of(write)]
        if isinstance(write, ConditionCheck):
            return
        if isinstance(write, Delete):
            rows.pop(self._key(write.table, write.key), None)
        elif isinstance(write, Count):
            key = self._key(write.table, write.key)
            count = rows[key]["count"] if key in rows else 0
            rows[key] = {**write.key, "count": count + 1, "purge_at": write.purge_at}
        else:
            raw = (
                request_of(write, "", stamp)["Put"]["Item"]
                if isinstance(write, Change)
                else encode(write.item)
            )
            item = decode(raw)
            rows[self._key(table_of(write), item)] = item

    def _key(self, noun: str, item: Item) -> RowKey:
        return tuple(item[name] for name in self._rows[noun].key)


def _keyed(write: Put | Delete | Count | ConditionCheck) -> Item:
    return write.item if isinstance(write, Put) else write.key


def _copy(row: Row | None) -> Row | None:
    return None if row is None else _copied(row)


def _copied(value: Any) -> Any:
    """Return a value that can be changed without changing the stored one."""
    if isinstance(value, dict):
        return {
            name: _copied(each) if isinstance(each, dict | tuple) else each for name, each in value.items()
        }
    return tuple(_copied(each) if isinstance(each, dict | tuple) else each for each in value)


@cache
def _schemas() -> dict[str, tuple[tuple[str, ...], dict[str, tuple[str, ...]]]]:
    """Return of each noun the names of its key and of each index's."""
    return {
        name.replace("entraide-${City}-", ""): (
            _names(table),
            {index["IndexName"]: _names(index) for index in table.get("GlobalSecondaryIndexes", [])},
        )
        for name, table in table_definitions().items()
    }


def _names(keyed: Any) -> tuple[str, ...]:
    return tuple(part["AttributeName"] for part in keyed["KeySchema"])
