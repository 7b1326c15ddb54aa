"""The rows of one table in memory, in the orders it can be asked for, and the conditions asked of them."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterator, MutableMapping
from operator import eq, ge, gt, itemgetter, le, lt
from typing import Any

from pynamodb.expressions.condition import And, BeginsWith, Comparison, Condition, Contains, Not, NotExists

from chalicelib.storage.codec import decode

Row = dict[str, Any]
RowKey = tuple[Any, ...]
Entry = tuple[Any, ...]
"""Of an order: what it sorts by, then the row's key."""

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
_FROM = {"=": bisect_left, ">=": bisect_left, ">": bisect_right}
_UNTIL = {"=": bisect_right, "<=": bisect_right, "<": bisect_left}


class Shelf(MutableMapping[RowKey, Row]):
    """The rows of one table by key, kept in the order of the table and of each index."""

    def __init__(self, key: tuple[str, ...], indexes: dict[str, tuple[str, ...]]) -> None:
        self.names: dict[str | None, tuple[str, ...]] = {None: key}
        self.names.update(indexes)
        self.key = key
        self._rows: dict[RowKey, Row] = {}
        self._orders: dict[tuple[str | None, Any], list[Entry]] = defaultdict(list)

    def __getitem__(self, key: RowKey) -> Row:
        return self._rows[key]

    def __setitem__(self, key: RowKey, row: Row) -> None:
        old = self._rows.get(key)
        self._rows[key] = row
        for index in self.names:
            before = None if old is None else self._place(index, old, key)
            after = self._place(index, row, key)
            if before != after:
                self._move(index, before, after)

    def __delitem__(self, key: RowKey) -> None:
        row = self._rows.pop(key)
        for index in self.names:
            self._move(index, self._place(index, row, key), None)

    def __iter__(self) -> Iterator[RowKey]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def found(self, index: str | None, condition: Condition) -> list[Row]:
        """Return the rows that a key condition names, in the order of the index or of the table."""
        first, more = condition.values if isinstance(condition, And) else (condition, None)
        entries = self._orders.get((index, _value(first)), [])
        start, until = (0, len(entries)) if more is None else _stretch(entries, more)
        return [self._rows[entry[-len(self.key) :]] for entry in entries[start:until]]

    def _place(self, index: str | None, row: Row, key: RowKey) -> tuple[Any, Entry] | None:
        """Return in which partition of an order the row is and where; None when it is not in it."""
        partition, *sort = self.names[index]
        if partition not in row or any(name not in row for name in sort):
            return None
        return row[partition], (*(row[name] for name in sort), *key)

    def _move(
        self, index: str | None, before: tuple[Any, Entry] | None, after: tuple[Any, Entry] | None
    ) -> None:
        if before is not None:
            entries = self._orders[index, before[0]]
            del entries[bisect_left(entries, before[1])]
            if not entries:
                del self._orders[index, before[0]]
        if after is not None:
            insort(self._orders[index, after[0]], after[1])


def holds(condition: Condition, row: Row) -> bool:
    """Tell whether a condition is true of a row, of the few forms that the adapters use."""
    if isinstance(condition, And):
        return all(holds(part, row) for part in condition.values)
    if isinstance(condition, Not):
        return not holds(condition.values[0], row)
    path = condition.values[0].path[0]
    if isinstance(condition, NotExists):
        return path not in row
    value = _value(condition)
    if isinstance(condition, Contains):
        return value in row.get(path, ())
    if isinstance(condition, BeginsWith):
        return path in row and bool(row[path].startswith(value))
    return path in row and _COMPARED[condition.operator](row[path], value)


def _stretch(entries: list[Entry], condition: Condition) -> tuple[int, int]:
    """Return from where until where the sort key is what the condition says."""
    value, first = _value(condition), itemgetter(0)
    if isinstance(condition, BeginsWith):
        start = bisect_left(entries, value, key=first)
        return start, bisect_left(entries, value + chr(0x10FFFF), lo=start, key=first)
    operator = condition.operator
    start = _FROM[operator](entries, value, key=first) if operator in _FROM else 0
    return start, _UNTIL[operator](entries, value, key=first) if operator in _UNTIL else len(entries)


def _value(condition: Condition) -> Any:
    assert isinstance(condition, Comparison | BeginsWith | Contains), condition
    return decode({"v": condition.values[1].value})["v"]
