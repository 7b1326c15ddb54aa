"""Slots nearest first: ring after ring around a point, each sized to hold about as many as are wanted."""

from collections.abc import Iterator, Sequence
from math import pi, sqrt
from typing import Protocol

from chalicelib.board.bits import slots_of
from chalicelib.board.cells import Cells
from chalicelib.places.model import EARTH_RADIUS_M, Point

_HALF_ROUND_M = round(pi * EARTH_RADIUS_M)
_AMPLE = 1.3
"""A ring is sized for so many times what is wanted: then one is mostly enough."""
_GROWTH = 4
"""By how much at most the next ring is larger or smaller than the last."""


class Placed(Protocol):
    """Slots that have a place: a segment's or a shelf's."""

    cells: Cells

    def within(self, point: Point, radius_m: int) -> tuple[int, int]: ...
    def distances(self, point: Point, slots: Sequence[int]) -> list[int]: ...


def rings(
    placed: Placed, bits: int, count: int, point: Point, radius_m: int | None, *, from_m: int, many: int
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the set's slots from `from_m` to `radius_m` away and their metres, each ring beyond the last.

    `count` is how many slots the set has within the radius, `many` how many are wanted: they choose how far
    apart the rings are.
    """
    cells, reach = placed.cells, min(from_m, _HALF_ROUND_M + 1) - 1
    end = _HALF_ROUND_M if radius_m is None else radius_m
    if reach >= 0:
        low, inner = placed.within(point, reach)
        bits ^= bits & inner << low
    wanted = _AMPLE * many * min(end * end, cells.spread) / max(count, 1)
    area = max(wanted, cells.size_m**2 / 3)
    while count > 0 and reach < end:
        reach = min(end, int(sqrt(max(0, reach) ** 2 + area)) + 1)
        low, inner = placed.within(point, reach)
        ring = bits >> low & inner
        if not ring:
            area *= _GROWTH
            continue
        bits ^= ring << low
        slots = slots_of(ring, low)
        yield slots, placed.distances(point, slots)
        many, count = many - len(slots), count - len(slots)
        area *= min(_GROWTH, max(1 / _GROWTH, _AMPLE * many / len(slots)))
