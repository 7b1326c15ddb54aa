"""Columns of a segment: one value a slot, held as small codes, and the slots of a value as a bitmap."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from chalicelib.board.bits import from_flags

T = TypeVar("T", bound=Hashable)


class Coded(Generic[T]):
    """A column with few distinct values: a table of them and the place in it of each slot's.

    A bitmap is made when it is first asked for, in C loops only, and kept.
    """

    __slots__ = ("_bits", "codes", "values")

    def __init__(self, values: Sequence[T], codes: "bytes | array[int]") -> None:
        self.values = values
        self.codes = codes
        self._bits: dict[Hashable, int] = {}

    @classmethod
    def of(cls, items: Sequence[T]) -> "Coded[T]":
        values = sorted(set(items), key=repr)
        code = {value: index for index, value in enumerate(values)}
        return cls(values, narrow(map(code.__getitem__, items), len(values)))

    def __getitem__(self, slot: int) -> T:
        return self.values[self.codes[slot]]

    def equal(self, value: T) -> int:
        """Return the slots that hold the value."""
        return self.where(value, value.__eq__)

    def where(self, key: Hashable, accepts: Callable[[T], bool]) -> int:
        """Return the slots whose value is accepted; `key` names the test, for its bitmap to be kept."""
        bits = self._bits.get(key)
        if bits is None:
            flags = [49 if accepts(value) else 48 for value in self.values]
            bits = self._bits[key] = from_flags(self.spread(flags))
        return bits

    def gathered(self, slots: Iterable[int]) -> "Coded[T]":
        """Return the column of those slots alone."""
        return Coded(self.values, narrow((self.codes[slot] for slot in slots), len(self.values)))

    def spread(self, table: Sequence[int]) -> bytes:
        """Return a byte a slot: what the table has for its code."""
        if isinstance(self.codes, bytes):
            return self.codes.translate(bytes(table).ljust(256))
        return bytes([table[code] for code in self.codes])


def narrow(codes: Iterable[int], count: int) -> "bytes | array[int]":
    """Return codes below `count` in as few bytes as they need."""
    if count <= 1 << 8:
        return bytes(codes)
    return array("H" if count <= 1 << 16 else "I", codes)


class Sparse:
    """A column few slots have a value in: those slots, in order, and their values."""

    __slots__ = ("slots", "values")

    def __init__(self, slots: "array[int]", values: "array[int]") -> None:
        self.slots, self.values = slots, values

    @classmethod
    def of(cls, items: Sequence[int | None]) -> "Sparse":
        held = [(slot, item) for slot, item in enumerate(items) if item is not None]
        return cls(array("I", (slot for slot, _ in held)), array("q", (item for _, item in held)))

    def get(self, slot: int) -> int | None:
        at = bisect_left(self.slots, slot)
        return self.values[at] if at < len(self.slots) and self.slots[at] == slot else None
