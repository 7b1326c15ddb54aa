"""Tables in memory that say what is due next, and tell of each row that changes.

A schedule with nothing to find need not tick.
"""

from collections import defaultdict
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from chalicelib.storage.transaction import Put, Write
from infra.memory import MemoryTables
from infra.shelf import Row, RowKey

Watcher = Callable[[Row | None, Row], None]
"""Told of a row as it stood and as it stands now."""


class WatchedTables(MemoryTables):
    def __init__(self, city: str, clock_ms: Callable[[], int]) -> None:
        super().__init__(city, clock_ms)
        self.watchers: dict[str, Watcher] = {}
        self._dues: dict[str, list[tuple[int, str, RowKey]]] = defaultdict(list)

    def next_due(self, job: str) -> int | None:
        """Return when the next row is due to a job, or None."""
        heap = self._dues[job]
        while heap:
            at, noun, key = heap[0]
            row = self._rows[noun].get(key)
            if row is not None and _due(row) == (job, at):
                return at
            heappop(heap)
        return None

    def rows(self, noun: str) -> list[Row]:
        """Return the rows of a table, to be looked at and not changed."""
        return list(self._rows[noun].values())

    def _do(self, write: Write, stamp: int) -> None:
        if not isinstance(write, Put):
            super()._do(write, stamp)
            return
        noun, key = write.table, self._key(write.table, write.item)
        before = self._rows[noun].get(key)
        super()._do(write, stamp)
        row = self._rows[noun][key]
        if (due := _due(row)) is not None and (before is None or _due(before) != due):
            heappush(self._dues[due[0]], (due[1], noun, key))
        if noun in self.watchers:
            self.watchers[noun](before, row)


def _due(row: dict[str, Any]) -> tuple[str, int] | None:
    """Return the job a row is filed under and when it is due."""
    hour = row.get("due_hour")
    if hour is None or "due_key" not in row:
        return None
    job, _, _ = str(hour).partition("#")
    instant = str(row["due_key"]).partition("#")[0]
    return (job, int(instant)) if instant.isdecimal() else None
