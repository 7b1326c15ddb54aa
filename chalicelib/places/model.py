"""Where things are: points, kept private, and the cells that are shown instead of them."""

from dataclasses import dataclass
from functools import lru_cache
from math import asin, cos, floor, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth, in metres (IUGG, WGS 84)."""

METRES_PER_DEGREE = EARTH_RADIUS_M * radians(1)


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the Earth in degrees, WGS 84."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Place:
    """A point as somebody gave it: private, with the label its owner is shown."""

    point: Point
    label: str


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One tile of the grid of `size_m` metres: all that the public learns of a place.

    Rows run from the South Pole, columns from the antimeridian; every cell of a row is equally wide, so the
    cells of a disc are one run of columns a row.
    """

    size_m: int
    row: int
    col: int

    @property
    def id(self) -> str:
        return f"{self.size_m}.{self.row}.{self.col}"

    @property
    def centre(self) -> Point:
        return _centre(self)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north, in degrees."""
        high, wide = row_height(self.size_m), col_width(self.size_m, self.row)
        return (
            self.col * wide - 180,
            self.row * high - 90,
            (self.col + 1) * wide - 180,
            (self.row + 1) * high - 90,
        )


def cell_at(point: Point, size_m: int) -> Cell:
    """Return the cell of `size_m` metres that holds the point."""
    rows = _rows(size_m)
    row = min(rows - 1, floor((point.lat + 90) / row_height(size_m)))
    cols = cols_in(size_m, row)
    return Cell(size_m, row, min(cols - 1, floor((point.lon + 180) / col_width(size_m, row))))


def read_cell(text: str) -> Cell | None:
    """Return the cell with that id, or None when no grid has one."""
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):  # noqa: PLR2004
        return None
    size_m, row, col = map(int, parts)
    if size_m < 1 or row >= _rows(size_m) or col >= cols_in(size_m, row):
        return None
    cell = Cell(size_m, row, col)
    return cell if cell.id == text else None


def row_height(size_m: int) -> float:
    """Return the height of a row, in degrees of latitude."""
    return 180 / _rows(size_m)


@lru_cache(maxsize=4_096)
def cols_in(size_m: int, row: int) -> int:
    """Return how many cells of about `size_m` metres fill the row around the Earth."""
    middle = (row + 0.5) * row_height(size_m) - 90
    return max(1, round(360 * METRES_PER_DEGREE * cos(radians(middle)) / size_m))


def col_width(size_m: int, row: int) -> float:
    """Return the width of the row's cells, in degrees of longitude."""
    return 360 / cols_in(size_m, row)


def distance_m(a: Point, b: Point) -> int:
    """Return the great-circle distance in whole metres (haversine, mean radius)."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = sin((lat_b - lat_a) / 2), sin(radians(b.lon - a.lon) / 2)
    chord = half_lat * half_lat + cos(lat_a) * cos(lat_b) * half_lon * half_lon
    return round(2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord))))


@lru_cache(maxsize=16)
def _rows(size_m: int) -> int:
    return round(180 * METRES_PER_DEGREE / size_m)


@lru_cache(maxsize=65_536)
def _centre(cell: Cell) -> Point:
    west, south, east, north = cell.bounds
    return Point(round((south + north) / 2, 6), round((west + east) / 2, 6))
