"""Best first: the cards that can score most before those that cannot, so that ranking may stop early."""

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import NamedTuple

from chalicelib.board.field import Ahead, Field, Stream, Tier
from chalicelib.board.model import Shown, Where
from chalicelib.board.replica import Replica
from chalicelib.places.model import Point
from chalicelib.words.alike import Gist


class Prospect(NamedTuple):
    """A card, how far it is, how alike in units, and the most that it or any card after it can score."""

    most: int
    metres: int
    units: int
    card: Shown


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
    it is asked once. `fall` is what a distance adds to a score, never more for a longer one; `gain` what
    being so alike to what is asked adds, never less for more. A tier is looked at only when its turn can have
    come.
    """
    if gate.kind is None:
        raise ValueError("a gate names a kind")
    field = Field(replica.board, gate.kind, gate, point, radius_m, fall, asked, gain, now)
    heads: list[tuple[int, int, int, Ahead, Stream]] = []
    number, upcoming, nearest = count(), iter(tiers), fall(0) + gain(field.likest)
    tier = next(upcoming, None)
    while tier or heads:
        if tier and (not heads or tier.most + nearest > -heads[0][0]):
            for stream in field.streams(tier):
                heappush(heads, (-tier.most - nearest, 0, next(number), Ahead(0, 0), stream))
            tier = next(upcoming, None)
            continue
        most, metres, _, ahead, stream = heads[0]
        if ahead.card:
            yield Prospect(-most, metres, ahead.units, ahead.card)
        following = next(stream, None)
        if following is None:
            heappop(heads)
            continue
        heapreplace(heads, (-following.most, following.metres, next(number), following, stream))
        if following.beside and (first := next(following.beside, None)):
            heappush(heads, (-first.most, first.metres, next(number), first, following.beside))
