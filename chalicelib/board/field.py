"""The cards that are ranked: by tier, category and likeness, each taken once."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, chain, repeat, takewhile
from operator import mul
from typing import NamedTuple

from chalicelib.board.alike import Likeness
from chalicelib.board.bits import slots_of
from chalicelib.board.loose import fits
from chalicelib.board.model import Shown, Where
from chalicelib.board.replica import Board
from chalicelib.board.seen import Seen
from chalicelib.board.segment import Segment
from chalicelib.board.shelf import Shelf
from chalicelib.listings.card import Kind
from chalicelib.places.model import Point, distance_m
from chalicelib.words.alike import Gist, alike

_FEW = 24
"""So few cards are looked at one by one."""
_FIRST_M = 800
"""How far the cards of a tier are first looked for; then twice as far, and again."""


class Tier(NamedTuple):
    """Cards that can score alike: what they are, and the most one scores besides its distance and words."""

    where: Where
    most: int


class Ahead(NamedTuple):
    """What comes next of a stream: the most it still has, how far that is, and the card if one is there.

    A stream that comes beside it is on its own from then on.
    """

    most: int
    metres: int
    units: int = 0
    card: Shown | None = None
    beside: "Stream | None" = None


Stream = Iterator[Ahead]


class Field:
    """The cards that pass the gate, less those of the tiers already looked at."""

    def __init__(
        self,
        board: Board,
        kind: Kind,
        gate: Where,
        point: Point,
        radius_m: int,
        fall: Callable[[int], int],
        asked: Gist,
        gain: Callable[[int], int],
        now: int,
    ) -> None:
        self._kind, self._gate, self._point, self._fall, self._now = kind, gate, point, fall, now
        self._asked, self._gain, self._reach = asked, gain, (point, radius_m)
        self._radii = [*takewhile(radius_m.__gt__, accumulate(repeat(2), mul, initial=_FIRST_M)), radius_m]
        self._layers = board.layers
        self._parts: dict[str, list[_Part]] = {}
        self._likeness = [self._likeness_of(layer.segment) for layer in board.layers]
        fresh = (loose.card for loose in board.fresh.values())
        self._loose = [
            (alike(asked, card.gist), far, card)
            for card in fresh
            if card.stands_at(now)
            and fits(card, gate)
            and (far := distance_m(point, card.cell.centre)) <= radius_m
        ]
        known = (likeness.levels[0][0] for likeness in self._likeness if likeness.levels)
        self.likest = max(chain((units for units, *_ in self._loose), known), default=0)

    def streams(self, tier: Tier) -> Iterator[Stream]:
        """Yield the cards of the tier, of each shelf the most promising first."""
        categories = tier.where.categories
        for category in categories:
            for part in self._parts_of(category):
                if bits := part.take(tier.where):
                    yield self._of_part(part, bits, tier.most)
        found = [one for one in self._loose if one[2].category in categories and fits(one[2], tier.where)]
        if found:
            self._loose = [one for one in self._loose if one not in found]
            yield self._in_order(found, tier.most)

    def _parts_of(self, category: str) -> list["_Part"]:
        if category not in self._parts:
            self._parts[category] = [
                self._part(segment, live, likeness, category)
                for (segment, live), likeness in zip(self._layers, self._likeness, strict=True)
            ]
        return self._parts[category]

    def _part(self, segment: Segment, live: int, likeness: Likeness, category: str) -> "_Part":
        shelf = segment.shelf(self._kind, category)
        low, inner = shelf.within(*self._reach)
        bits = shelf.select(self._gate, shelf.standing(live, self._now)) & inner << low
        return _Part(segment, shelf, likeness, bits)

    def _likeness_of(self, segment: Segment) -> Likeness:
        low, inner = segment.within(*self._reach)
        return Likeness(segment.postings, self._asked, segment.kinds.equal(self._kind) & inner << low)

    def _of_part(self, part: "_Part", bits: int, most: int) -> Stream:
        if bits.bit_count() > _FEW:
            return self._by_likeness(part, bits, most)
        slots = slots_of(bits)
        metres = part.shelf.distances(self._point, slots)
        return self._in_order(
            [(part.units(slot), far, part.card(slot)) for far, slot in zip(metres, slots, strict=True)], most
        )

    def _by_likeness(self, part: "_Part", bits: int, most: int) -> Stream:
        """Yield a stream of each level beside what is left: those of the low ones are seldom looked at."""
        nearest = self._fall(0)
        for number, (units, _) in enumerate(part.levels):
            ahead = Ahead(most + self._gain(units) + nearest, 0)
            if number not in part.here:
                yield ahead
            if some := bits & part.level(number):
                bits ^= some
                yield ahead._replace(beside=self._nearest(part, units, some, most + self._gain(units)))
        if bits:
            yield Ahead(most + nearest, 0)
            yield from self._nearest(part, 0, bits, most)

    def _nearest(self, part: "_Part", units: int, bits: int, most: int) -> Stream:
        for radius_m in self._radii:
            low, inner = part.within(self._point, radius_m)
            ring = bits >> low & inner
            if ring:
                bits ^= ring << low
                slots = slots_of(ring, low)
                metres = part.shelf.distances(self._point, slots)
                for far, slot in sorted(zip(metres, slots, strict=True)):
                    yield Ahead(most + self._fall(far), far, units, part.card(slot))
                if not bits:
                    return
            yield Ahead(most + self._fall(radius_m), radius_m)

    def _in_order(self, cards: Iterable[tuple[int, int, Shown]], most: int) -> Stream:
        found = [
            Ahead(most + self._fall(far) + self._gain(units), far, units, card) for units, far, card in cards
        ]
        return iter(sorted(found, key=lambda one: (-one.most, one.metres)))


class _Part:
    """What is left of a shelf."""

    def __init__(self, segment: Segment, shelf: Shelf, likeness: Likeness, bits: int) -> None:
        self._segment, self.shelf, self._bits = segment, shelf, bits
        self._likeness, self.levels = likeness, likeness.levels
        self.here: dict[int, int] = {}
        """The slots of the levels that were looked at."""
        self._discs: dict[int, tuple[int, int]] = {}

    def take(self, where: Where) -> int:
        """Return the slots left that are what is asked, and leave the others."""
        bits = self.shelf.select(where, self._bits)
        self._bits ^= bits
        return bits

    def level(self, number: int) -> int:
        """Return the slots that are just so alike."""
        if number not in self.here:
            self.here[number] = self.shelf.here(self.levels[number][1])
        return self.here[number]

    def units(self, slot: int) -> int:
        return self._likeness.units(self.shelf.slots[slot])

    def within(self, point: Point, radius_m: int) -> tuple[int, int]:
        if radius_m not in self._discs:
            self._discs[radius_m] = self.shelf.within(point, radius_m)
        return self._discs[radius_m]

    def card(self, slot: int) -> Seen:
        return Seen(self._segment, self.shelf.slots[slot])
