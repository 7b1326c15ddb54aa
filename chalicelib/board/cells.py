"""The cells of a segment, and which of them lie in a disc."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from math import asin, cos, degrees, pi, radians, sin, sqrt

from chalicelib.places.model import EARTH_RADIUS_M, METRES_PER_DEGREE, Cell, Point, distance_m

_DIAMETER_M = 2 * EARTH_RADIUS_M
_DOUBT = 1e-7
"""Degrees of longitude within which only the distance itself tells whether a cell is in a disc."""
_HALF_DEGREE = radians(0.5)
_FAR = 179
"""Degrees of longitude from which the other way round the Earth may be the shorter."""

Run = tuple[int, int]
"""A first one, and the one after the last."""


class Row:
    """The cells of one row that hold cards, from west to east; the segment's from `first` to `end`."""

    def __init__(self, size_m: int, row: int, first: int, cols: "array[int]") -> None:
        self.size_m, self.row, self.cols = size_m, row, cols
        self.first, self.end = first, first + len(cols)
        west, east = self.centre(0), self.centre(-1)
        self.lat, self.west, self.east = west.lat, west.lon, east.lon
        self.radians = radians(self.lat)
        self.cos = cos(self.radians)

    @cached_property
    def lons(self) -> list[float]:
        """The longitudes of the cells' centres."""
        return [self.centre(at).lon for at in range(len(self.cols))]

    def centre(self, at: int) -> Point:
        return Cell(self.size_m, self.row, self.cols[at]).centre

    def within(self, point: Point, radius_m: int, start: int, end: int) -> Run:
        """Return which cells of the row from `start` to `end`, first and last in doubt, are inside."""
        if self._beyond(point, start, radius_m):
            start += 1
        if start < end and self._beyond(point, end - 1, radius_m):
            end -= 1
        return start, end

    def _beyond(self, point: Point, at: int, radius_m: int) -> bool:
        return distance_m(point, self.centre(at)) > radius_m


