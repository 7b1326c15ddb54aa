"""Use cases of places: an address becomes a point, or a question back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chalicelib.errors import Fault, Invalid
from chalicelib.places.address import Asked, read_address
from chalicelib.places.model import Cell, Point, cell_at, distance_m
from chalicelib.places.repository import AddressBook
from chalicelib.places.spelling import difference, spelling
from chalicelib.places.street import House, Street, Town

POINTER = "/place/address"
SUGGESTIONS = 5

SURE = 0.45
"""How different a street may be from the one asked for and still be taken for it."""

NEAR = 0.8
"""How different it may be and still be suggested."""

CLEAR = 0.12
"""How much less different than any other the street must be."""

SAME_PLACE_M = 150

Precision = Literal["number", "street", "town"]

_SHOWN = {"b": "bis", "t": "ter", "q": "quater"}


@dataclass(frozen=True, slots=True)
class Located:
    """A point for an address: of the very house, of its street near it, or of the town."""

    point: Point
    label: str
    precision: Precision


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An address that may be meant, and the cell it is in."""

    label: str
    cell: Cell


def locate(book: AddressBook, text: str) -> Located:
    """Return where the address is.

    Raises Invalid: `address_unknown`, or `address_ambiguous` with up to five suggestions when it may be one of
    several places or is only nearly one.
    """
    asked = read_address(text, book.towns())
    if not asked.street.words:
        return _town(asked)
    found = _streets(book, asked)
    if not found or asked.abroad:
        raise _unclear(found, asked)
    (best, street), *others = found
    place = _located(street, asked)
    if best > SURE or any(
        score - best < CLEAR and distance_m(_located(other, asked).point, place.point) > SAME_PLACE_M
        for score, other in others
    ):
        raise _unclear(found, asked)
    return place


def suggest(book: AddressBook, text: str, *, cell_m: int, limit: int = SUGGESTIONS) -> tuple[Suggestion, ...]:
    """Return the addresses that the text may mean, the likeliest first."""
    asked = read_address(text, book.towns())
    if asked.street.words:
        found = [_located(street, asked) for _, street in _streets(book, asked)]
    else:
        found = [Located(town.point, _town_label(town), "town") for town in asked.towns]
    cells = {place.label: cell_at(place.point, cell_m) for place in found}
    return tuple(Suggestion(label, cell) for label, cell in cells.items())[:limit]


def _streets(book: AddressBook, asked: Asked) -> list[tuple[float, Street]]:
    """Return the streets that may be meant, the likeliest first, after two queries at most."""
    seen: dict[Street,float] = {}
    postcodes = {town.postcode for town in asked.towns}
    narrow = postcodes.pop() if len(postcodes) == 1 and not book.towns().only else ""
    for key in asked.street.keys:
        seen |= {street: _score(asked, street) for street in book.streets(key, narrow)}
        found = sorted(((score, street) for street, score in seen.items() if score <= NEAR), key=lambda s: (s[0], s[1].name, s[1].postcode))
        if found and found[0][0] <= 0.3:
            break
    return found


def _score(asked: Asked, street: Street) -> float:
    score = difference(asked.street, spelling(street.name))
    if asked.towns:
        if all(town.name != street.town for town in asked.towns):
            return 2
        if all(town.postcode != street.postcode for town in asked.towns):
            score += 0.25
    if score > NEAR or not asked.houses or any(street.find(house) for house in asked.houses):
        return score
    gap = street.gap(asked.houses[0][0])
    return score + (0.15 if gap is None else 0.02 if gap == 0 else 0.15 if gap <= 10 else 0.4)


def _located(street: Street, asked: Asked) -> Located:
    place = f"{street.postcode} {street.town}"
    for house in asked.houses:
        if point := street.find(house):
            return Located(point, f"{_shown(house)} {street.name}, {place}", "number")
    point = street.near(asked.houses[0][0]) if asked.houses else street.point
    return Located(point, f"{street.name}, {place}", "street")


def _shown(house: House) -> str:
    number, suffix = house
    return f"{number} {_SHOWN.get(suffix, suffix.upper())}".strip()


def _town(asked: Asked) -> Located:
    if asked.street.kind or asked.houses or not asked.towns:
        raise Invalid(Fault(POINTER, "address_unknown"))
    town = asked.towns[0]
    return Located(town.point, _town_label(town), "town")


def _town_label(town: Town) -> str:
    return f"{town.postcode} {town.name}"


def _unclear(found: list[tuple[float, Street]], asked: Asked) -> Invalid:
    labels = tuple(dict.fromkeys(_located(street, asked).label for _, street in found))[:SUGGESTIONS]
    if not labels:
        return Invalid(Fault(POINTER, "address_unknown"))
    return Invalid(Fault(POINTER, "address_ambiguous", {"suggestions": labels}))
