"""Orders of a segment: ranks, sliced into bitmaps, so that the first ten of a set cost no sort of the set."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property

from chalicelib.board.bits import ones, slots_of
from chalicelib.board.ids import Ids

_FEW = 128
"""A set this small is cheaper to sort than to split."""
_PATIENCE = 1024
"""Ranks gone through one by one before the set is split."""
_FLAGS = [bytes(49 if byte >> bit & 1 else 48 for byte in range(256)) for bit in range(8)]


class Ranked:
    """The slots in the order of a number and, between equals, of their ids.

    `ranks` has a rank a slot, `numbers` a number a rank. Slice `n` is the slots whose rank has bit `n`.
    """

    def __init__(self, ranks: "array[int]", numbers: "array[int]") -> None:
        self.ranks = ranks
        self.numbers = numbers
        self._from = (0, ones(len(ranks)))

    @classmethod
    def of(cls, numbers: Sequence[int], ids: Ids) -> "Ranked":
        order = sorted(ids.in_order, key=numbers.__getitem__)
        ranks = array("I", bytes(4 * len(order)))
        for rank, slot in enumerate(order):
            ranks[slot] = rank
        return cls(ranks, array("q", map(numbers.__getitem__, order)))

    def number(self, slot: int) -> int:
        return self.numbers[self.ranks[slot]]

    def beyond(self, number: int) -> int:
        """Return the slots whose number is greater."""
        return self._at_least(bisect_right(self.numbers, number))

    def rank_after(self, number: int, packed: bytes, ids: Ids) -> int:
        """Return the first rank after that number and id, whether or not they are here."""
        low, high = bisect_left(self.numbers, number), bisect_right(self.numbers, number)
        return bisect_right(self._order, packed, low, high, key=ids.at) if low < high else low

    def first(self, bits: int, count: int, many: int, start: int = 0) -> list[int]:
        """Return, in order, the first `many` slots of the set among those of rank `start` and beyond.

        `count` is how many slots the set has: where it has enough of them, the order itself is gone through.
        """
        found: list[int] = []
        if count * _PATIENCE >= 2 * many * len(self.ranks):
            found, start = self._go_through(bits, many, start)
        return found if len(found) == many else found + self._split(bits, count, many - len(found), start)

    def _go_through(self, bits: int, many: int, start: int) -> tuple[list[int], int]:
        """Return the set's slots among the next ranks, and the first rank not looked at."""
        data = bits.to_bytes((len(self.ranks) >> 3) + 1, "little")
        found: list[int] = []
        for slot in self._order[start : start + _PATIENCE]:
            if data[slot >> 3] >> (slot & 7) & 1:
                found.append(slot)
                if len(found) == many:
                    break
        return found, min(start + _PATIENCE, len(self.ranks))

    def _split(self, bits: int, count: int, many: int, start: int) -> list[int]:
        """The set is split by one slice after another, lower half first, until a part is small.

        A half is taken to hold half as many; it is counted only when that would be few.
        """
        found: list[int] = []
        parts = [(len(self._slices), 0, bits, count)]
        while parts and len(found) < many:
            level, least, part, count = parts.pop()
            if level == 0 or (count <= _FEW and (count := part.bit_count()) <= _FEW):
                slots = sorted(slots_of(part), key=self.ranks.__getitem__)
                found += [slot for slot in slots if self.ranks[slot] >= start][: many - len(found)]
                continue
            level -= 1
            middle = least + (1 << level)
            high = part & self._slices[level]
            if high:
                parts.append((level, middle, high, count >> 1))
            if high != part and middle > start:
                parts.append((level, least, part ^ high, count >> 1))
        return found

    def _at_least(self, rank: int) -> int:
        """Return the slots of that rank and beyond."""
        known, bits = self._from
        if known != rank:
            bits = self._compare(rank)
            self._from = (rank, bits)
        return bits

    def _compare(self, rank: int) -> int:
        if rank == len(self.ranks):
            return 0
        above, equal = 0, ones(len(self.ranks))
        for level in range(len(self._slices) - 1, -1, -1):
            high = equal & self._slices[level]
            if rank >> level & 1:
                equal = high
            else:
                above |= high
                equal ^= high
        return above | equal

    @cached_property
    def _slices(self) -> list[int]:
        data, levels = self.ranks.tobytes(), max(1, (len(self.ranks) - 1).bit_length())
        planes = [data[place::4][::-1] for place in range((levels + 7) >> 3)]
        return [int(planes[level >> 3].translate(_FLAGS[level & 7]) or b"0", 2) for level in range(levels)]

    @cached_property
    def _order(self) -> "array[int]":
        order = array("I", bytes(4 * len(self.ranks)))
        for slot, rank in enumerate(self.ranks):
            order[rank] = slot
        return order
