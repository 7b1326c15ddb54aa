"""What an address book holds: streets with their house numbers, and towns with their postcodes."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import Struct

from chalicelib.places.model import Point
from chalicelib.places.spelling import tokens

House = tuple[int, str]
"""A house number and its suffix: "" for none, b for bis, t for ter, q for quater, or a letter or two."""

HIGHEST = 65_535
"""The highest house number that a book can hold."""

_HOUSE = Struct(">H2shh")
_STEPS_PER_DEGREE = 100_000
_FURTHEST = 32_767


@dataclass(frozen=True, slots=True)
class Street:
    """A street, or the part of it in one postcode. `point` is on it; `houses` is what `pack` returns."""

    name: str
    postcode: str
    town: str
    point: Point
    houses: bytes = b""

    @property
    def count(self) -> int:
        """How many houses it has."""
        return len(self.houses) // _HOUSE.size

    def find(self, house: House) -> Point | None:
        """Return where the house is, or None when the book has not that very number and suffix."""
        for index in range(self._first(house[0]), self.count):
            known = self.house(index)
            if known == house:
                return self.place(index)
            if known[0] > house[0]:
                break
        return None

    def gap(self, number: int) -> int | None:
        """Return how far in numbers the nearest known house of the same side is, None when there is none."""
        return min((abs(self.house(index)[0] - number) for index in self._beside(number)), default=None)

    def near(self, number: int) -> Point:
        """Return where the number would be: between its neighbours of that side, or at the last of them."""
        beside = self._beside(number)
        if not beside:
            return self.point
        low, high = beside[0], beside[-1]
        first, last = self.house(low)[0], self.house(high)[0]
        part = (number - first) / (last - first) if last > first else 0
        start, end = self.place(low), self.place(high)
        return _point(start.lat + part * (end.lat - start.lat), start.lon + part * (end.lon - start.lon))

    def house(self, index: int) -> House:
        """Return the house with that rank, the lowest number first."""
        number, suffix, _, _ = _HOUSE.unpack_from(self.houses, index * _HOUSE.size)
        return number, suffix.rstrip(b"\0").decode()

    def place(self, index: int) -> Point:
        _, _, north, east = _HOUSE.unpack_from(self.houses, index * _HOUSE.size)
        return _point(self.point.lat + north / _STEPS_PER_DEGREE, self.point.lon + east / _STEPS_PER_DEGREE)

    def _beside(self, number: int) -> list[int]:
        """Return the nearest houses below the number and not below it, on its side of the street."""
        here = self._first(number)
        below, above = range(here - 1, -1, -1), range(here, self.count)
        found = (next((i for i in side if self._same_side(i, number)), None) for side in (below, above))
        return [index for index in found if index is not None]

    def _same_side(self, index: int, number: int) -> bool:
        return (self.house(index)[0] - number) % 2 == 0

    def _first(self, number: int) -> int:
        """Return the rank of the first house whose number is not below."""
        return bisect_left(range(self.count), number, key=lambda index: self.house(index)[0])


def pack(houses: Iterable[tuple[House, Point]], origin: Point) -> bytes:
    """Return the houses as 8 bytes each, their places as steps of about a metre from the origin."""
    return b"".join(
        _HOUSE.pack(number, suffix.encode()[:2], _step(at.lat - origin.lat), _step(at.lon - origin.lon))
        for (number, suffix), at in sorted(houses, key=lambda known: known[0])
    )


@dataclass(frozen=True, slots=True)
class Town:
    """A town, or the part of it that has the postcode."""

    name: str
    postcode: str
    point: Point


class Towns:
    """The towns of a book, by postcode and by name."""

    def __init__(self, towns: Iterable[Town]) -> None:
        self.by_postcode: dict[str, list[Town]] = {}
        self._by_name: dict[str, list[Town]] = {}
        self.longest = 0
        """Most words of a name."""
        for town in towns:
            words = tokens(town.name)
            self.longest = max(self.longest, len(words))
            self.by_postcode.setdefault(town.postcode, []).append(town)
            self._by_name.setdefault("".join(words), []).append(town)

    @property
    def only(self) -> Sequence[Town]:
        """The parts of the town when the book has but one town, else none."""
        return next(iter(self._by_name.values())) if len(self._by_name) == 1 else ()

    def named(self, words: Sequence[str]) -> Sequence[Town]:
        """Return the towns, or the parts of one, whose name has these words, as `tokens` returns them."""
        return self._by_name.get("".join(words), ())


def _point(lat: float, lon: float) -> Point:
    return Point(round(lat, 6), round(lon, 6))


def _step(degrees: float) -> int:
    return max(-_FURTHEST, min(_FURTHEST, round(degrees * _STEPS_PER_DEGREE)))
