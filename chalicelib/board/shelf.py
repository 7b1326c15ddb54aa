"""A shelf: the cards of one kind and category of a segment, numbered for themselves."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.board.bits import from_slots, ones, slots_of, window
from chalicelib.board.columns import Coded
from chalicelib.board.filtered import Filtered
from chalicelib.board.times import Dated, Weeks
from chalicelib.listings.card import Urgency
from chalicelib.places.model import Point

if TYPE_CHECKING:
    from chalicelib.board.segment import Segment


class Shelf(Filtered):
    """Ranking asks many questions about one category: here a bitmap is a twentieth as long as the segment's.

    Columns are gathered from the segment's when they are first asked for.
    """

    def __init__(self, segment: "Segment", bits: int) -> None:
        """Take the segment's slots of the set; the place of each among them is its slot here."""
        self._segment, self._all = segment, bits
        self.slots = array("I", slots_of(bits))
        self.cells = segment.cells
        self._standing: tuple[int, int] = (-1, 0)

    def __len__(self) -> int:
        return len(self.slots)

    def standing(self, live: int, now: int) -> int:
        """Return the slots that stand at `now`, of the segment's live ones."""
        alive, gone = self._segment.standing(live, now)
        known, here = self._standing
        if known is not alive:
            here = self._still(alive) if gone is None else self._without(gone)
            self._standing = alive, here
        return here

    def within(self, point: Point, radius_m: int) -> tuple[int, int]:
        """Return a slot, and counted from it the slots whose cell is at most `radius_m` from the point."""
        starts, slots = self.cells.starts, self.slots
        runs = [
            (bisect_left(slots, starts[start]), bisect_left(slots, starts[end]))
            for start, end in self.cells.disc(point, radius_m)
        ]
        return window([run for run in runs if run[0] < run[1]])

    def distances(self, point: Point, slots: Sequence[int]) -> list[int]:
        """Return the metres from the point to each slot."""
        return self.cells.distances(point, [self.slots[slot] for slot in slots])

    @cached_property
    def urgencies(self) -> Coded[Urgency]:  # type: ignore[override]
        return self._segment.urgencies.gathered(self.slots)

    @cached_property
    def languages(self) -> Coded[tuple[str, ...]]:  # type: ignore[override]
        return self._segment.languages.gathered(self.slots)

    @cached_property
    def trusts(self) -> Coded[int]:  # type: ignore[override]
        return self._segment.trusts.gathered(self.slots)

    @cached_property
    def lefts(self) -> Coded[int]:  # type: ignore[override]
        return self._segment.lefts.gathered(self.slots)

    @cached_property
    def weeks(self) -> Weeks:  # type: ignore[override]
        return Weeks(self._segment.weeks.masks.gathered(self.slots))

    @cached_property
    def dated(self) -> Dated:  # type: ignore[override]
        return Dated.of([self._segment.dated[slot] for slot in self.slots])

    def here(self, bits: int) -> int:
        """Return those of the segment's slots that are on the shelf, by their slots here."""
        slots, bits = self.slots, bits & self._all
        return from_slots((bisect_left(slots, slot) for slot in slots_of(bits)), len(self)) if bits else 0

    def _still(self, alive: int) -> int:
        data = alive.to_bytes((len(self._segment) >> 3) + 1, "little")
        here = (at for at, slot in enumerate(self.slots) if data[slot >> 3] >> (slot & 7) & 1)
        return from_slots(here, len(self))

    def _without(self, gone: Iterable[int]) -> int:
        slots, size = self.slots, len(self)
        places = ((bisect_left(slots, slot), slot) for slot in gone)
        return ones(size) ^ from_slots((at for at, slot in places if at < size and slots[at] == slot), size)
