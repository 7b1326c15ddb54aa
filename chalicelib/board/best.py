"""Best first: the cards that can score most before those that cannot, so that ranking may stop early."""

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush, heapreplace
from itertools import accumulate, count, repeat, takewhile
from operator import mul
from typing import NamedTuple

from chalicelib.board.alike import Level, levels
from chalicelib.board.bits import slots_of
from chalicelib.board.loose import fits
from chalicelib.board.model import Shown, Where
from chalicelib.board.replica import Board, Replica
from chalicelib.board.seen import Seen
from chalicelib.board.segment import Segment
from chalicelib.board.shelf import Shelf
from chalicelib.listings.card import Card, Kind
from chalicelib.places.model import Point, distance_m
from chalicelib.words.alike import Gist, alike

_FIRST_M = 800
"""How far the cards of a tier are first looked for; then twice as far, and again."""


class Tier(NamedTuple):
    """Cards that can score alike: what they are, and the most one can score besides its distance and words."""

    where: Where
    most: int


class Prospect(NamedTuple):
    """A card, how far it is, how alike in units, and the most that it or any card after it can score."""

    most: int
    metres: int
    units: int
    card: Shown


_Ahead = tuple[int, int, int, Shown | None]
"""The most that is still to come of a stream, how far that is, how alike, and the card if one is there."""
_Stream = Iterator[_Ahead]


def best_first(
    replica: Replica,
    gate: Where,
    tiers: Iterable[Tier],
    *,
    point: Point,
    radius_m: int,
    fall: Callable[[int], int],
    asked: Gist,
    gain: Callable[[int], int],
    now: int,
) -> Iterator[Prospect]:
    """Yield the cards that stand within the radius and pass the gate, those first that can score most.

    The gate names a kind, every tier categories. Tiers come with the highest `most` first; a card belongs to
    the first it fits, and one that fits none is left out. What holds of all tiers belongs in the gate, where
    it is asked once. `fall` is what a distance adds to a score, never more for a longer one; `gain` what being
    alike adds, never less for more units. A tier is looked at only when its turn can have come.
    """
    if gate.kind is None:
        raise ValueError("a gate names a kind")
    field = _Field(replica.board, gate.kind, gate, point, radius_m, fall, asked, gain, now)
    heads: list[tuple[int, int, int, int, Shown | None, _Stream]] = []
    number, upcoming = count(), iter(tiers)
    nearest, likest = fall(0), gain(alike(asked, asked))
    tier = next(upcoming, None)
    while tier or heads:
        if tier and (not heads or tier.most + nearest + likest > -heads[0][0]):
            for most, stream in field.streams(tier):
                heappush(heads, (-most - nearest, 0, next(number), 0, None, stream))
            tier = next(upcoming, None)
            continue
        most, metres, _, units, card, stream = heads[0]
        if card:
            yield Prospect(-most, metres, units, card)
        if ahead := next(stream, None):
            most, metres, units, card = ahead
            heapreplace(heads, (-most, metres, next(number), units, card, stream))
        else:
            heappop(heads)


class _Field:
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
        self._asked, self._gain = asked, gain
        self._radii = [*takewhile(radius_m.__gt__, accumulate(repeat(2), mul, initial=_FIRST_M)), radius_m]
        self._layers = board.layers
        self._parts: dict[str, list[_Part]] = {}
        self._alike: list[list[Level]] | None = None
        fresh = (loose.card for loose in board.fresh.values())
        self._loose = [card for card in fresh if card.stands_at(now) and fits(card, gate)]

    def streams(self, tier: Tier) -> Iterator[tuple[int, _Stream]]:
        """Yield the cards of the tier, of each shelf and likeness in order of distance, and the most of each."""
        categories = tier.where.categories
        for category in categories:
            for part in self._parts_of(category):
                for units, bits in part.take(tier.where):
                    most = tier.most + self._gain(units)
                    yield most, self._nearest(part, units, bits, most)
        found = [card for card in self._loose if card.category in categories and fits(card, tier.where)]
        if found:
            self._loose = [card for card in self._loose if card not in found]
            for card in found:
                if (metres := distance_m(self._point, card.cell.centre)) <= self._radii[-1]:
                    units = alike(self._asked, card.gist)
                    most = tier.most + self._gain(units)
                    yield most, iter([(most + self._fall(metres), metres, units, card)])

    def _parts_of(self, category: str) -> list["_Part"]:
        if category not in self._parts:
            self._parts[category] = [
                _Part(segment, segment.shelf(self._kind, category), live, self._gate, alike_here, self._now)
                for (segment, live), alike_here in zip(self._layers, self._levels(), strict=True)
            ]
        return self._parts[category]

    def _levels(self) -> list[list[Level]]:
        """Return of each layer how alike what is in reach is."""
        if self._alike is None:
            self._alike = []
            for segment, _ in self._layers:
                low, inner = segment.within(self._point, self._radii[-1])
                within = segment.kinds.equal(self._kind) & inner << low
                self._alike.append(levels(segment.postings, self._asked, within))
        return self._alike

    def _nearest(self, part: "_Part", units: int, bits: int, most: int) -> _Stream:
        for radius_m in self._radii:
            low, inner = part.within(self._point, radius_m)
            ring = bits >> low & inner
            if ring:
                bits ^= ring << low
                slots = slots_of(ring, low)
                metres = part.shelf.distances(self._point, slots)
                for far, slot in sorted(zip(metres, slots, strict=True)):
                    yield most + self._fall(far), far, units, part.card(slot)
                if not bits:
                    return
            yield most + self._fall(radius_m), radius_m, units, None


class _Part:
    """What is left of a shelf."""

    def __init__(
        self, segment: Segment, shelf: Shelf, live: int, gate: Where, alike_here: list[Level], now: int
    ) -> None:
        self._segment, self.shelf = segment, shelf
        self._bits = shelf.select(gate, shelf.standing(live, now))
        here = [(units, shelf.here(bits)) for units, bits in alike_here]
        self._levels = [(units, bits) for units, bits in here if bits]
        self._discs: dict[int, tuple[int, int]] = {}

    def take(self, where: Where) -> Iterator[Level]:
        """Yield the slots left that are what is asked, by how alike they are, and leave the others."""
        bits = self.shelf.select(where, self._bits)
        self._bits ^= bits
        for units, like in self._levels:
            if not bits:
                return
            if some := bits & like:
                bits ^= some
                yield units, some
        if bits:
            yield 0, bits

    def within(self, point: Point, radius_m: int) -> tuple[int, int]:
        if radius_m not in self._discs:
            self._discs[radius_m] = self.shelf.within(point, radius_m)
        return self._discs[radius_m]

    def card(self, slot: int) -> Seen:
        return Seen(self._segment, self.shelf.slots[slot])
