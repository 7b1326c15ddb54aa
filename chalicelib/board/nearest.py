"""Slots nearest first: ring after ring around a point, each sized to hold about as many as are wanted."""

from collections.abc import Iterator
from math import pi, sqrt

from chalicelib.board.bits import slots_of
from chalicelib.board.segment import Segment
from chalicelib.places.model import EARTH_RADIUS_M, Point

Near = tuple[int, int, int]
"""Metres, rank by newness, slot."""
_HALF_ROUND_M = round(pi * EARTH_RADIUS_M)
_AMPLE = 1.3
"""A ring is sized for so many times what is wanted: then one is mostly enough."""
_GROWTH = 4


def nearest(
    segment: Segment, bits: int, count: int, point: Point, radius_m: int | None, *, from_m: int, many: int
) -> Iterator[list[Near]]:
    """Yield the slots of the set from `from_m` to `radius_m` away, in order of distance and newness, in lots.

    `count` is about how many slots the set has within the radius, `many` how many are wanted: they only choose
    how far apart the rings are.
    """
    cells, ranks = segment.cells, segment.newest.ranks
    end, reach = _HALF_ROUND_M if radius_m is None else radius_m, from_m - 1
    if from_m:
        low, inner = segment.within(point, reach)
        bits ^= bits & inner << low
    area = max(_AMPLE * many * min(end * end, cells.spread) / max(count, 1), cells.size_m**2 / 3)
    while bits and reach < end:
        reach = min(end, int(sqrt(max(0, reach) ** 2 + area)) + 1)
        area *= _GROWTH
        low, inner = segment.within(point, reach)
        ring = bits >> low & inner
        if ring:
            bits ^= ring << low
            slots = slots_of(ring, low)
            metres = cells.distances(point, slots)
            yield sorted(zip(metres, map(ranks.__getitem__, slots), slots, strict=True))
