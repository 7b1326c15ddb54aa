"""A boundary as somebody gives it: the right territory picked out, as light as an outline should be."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians
from pathlib import Path
from typing import Any

from chalicelib.cities.fields import Field
from chalicelib.cities.outline import Outline, Position, read_outline
from chalicelib.errors import Invalid
from chalicelib.places.model import METRES_PER_DEGREE, Point
from infra.ops.faults import words
from infra.ops.say import NOTHING_DONE
from infra.ops.stops import Exit, Stopped

MOST_POSITIONS = 500
"""Of an outline: checking a point takes time in proportion."""
FIRST_M = 5.0
DECIMALS = 5
"""A metre."""
_LEAST = 4
_CODES = ("code", "insee", "nis", "code_insee")
_NAMES = ("nom", "name", "naam", "libelle")

Line = Sequence[Position]


@dataclass(frozen=True, slots=True)
class Boundary:
    """An outline ready for a city's file; `within_m` is how far it may be from the line that was given."""

    geometry: dict[str, Any]
    outline: Outline
    name: str
    code: str
    given: int
    kept: int
    within_m: float


def read_boundary(path: Path, code: str) -> Boundary:
    """Return the territory of that code in a GeoJSON file (or the only one in it), simplified if too heavy.

    Raises Stopped when the file is no boundary or has not that territory.
    """
    feature = _pick(_load(path), code, path)
    geometry = feature.get("geometry", feature)
    _outline(geometry, path)
    lines = _lines(geometry)
    lighter, within = _lighten(lines)
    coordinates: list[Any] = [[[list(at) for at in line] for line in polygon] for polygon in lighter]
    single = len(coordinates) == 1
    written = {
        "type": "Polygon" if single else "MultiPolygon",
        "coordinates": coordinates[0] if single else coordinates,
    }
    told = {str(name).lower(): str(value) for name, value in (feature.get("properties") or {}).items()}
    return Boundary(
        written,
        _outline(written, path),
        next((told[name] for name in _NAMES if name in told), ""),
        next((told[name] for name in _CODES if name in told), ""),
        _count(lines),
        _count(lighter),
        within,
    )


def middle(outline: Outline) -> Point:
    """Return a point inside: half-way along the widest stretch of the outline's middle latitude."""
    west, south, east, north = outline.bounds
    best, steps = (0.0, Point((south + north) / 2, (west + east) / 2)), 400
    for part in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8):
        lat, began = south + (north - south) * part, None
        for step in range(steps + 1):
            lon = west + (east - west) * step / steps
            inside = outline.contains(Point(lat, lon))
            if inside and began is None:
                began = lon
            if began is not None and (not inside or step == steps):
                best = max(best, (lon - began, Point(round(lat, 4), round((lon + began) / 2, 4))), key=_width)
                began = None
        if best[0]:
            break
    return best[1]


def _width(found: tuple[float, Point]) -> float:
    return found[0]


def _load(path: Path) -> Any:
    try:
        raw = path.read_bytes()
        return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    except OSError as error:
        raise _refused(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise _refused(f"{path} is not JSON: {error}") from error


def _pick(data: Any, code: str, path: Path) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise _refused(f"{path} is not GeoJSON: it holds a {type(data).__name__}.")
    if data.get("type") != "FeatureCollection":
        return data
    features = [each for each in data.get("features") or () if isinstance(each, dict)]
    found = [each for each in features if code in _values(each, _CODES)]
    found = found or [each for each in features if code in _values(each)]
    if len(found) == 1:
        return found[0]
    if len(features) == 1:
        return features[0]
    many = (
        f"{len(found)} features of {path} have"
        if found
        else f"None of the {len(features)} features of {path} has"
    )
    raise _refused(f"{many} the code {code}.")


def _values(feature: dict[str, Any], names: Sequence[str] = ()) -> list[str]:
    """Return what the feature says of itself, under those names if there are any."""
    told = (feature.get("properties") or {}).items()
    return [str(value) for name, value in told if not names or str(name).lower() in names]


def _outline(geometry: Any, path: Path) -> Outline:
    field = Field(geometry)
    try:
        outline = read_outline(field)
        field.refuse_faults()
    except Invalid as invalid:
        first = invalid.faults[0]
        raise _refused(
            f"{path} is not the boundary of a territory: {first.pointer or '/'} {words(first)}."
        ) from invalid
    return outline


def _refused(what: str) -> Stopped:
    then = "the same command with --boundary FILE: GeoJSON, a Polygon or MultiPolygon, or features of those"
    return Stopped(what, NOTHING_DONE, then, Exit.USAGE)


def _lines(geometry: dict[str, Any]) -> list[list[list[Position]]]:
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    return [[[(at[0], at[1]) for at in line] for line in polygon] for polygon in polygons]


def _count(polygons: Sequence[Sequence[Line]]) -> int:
    return sum(len(line) for polygon in polygons for line in polygon)


def _lighten(polygons: list[list[list[Position]]]) -> tuple[list[list[Line]], float]:
    """Return the lines with few enough positions, and how far from the given ones they may be, in metres."""
    within, lighter = 0.0, _thinned(polygons, 0.0)
    while _count(lighter) > MOST_POSITIONS:
        within = within * 1.5 if within else FIRST_M
        lighter = _thinned(polygons, within)
    if not lighter:
        raise _refused("The boundary is of too many small parts to be drawn with some hundred positions.")
    return lighter, within


def _thinned(polygons: list[list[list[Position]]], within: float) -> list[list[Line]]:
    """Return the polygons whose outer ring is left; holes and islands smaller than the tolerance go."""
    kept = []
    for polygon in polygons:
        rings = [_ring(line, within) for line in polygon]
        if len(rings[0]) >= _LEAST:
            kept.append([rings[0], *(hole for hole in rings[1:] if len(hole) >= _LEAST)])
    return kept


def _ring(line: Line, within: float) -> Line:
    rounded = [(round(lon, DECIMALS), round(lat, DECIMALS)) for lon, lat in line]
    distinct = [rounded[0], *(two for one, two in pairwise(rounded) if one != two)]
    if not within or len(distinct) < _LEAST:
        return distinct
    far = max(range(len(distinct)), key=lambda i: _metres(distinct[0], distinct[i]))
    return [*_simplified(distinct[: far + 1], within)[:-1], *_simplified(distinct[far:], within)]


def _simplified(line: Line, within: float) -> list[Position]:
    """Return the line by Douglas and Peucker (1973): no position left out is further than so many metres."""
    keep, waiting = {0, len(line) - 1}, [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        off, at = max(
            ((_off(line[i], line[first], line[last]), i) for i in range(first + 1, last)), default=(0.0, 0)
        )
        if off > within:
            keep.add(at)
            waiting += [(first, at), (at, last)]
    return [line[i] for i in sorted(keep)]


def _metres(one: Position, other: Position) -> float:
    x = (one[0] - other[0]) * cos(radians((one[1] + other[1]) / 2))
    return hypot(x, one[1] - other[1]) * METRES_PER_DEGREE


def _off(at: Position, one: Position, other: Position) -> float:
    """Return how far a position is from a stretch, in metres."""
    scale = cos(radians(at[1]))
    x, y = (at[0] - one[0]) * scale, at[1] - one[1]
    dx, dy = (other[0] - one[0]) * scale, other[1] - one[1]
    along = max(0.0, min(1.0, (x * dx + y * dy) / (dx * dx + dy * dy))) if dx or dy else 0.0
    return hypot(x - along * dx, y - along * dy) * METRES_PER_DEGREE
