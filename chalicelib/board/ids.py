"""Ids in ten bytes each, in the same order as their text."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence

from chalicelib.board.columns import narrow

WIDTH = 10
_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_DIGITS = str.maketrans(_LETTERS, "0123456789abcdefghijklmnopqrstuv")
_PAIRS = [high + low for high in _LETTERS for low in _LETTERS]
_ID = re.compile(r"[a-z2-7]{16}")


def pack(id_: str) -> bytes:
    """Return the id in ten bytes that sort as the text does."""
    if not _ID.fullmatch(id_):
        raise ValueError(f"not an id: {id_!r}")
    return int(id_.translate(_DIGITS), 32).to_bytes(WIDTH, "big")


def unpack(packed: bytes) -> str:
    number, pairs = int.from_bytes(packed, "big"), _PAIRS
    high, low = number >> 40, number & 0xFF_FFFF_FFFF
    return (
        f"{pairs[high >> 30]}{pairs[high >> 20 & 1023]}{pairs[high >> 10 & 1023]}{pairs[high & 1023]}"
        f"{pairs[low >> 30]}{pairs[low >> 20 & 1023]}{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
    )


class Ids:
    """The ids of a segment by slot, and the slot of an id."""

    __slots__ = ("_sorted", "packed")

    def __init__(self, packed: bytes, in_order: "array[int]") -> None:
        self.packed = packed
        self._sorted = in_order

    @classmethod
    def of(cls, packed: Sequence[bytes]) -> "Ids":
        in_order = array("I", sorted(range(len(packed)), key=packed.__getitem__))
        return cls(b"".join(packed), in_order)

    @property
    def in_order(self) -> "array[int]":
        """The slots in the order of their ids."""
        return self._sorted

    def at(self, slot: int) -> bytes:
        return self.packed[slot * WIDTH : slot * WIDTH + WIDTH]

    def find(self, packed: bytes) -> int | None:
        """Return the slot of the id, or None when it is not here."""
        at = bisect_left(self._sorted, packed, key=self.at)
        if at == len(self._sorted) or self.at(self._sorted[at]) != packed:
            return None
        return self._sorted[at]


class Authors:
    """The author of each slot, by a place in the table of all of them."""

    __slots__ = ("codes", "table")

    def __init__(self, table: bytes, codes: "bytes | array[int]") -> None:
        self.table, self.codes = table, codes

    @classmethod
    def of(cls, authors: Sequence[str]) -> "Authors":
        packed = {author: pack(author) for author in authors}
        table = sorted(packed.values())
        code = {author: index for index, author in enumerate(table)}
        return cls(b"".join(table), narrow((code[packed[author]] for author in authors), len(table)))

    def __getitem__(self, slot: int) -> str:
        code = self.codes[slot]
        return unpack(self.table[code * WIDTH : code * WIDTH + WIDTH])
