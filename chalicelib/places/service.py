"""Use cases of places: an address becomes a point, or a question back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chalicelib.errors import Fault, Invalid
from chalicelib.places.address import Asked, read_address
from chalicelib.places.likeness import difference
from chalicelib.places.model import Cell, Place, Point, cell_at, distance_m
from chalicelib.places.repository import AddressBook
from chalicelib.places.spelling import spelling
from chalicelib.places.street import Street, Town

POINTER = "/place/address"
SUGGESTIONS = 5

GOOD, SURE, NEAR = 0.2, 0.45, 0.8
"""How far a street may be from the one asked for: to look no further, to be taken for it, to be suggested."""

CLEAR = 0.12
"""How much nearer than any other the street must be."""

SAME_PLACE_M = 150
"""Two answers that are as close as this need no question."""

OTHER_POSTCODE = 0.25
OTHER_SUFFIX, NEAR_NUMBER, NO_NUMBER = 0.02, 0.15, 0.4
A_FEW_DOORS = 10

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


@dataclass(frozen=True, slots=True)
class _Guess:
    """A street that may be meant, how far it is from what was asked for, and the answer it would give."""

    apart: float
    street: Street
    place: Located


def locate(book: AddressBook, text: str) -> Located:
    """Return where the address is.

    Raises Invalid: `address_unknown`, or `address_ambiguous` with up to five suggestions when it may be one
    of several places, or is only nearly one.
    """
    asked = read_address(text, book.towns())
    if not asked.street.words:
        return _town(asked)
    guesses = _guesses(book, asked)
    if not guesses:
        raise Invalid(Fault(POINTER, "address_unknown"))
    best, *others = guesses
    rivals = [other for other in others if other.apart - best.apart < CLEAR]
    if asked.doubtful or best.apart > SURE or any(_metres(best, rival) > SAME_PLACE_M for rival in rivals):
        labels = dict.fromkeys(guess.place.label for guess in guesses)
        raise Invalid(Fault(POINTER, "address_ambiguous", {"suggestions": tuple(labels)[:SUGGESTIONS]}))
    return best.place


def find_place(book: AddressBook, point: Point | None, address: str | None) -> Place:
    """Return the place that a point or else an address names; raises Invalid as `locate` does."""
    if point is not None:
        return Place(point, f"{point.lat:.5f}, {point.lon:.5f}")
    found = locate(book, address or "")
    return Place(found.point, found.label)


def suggest(book: AddressBook, text: str, *, cell_m: int, limit: int = SUGGESTIONS) -> tuple[Suggestion, ...]:
    """Return the addresses that the text may mean, the likeliest first."""
    asked = read_address(text, book.towns())
    if asked.street.words:
        places = [guess.place for guess in _guesses(book, asked)]
    else:
        places = [_centre(town) for town in asked.towns]
    cells = {place.label: cell_at(place.point, cell_m) for place in places}
    return tuple(Suggestion(label, cell) for label, cell in cells.items())[:limit]


def _guesses(book: AddressBook, asked: Asked) -> list[_Guess]:
    """Return the streets that may be meant, the likeliest first: one query, a second one if it must be."""
    if asked.elsewhere:
        return []
    one_town = bool(book.towns().only)
    postcodes = {town.postcode for town in asked.towns}
    streets = book.sounding(asked.street.sound, () if one_town else postcodes)
    guesses = _judged(asked, streets)
    if (guesses and guesses[0].apart <= GOOD) or not (one_town or postcodes):
        return guesses
    return _judged(asked, [*streets, *book.starting(asked.street.start, postcodes)])


def _judged(asked: Asked, streets: Iterable[Street]) -> list[_Guess]:
    judged = ((_apart(asked, street), street) for street in dict.fromkeys(streets))
    guesses = [_Guess(apart, street, _place(street, asked)) for apart, street in judged if apart <= NEAR]
    return sorted(guesses, key=lambda guess: (guess.apart, guess.place.label))


def _apart(asked: Asked, street: Street) -> float:
    """Return how far the street is from the one asked for, its name, postcode and numbers taken together."""
    if asked.towns and all(town.name != street.town for town in asked.towns):
        return NEAR + 1
    apart = difference(asked.street, spelling(street.name))
    if asked.towns and all(town.postcode != street.postcode for town in asked.towns):
        apart += OTHER_POSTCODE
    if apart > NEAR or not asked.houses or any(street.find(house) for house in asked.houses):
        return apart
    gap = street.gap(asked.houses[0][0])
    if gap == 0:
        return apart + OTHER_SUFFIX
    return apart + (NEAR_NUMBER if gap is None or gap <= A_FEW_DOORS else NO_NUMBER)


def _place(street: Street, asked: Asked) -> Located:
    where = f"{street.name}, {street.postcode} {street.town}"
    for number, suffix in asked.houses:
        if point := street.find((number, suffix)):
            house = f"{number} {_SHOWN.get(suffix, suffix.upper())}".strip()
            return Located(point, f"{house} {where}", "number")
    return Located(street.near(asked.houses[0][0]) if asked.houses else street.point, where, "street")


def _town(asked: Asked) -> Located:
    if asked.houses or not asked.towns:
        raise Invalid(Fault(POINTER, "address_unknown"))
    return _centre(asked.towns[0])


def _centre(town: Town) -> Located:
    return Located(town.point, f"{town.postcode} {town.name}", "town")


def _metres(guess: _Guess, other: _Guess) -> int:
    return distance_m(guess.place.point, other.place.point)
