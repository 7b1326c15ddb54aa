"""A city under the meter: tables in memory count the units DynamoDB would, and what is logged is heard."""

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from chalicelib.observability import logger
from chalicelib.storage.codec import encode
from chalicelib.storage.transaction import Change, Delete, Put, Write, table_of
from infra.memory import MemoryTables
from tests.city import TestCity

TIMES = 20
"""Of each use, by as many residents."""
ACCESS_BYTES = 350
"""Of a line of the gateway's access log, and what CloudWatch adds to a line."""
READ, WRITE = 4_096, 1_024
"""Bytes of a unit."""


@dataclass
class MeteredTables(MemoryTables):
    """Tables that count the units DynamoDB would, and which tables were asked."""

    reads: float = 0
    writes: float = 0
    asked: set[str] = field(default_factory=set)

    def get(self, noun: str, key: Any, *, consistent: bool = True) -> Any:
        found = super().get(noun, key, consistent=consistent)
        self._read(noun, [found or {}], consistent=consistent)
        return found

    def get_all(self, keys: Any, *, consistent: bool = True) -> Any:
        found = super().get_all(keys, consistent=consistent)
        for (noun, _), each in zip(keys, found, strict=True):
            self._read(noun, [each or {}], consistent=consistent)
        return found

    def query(self, noun: str, condition: Any, *, index: str | None = None, **how: Any) -> Any:
        found = list(super().query(noun, condition, index=index, **how))
        self._read(noun, found, consistent=index is None)
        return iter(found)

    def scan(self, noun: str, *, index: str | None = None) -> Any:
        found = list(super().scan(noun, index=index))
        self._read(noun, found, consistent=index is None)
        return iter(found)

    def put(self, noun: str, item: Any) -> None:
        before = self._rows[noun].get(self._key(noun, item))
        super().put(noun, item)
        self._write(noun, before, item, 1)

    def commit(self, writes: Any) -> None:
        before = [self._before(write) for write in writes]
        super().commit(writes)
        for write, was in zip(writes, before, strict=True):
            self._write(table_of(write), was, self._after(write), 2)

    def _before(self, write: Any) -> Any:
        if isinstance(write, Change):
            return None
        key = write.item if isinstance(write, Put) else write.key
        return self._rows[write.table].get(self._key(write.table, key))

    def _after(self, write: Write) -> Any:
        """Return what the write leaves; a check leaves the row as it was, and costs what a put of it does."""
        if isinstance(write, Change):
            return {"pk": "log", "sk": "0" * 50, "body": write.body, "purge_at": 10**9}
        return None if isinstance(write, Delete) else self._before(write)

    def _read(self, noun: str, found: list[Any], *, consistent: bool) -> None:
        self.asked.add(noun)
        self.reads += max(1, ceil(sum(map(size_of, found)) / READ)) * (1 if consistent else 0.5)

    def _write(self, noun: str, before: Any, after: Any, times: int) -> None:
        self.asked.add(noun)
        self.writes += times * ceil(max(size_of(before or {}), size_of(after or {}), 1) / WRITE)
        for index, names in self._rows[noun].names.items():
            if index is None:
                continue
            keys = [tuple((row or {}).get(name) for name in names) for row in (before, after)]
            there = [all(part is not None for part in key) for key in keys]
            self.writes += sum(there) if keys[0] != keys[1] else 0


def size_of(item: Mapping[str, Any]) -> int:
    """Return the bytes DynamoDB counts for an item."""
    return sum(len(name.encode()) + _value(value) for name, value in encode(item).items())


def _value(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content) // 2 + 2
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + _value(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value(each) for name, each in content.items())
        case _:
            return 1


@dataclass
class Scene:
    """A city under the meter."""

    city: TestCity
    tables: MeteredTables
    uses: dict[str, dict[str, float]] = field(default_factory=dict)
    bytes_a_resident: int = 0

    def measured(self, name: str, act: Callable[[int], object], *, requests: int, times: int = TIMES) -> None:
        """Do it so often, and note what one time takes."""
        self.uses[name] = {**self.taken(act, times), "requests": requests}

    def taken(self, act: Callable[[int], object], times: int) -> dict[str, float]:
        tables, mails, said = self.tables, len(self.city.mailbox.mails), io.StringIO()
        handler: Any = logger().registered_handler
        stream, handler.stream = handler.stream, said
        began = tables.reads, tables.writes, tables.calls, time.process_time()
        for number in range(times):
            act(number)
        took, handler.stream = time.process_time() - began[3], stream
        return {
            "reads": round((tables.reads - began[0]) / times, 2),
            "writes": round((tables.writes - began[1]) / times, 2),
            "calls": round((tables.calls - began[2]) / times, 2),
            "mails": round((len(self.city.mailbox.mails) - mails) / times, 2),
            "log_bytes": round(len(said.getvalue().encode()) / times) + ACCESS_BYTES,
            "cpu_ms": round(took * 1000 / times, 2),
        }
