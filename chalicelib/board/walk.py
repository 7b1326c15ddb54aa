"""The cells of a segment nearest first, worked out one at a time."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from heapq import heappop, heappush, heapreplace
from math import asin, cos, degrees, inf, pi, radians, sin, sqrt

from chalicelib.board.cells import DIAMETER_M, Cells, Row
from chalicelib.places.model import Point

Near = tuple[int, int, int]
"""Metres to a cell's centre, and the cell's run of slots."""
_DOUBT = 1e-7


def nearest(cells: Cells, point: Point, from_m: int = 0) -> Iterator[Near]:
    """Yield the cells nearest first, without those nearer than `from_m`."""
    if cells.wraps(point):
        return (cell for cell in cells.by_cell(point) if cell[0] >= from_m)
    return _Walk(cells, point, from_m).steps()


class _Walk:
    """Each row is walked east and west from the point's meridian, from when its own parallel is near enough."""

    def __init__(self, cells: Cells, point: Point, from_m: int) -> None:
        self._cells, self._lon, self._from_m = cells, point.lon, from_m
        self._lat, self._scale = radians(point.lat), cos(radians(point.lat))
        self._skipped = sin(min(max(0.0, from_m - 0.5) / DIAMETER_M, pi / 2)) ** 2
        self._heads: list[tuple[float, int, int, int, Row, float, float]] = []
        """The next cell of each walk: chord, the row's first cell and the step (no two walks share both), place in
        the row, row, and the row's two terms of the chord."""
        self._north = bisect_left(cells.lats, point.lat)
        self._south = self._north - 1
        self._to_north, self._to_south = self._base(self._north), self._base(self._south)
        self._next = 0.0

    def steps(self) -> Iterator[Near]:
        heads, lon, starts, from_m = self._heads, self._lon, self._cells.starts, self._from_m
        while True:
            if not heads or heads[0][0] > self._next:
                self._open()
                if not heads:
                    return
            chord, first, step, at, row, base, scale = heads[0]
            metres, cell = round(DIAMETER_M * asin(min(1.0, sqrt(chord)))), first + at
            if metres >= from_m:
                yield metres, starts[cell], starts[cell + 1]
            at += step
            if 0 <= at < len(row.lons):
                side = sin(radians(row.lons[at] - lon) / 2)
                heapreplace(heads, (base + scale * side * side, first, step, at, row, base, scale))
            else:
                heappop(heads)

    def _open(self) -> None:
        """Let every row join that may hold the nearest cell left."""
        while min(self._to_north, self._to_south) < (self._heads[0][0] if self._heads else inf):
            if self._to_north <= self._to_south:
                self._join(self._cells.rows[self._north], self._to_north)
                self._north += 1
                self._to_north = self._base(self._north)
            else:
                self._join(self._cells.rows[self._south], self._to_south)
                self._south -= 1
                self._to_south = self._base(self._south)
        self._next = min(self._to_north, self._to_south)

    def _base(self, index: int) -> float:
        """Return the chord from the point's parallel to the row's; none is nearer."""
        if not 0 <= index < len(self._cells.rows):
            return inf
        half = sin((self._cells.rows[index].radians - self._lat) / 2)
        return half * half

    def _join(self, row: Row, base: float) -> None:
        scale = self._scale * row.cos
        lons, inner = row.lons, 0.0
        if base < self._skipped:
            inner = degrees(2 * asin(sqrt(min(1.0, (self._skipped - base) / scale)))) - _DOUBT
        if inner > 0:
            east, west = bisect_left(lons, self._lon + inner), bisect_right(lons, self._lon - inner) - 1
        else:
            east = bisect_left(lons, self._lon)
            west = east - 1
        for at, step in ((east, 1), (west, -1)):
            if 0 <= at < len(lons):
                side = sin(radians(lons[at] - self._lon) / 2)
                heappush(self._heads, (base + scale * side * side, row.first, step, at, row, base, scale))
