"""The line around a city: which points are in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

from chalicelib.cities.fields import Field
from chalicelib.places.model import Point

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""

Position = tuple[float, float]
"""Longitude first, as in GeoJSON."""

_ON_THE_LINE = 1e-9
"""Degrees: a point a tenth of a millimetre from an edge is on it, whatever the rounding."""

_SHORTEST = 4
"""A triangle whose last position is its first again."""

_Edge = tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Ring:
    """A closed line; made by `ring`."""

    positions: tuple[Position, ...]
    bounds: Bounds
    edges: tuple[_Edge, ...]
    """South, north, longitude at the south, degrees of longitude a degree of latitude, how near is on it."""
    flat: tuple[tuple[Position, Position], ...]
    """The ends, western first, of the edges that run due east or west."""

    def side(self, point: Point) -> int:
        """Return 1 inside, 0 on the line, -1 outside."""
        lat, lon = point.lat, point.lon
        west, south, east, north = self.bounds
        if not (west <= lon <= east and south <= lat <= north):
            return -1
        side = -1
        for low, high, base, slope, near in self.edges:
            if low <= lat <= high:
                east_of_it = lon - base - (lat - low) * slope
                if -near <= east_of_it <= near:
                    return 0
                if east_of_it < 0 and lat < high:
                    side = -side
        on_flat = any(lat == at and first <= lon <= last for (first, at), (last, _) in self.flat)
        return 0 if on_flat else side


@dataclass(frozen=True, slots=True)
class Outline:
    """One polygon or several; of a polygon the first ring is its outside and the others are its holes."""

    polygons: tuple[tuple[Ring, ...], ...]

    @property
    def bounds(self) -> Bounds:
        west, south, east, north = zip(*(rings[0].bounds for rings in self.polygons), strict=True)
        return min(west), min(south), max(east), max(north)

    def contains(self, point: Point) -> bool:
        """Tell whether the point is in the outline; a vertex and an edge are in it, those of holes too."""
        return any(
            rings[0].side(point) >= 0 and not any(hole.side(point) > 0 for hole in rings[1:])
            for rings in self.polygons
        )


def ring(positions: Iterable[Position]) -> Ring:
    """Return the ring through the positions, of which the last is the first again."""
    positions = tuple(positions)
    lons, lats = zip(*positions, strict=True)
    edges: list[_Edge] = []
    flat: list[tuple[Position, Position]] = []
    for one, other in pairwise(positions):
        (base, low), (end, high) = sorted((one, other), key=lambda position: position[1])
        if low == high:
            flat.append((min(one, other), max(one, other)))
        else:
            slope = (end - base) / (high - low)
            edges.append((low, high, base, slope, _ON_THE_LINE * hypot(1, slope)))
    return Ring(positions, (min(lons), min(lats), max(lons), max(lats)), tuple(edges), tuple(flat))


def read_outline(field: Field) -> Outline:
    """Return the outline that a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection draws.

    Members that GeoJSON allows and an outline has no use for (properties, bbox, a height) are passed over.
    """
    return Outline(tuple(polygon for geometry in _geometries(field) for polygon in _polygons(geometry)))


def _geometries(field: Field) -> list[Field]:
    match field.value:
        case {"type": "FeatureCollection"}:
            return [feature.member("geometry") for feature in field.member("features").items()]
        case {"type": "Feature"}:
            return [field.member("geometry")]
        case _:
            return [field]


def _polygons(geometry: Field) -> Iterator[tuple[Ring, ...]]:
    kind = geometry.member("type").one_of(("Polygon", "MultiPolygon"))
    if not geometry.sound:
        return
    coordinates = geometry.member("coordinates")
    for polygon in [coordinates] if kind == "Polygon" else coordinates.items():
        yield tuple(_ring(line) for line in polygon.items())


def _ring(line: Field) -> Ring:
    positions = [_position(item) for item in line.items()]
    if line.sound and len(positions) < _SHORTEST:
        line.fault("ring_short", least=_SHORTEST)
    elif line.sound and positions[0] != positions[-1]:
        line.fault("ring_open")
    return ring(positions or [(0.0, 0.0)])


def _position(item: Field) -> Position:
    if not isinstance(item.value, list) or len(item.value) not in {2, 3}:
        item.fault("wrong_type", wanted="position")
        return 0.0, 0.0
    lon, lat, *_ = item.items()
    return lon.degrees(180), lat.degrees(90)


def read_point(field: Field) -> Point:
    at = field.members(("lat", "lon"))
    return Point(at["lat"].degrees(90), at["lon"].degrees(180))
