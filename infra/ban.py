"""Base Adresse Nationale: the streets and towns of a city out of its CSV files."""

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TextIO

from chalicelib.places.model import Point, distance_m
from chalicelib.places.street import HIGHEST, House, Street, Town, pack

MOST_FAULTS = 20
REQUIRED = {"nom_voie", "code_postal", "lon", "lat"}

_SUFFIXES = {"bis": "b", "ter": "t", "quater": "q"}
_POSTCODE = re.compile("[0-9]{4,5}")
_DISTRICT = re.compile(r" [0-9]+(?:er|e|ème) Arrondissement$")
_ENTRANCE = re.compile(r"[0-9]+[a-z]?[A-Z]+[0-9]* ")
"""Some cities write the entrances of a building as streets of their own: "50P2 Rue Stephenson"."""


class NotAddresses(Exception):
    """The file cannot be read as addresses: every line that is wrong is named, up to twenty."""


@dataclass(slots=True)
class Reading:
    """Rows gathered into streets. `inside` tells which points are the city's."""

    inside: Callable[[Point], bool]
    town: str
    """The town of rows that name none."""
    rows: int = 0
    outside: int = 0
    nameless: int = 0
    """Rows that name no street."""
    _houses: dict[tuple[str, str, str], dict[House, Point]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, row: Mapping[str, str]) -> None:
        """Take a row in, or raise ValueError that says what is wrong with it."""
        self.rows += 1
        name, postcode, house, point = row["nom_voie"].strip(), _postcode(row), _house(row), _point(row)
        if not re.search(r"\w", name) or _ENTRANCE.match(name):
            self.nameless += 1
        elif not self.inside(point):
            self.outside += 1
        else:
            town = _DISTRICT.sub("", row.get("nom_commune") or self.town)
            self._houses[name, postcode, town].setdefault(house, point)

    def streets(self) -> list[Street]:
        """Return the streets in the order of their names, each at the house nearest to its middle."""
        found = []
        for (name, postcode, town), houses in sorted(self._houses.items()):
            middle = _mean(houses.values())
            on_it = min(houses.values(), key=lambda point: distance_m(point, middle))
            numbered = ((house, point) for house, point in houses.items() if 0 < house[0] <= HIGHEST)
            found.append(Street(name, postcode, town, on_it, pack(numbered, on_it)))
        return found


def read(path: Path, reading: Reading, *, progress: Callable[[int], None] = lambda _: None) -> None:
    """Read a file of BAN, or raise NotAddresses; `progress` is told the number of rows now and then."""
    faults = []
    with _opened(path) as file:
        for line, row in _rows(file, path):
            try:
                reading.add(row)
            except ValueError as error:
                faults.append(f"{path.name}, line {line}: {error}")
                if len(faults) == MOST_FAULTS:
                    break
            if reading.rows % 10_000 == 0:
                progress(reading.rows)
    if faults:
        raise NotAddresses("\n".join(faults))


def towns_of(streets: Iterable[Street]) -> list[Town]:
    """Return the towns that the streets are in, each part with its own postcode, at its middle."""
    points: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for street in streets:
        points[street.town, street.postcode].append(street.point)
    return [Town(name, postcode, _mean(where)) for (name, postcode), where in sorted(points.items())]


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _rows(file: TextIO, path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    head = file.readline()
    rows = csv.DictReader(chain([head], file), delimiter=";" if ";" in head else ",", restval="")
    try:
        if missing := REQUIRED - set(rows.fieldnames or ()):
            raise NotAddresses(f"{path.name}: no column {', '.join(sorted(missing))}")
        for row in rows:
            yield rows.line_num, row
    except (csv.Error, UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
        raise NotAddresses(f"{path.name}, after line {rows.line_num}: {error}") from error


def _postcode(row: Mapping[str, str]) -> str:
    if not _POSTCODE.fullmatch(row["code_postal"]):
        raise ValueError(f"code_postal is {row['code_postal']!r}")
    return row["code_postal"]


def _house(row: Mapping[str, str]) -> House:
    number, suffix = row.get("numero") or "0", (row.get("rep") or "").strip().lower()
    if not number.isdecimal():
        raise ValueError(f"numero is {number!r}")
    return int(number), _SUFFIXES.get(suffix, suffix) if suffix.isascii() else ""


def _point(row: Mapping[str, str]) -> Point:
    try:
        point = Point(float(row["lat"]), float(row["lon"]))
    except ValueError:
        raise ValueError(f"lat, lon are {row['lat']!r}, {row['lon']!r}") from None
    if not (abs(point.lat) <= 90 and abs(point.lon) <= 180):  # noqa: PLR2004
        raise ValueError(f"lat, lon are {row['lat']!r}, {row['lon']!r}")
    return point


def _mean(points: Iterable[Point]) -> Point:
    known = tuple(points)
    return Point(
        round(sum(p.lat for p in known) / len(known), 6), round(sum(p.lon for p in known) / len(known), 6)
    )
