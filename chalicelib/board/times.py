"""When the cards of a segment are: half hours of the week, and dated spans."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache

from chalicelib.board.bits import from_flags, from_slots
from chalicelib.board.columns import Coded
from chalicelib.listings.windows import ANY_TIME, SLOTS_A_WEEK, Span

_KEPT = 128
"""Bitmaps of times kept."""


class Weeks:
    """The half hours of each slot, and the slots that have one of some half hours.

    The week is cut into stretches of eight half hours: of each a byte a slot, so that any choice among the
    eight is one translation of those bytes.
    """

    def __init__(self, masks: Coded[int]) -> None:
        self.masks = masks
        self._stretches: dict[int, bytes] = {}
        self._bits = lru_cache(maxsize=_KEPT)(self._meets)

    def meets(self, mask: int) -> int:
        """Return the slots that have one of the half hours."""
        if mask == ANY_TIME:
            return self.masks.where("ever", bool)
        found = 0
        for number, wanted in enumerate(mask.to_bytes(SLOTS_A_WEEK >> 3, "little")):
            if wanted:
                found |= self._bits(number, wanted)
        return found

    def _meets(self, number: int, wanted: int) -> int:
        stretch = self._stretches.get(number)
        if stretch is None:
            table = [mask >> (number << 3) & 255 for mask in self.masks.values]
            stretch = self._stretches[number] = self.masks.spread(table)
        return from_flags(stretch.translate(bytes(49 if byte & wanted else 48 for byte in range(256))))


class Dated:
    """The dated spans by slot, and the slots that have one which meets a span."""

    def __init__(self, slots: "array[int]", starts: "array[int]", ends: "array[int]", size: int) -> None:
        """Slots are in order, one entry a span."""
        self.slots, self.starts, self.ends = slots, starts, ends
        self._size = size
        self._bits = lru_cache(maxsize=_KEPT)(self._meets)

    @classmethod
    def of(cls, spans: Sequence[Sequence[Span]]) -> "Dated":
        flat = [(slot, start, end) for slot, of_slot in enumerate(spans) for start, end in of_slot]
        slots, starts, ends = zip(*flat, strict=True) if flat else ((), (), ())
        return cls(array("I", slots), array("q", starts), array("q", ends), len(spans))

    def __getitem__(self, slot: int) -> tuple[Span, ...]:
        low, high = bisect_left(self.slots, slot), bisect_right(self.slots, slot)
        return tuple(zip(self.starts[low:high], self.ends[low:high], strict=True))

    def meets(self, spans: Sequence[Span]) -> int:
        """Return the slots that have a span which overlaps one of these."""
        found = 0
        for start, end in spans if self.slots else ():
            found |= self._bits(start, end)
        return found

    def _meets(self, start: int, end: int) -> int:
        slots, starts, ends, longest = self._by_start
        low, high = bisect_right(starts, start - longest), bisect_left(starts, end)
        return from_slots((slots[at] for at in range(low, high) if ends[at] > start), self._size)

    @cached_property
    def _by_start(self) -> tuple[list[int], list[int], list[int], int]:
        order = sorted(range(len(self.starts)), key=self.starts.__getitem__)
        longest = max(end - start for start, end in zip(self.starts, self.ends, strict=True))
        columns = ([column[at] for at in order] for column in (self.slots, self.starts, self.ends))
        slots, starts, ends = columns
        return slots, starts, ends, longest