class Cells:
    """The cells of a segment, rows from south to north; slots are numbered in that order, so a cell is a run.

    Distances are `distance_m` from a point to a cell's centre, to the metre: the same operations in the same
    order, only with what a row shares worked out once.
    """

    def __init__(self, table: list[tuple[int, int, int]], cols: "array[int]", counts: "array[int]") -> None:
        """The table has of each row the size of its cells, its number, and how many cells of it there are."""
        self.table, self.cols, self.counts = table, cols, counts
        self.starts = array("I", accumulate(counts, initial=0))
        """The first slot of each cell, and at the end how many slots there are."""
        self._firsts = list(accumulate((count for _, _, count in table[:-1]), initial=0)) if table else []
        self._rows = [
            Row(size_m, row, first, cols[first : first + count])
            for (size_m, row, count), first in zip(table, self._firsts, strict=True)
        ]
        self._lats = [row.lat for row in self._rows]
        self._outlines = [
            (row.radians, row.cos, row.west, row.east, row.first, row.end, row) for row in self._rows
        ]
        self._west = min((row.west for row in self._rows), default=0.0)
        self._east = max((row.east for row in self._rows), default=0.0)
        self.size_m = max((row.size_m for row in self._rows), default=1)
        self.spread = max(self.size_m**2, self._box() // 3)
        """About the square of the radius of a disc as large as where the cells lie."""

    @classmethod
    def of(cls, cells: list[Cell]) -> "Cells":
        """Return the cells of cards that are already in the order of `place`."""
        table: list[tuple[int, int, int]] = []
        cols, counts, last = array("I"), array("I"), None
        for cell in cells:
            if cell == last:
                counts[-1] += 1
                continue
            if last and (last.size_m, last.row) == (cell.size_m, cell.row):
                table[-1] = (cell.size_m, cell.row, table[-1][2] + 1)
            else:
                table.append((cell.size_m, cell.row, 1))
            cols.append(cell.col)
            counts.append(1)
            last = cell
        return cls(table, cols, counts)

    def __len__(self) -> int:
        return len(self.cols)

    def at(self, slot: int) -> Cell:
        index = bisect_right(self.starts, slot) - 1
        row = self._row_of(index)
        return Cell(row.size_m, row.row, self.cols[index])

    def disc(self, point: Point, radius_m: int) -> list[Run]:
        """Return the runs of cells that are at most `radius_m` from the point, in order and apart.

        A row that is wholly inside is told by its ends and a product: an angle is more than its sine.
        """
        if radius_m < 0:
            return []
        if self._wraps(point):
            return self._disc_by_cell(point, radius_m)
        reach = degrees((radius_m + 1) / EARTH_RADIUS_M)
        south, north = bisect_left(self._lats, point.lat - reach), bisect_right(self._lats, point.lat + reach)
        top = sin(min((radius_m + 0.5) / _DIAMETER_M, pi / 2)) ** 2
        lat, lon, scale = radians(point.lat), point.lon, cos(radians(point.lat))
        runs: list[Run] = []
        last = -1
        for height, breadth, west, east, start, end, row in self._outlines[south:north]:
            half = sin((height - lat) / 2)
            rest = (top - half * half) / (scale * breadth)
            side = (max(lon - west, east - lon) + _DOUBT) * _HALF_DEGREE
            if side * side > rest:
                if rest < 0:
                    continue
                wide = degrees(2 * asin(sqrt(rest) if rest < 1 else 1.0))
                west, east, lons = lon - wide, lon + wide, row.lons  # noqa: PLW2901
                low = bisect_left(lons, west - _DOUBT)
                high = bisect_right(lons, east + _DOUBT, low)
                if low < high and (lons[low] < west + _DOUBT or lons[high - 1] > east - _DOUBT):
                    low, high = row.within(point, radius_m, low, high)
                if low >= high:
                    continue
                start, end = start + low, start + high  # noqa: PLW2901
            if start == last:
                runs[-1] = (runs[-1][0], end)
            else:
                runs.append((start, end))
            last = end
        return runs

    def distances(self, point: Point, slots: Sequence[int]) -> list[int]:
        """Return the metres from the point to each slot."""
        lat, lon, scale = radians(point.lat), point.lon, cos(radians(point.lat))
        starts, found, metres = self.starts, [], 0
        start = end = first = last = 0
        for slot in slots:
            if not start <= slot < end:
                index = bisect_right(starts, slot) - 1
                start, end = starts[index], starts[index + 1]
                if not first <= index < last:
                    row = self._row_of(index)
                    first, last, lons = row.first, row.end, row.lons
                    half = sin((row.radians - lat) / 2)
                    base, product = half * half, scale * row.cos
                side = sin(radians(lons[index - first] - lon) / 2)
                chord = base + product * side * side
                metres = round(_DIAMETER_M * asin(sqrt(chord) if chord < 1 else 1.0))
            found.append(metres)
        return found

    def _box(self) -> int:
        if not self._rows:
            return 0
        middle = self._rows[len(self._rows) // 2]
        high, wide = self._lats[-1] - self._lats[0], (self._east - self._west) * middle.cos
        return round(high * wide * METRES_PER_DEGREE**2)

    def _wraps(self, point: Point) -> bool:
        """Whether a cell may be nearer the other way round the Earth, out of the order of columns."""
        return point.lon - self._west > _FAR or self._east - point.lon > _FAR

    def _row_of(self, index: int) -> Row:
        return self._rows[bisect_right(self._firsts, index) - 1]

    def _disc_by_cell(self, point: Point, radius_m: int) -> list[Run]:
        metres = self.distances(point, list(self.starts[:-1]))
        return [(index, index + 1) for index, far in enumerate(metres) if far <= radius_m]


def place(cell: Cell) -> tuple[float, int, int]:
    """Return what slots are ordered by: rows from south to north, then columns."""
    return cell.centre.lat, cell.size_m, cell.col
