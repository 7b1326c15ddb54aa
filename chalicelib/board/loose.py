"""Cards looked at one by one: the few that are too fresh to be in a segment."""

from collections.abc import Iterable, Iterator
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from chalicelib.board.ids import pack
from chalicelib.board.model import Query, Where
from chalicelib.board.pages import Found, Key
from chalicelib.listings.card import Card
from chalicelib.places.model import EARTH_RADIUS_M

_DIAMETER_M = 2 * EARTH_RADIUS_M


class Loose(NamedTuple):
    """A card, and what of it every search would work out again."""

    card: Card
    id: bytes
    lat: float
    cos: float
    lon: float

    @classmethod
    def of(cls, card: Card) -> "Loose":
        centre = card.cell.centre
        lat = radians(centre.lat)
        return cls(card, pack(card.id), lat, cos(lat), centre.lon)


def loose_found(
    cards: Iterable[Loose], query: Query, after: Key | None, now: int, facets: dict[str, int]
) -> list[Found]:
    """Return the cards that a search finds beyond the position, and add their counts to the facets."""
    where = query.where
    found: list[Found] = []
    for loose, metres in _within(cards, query, now):
        card = loose.card
        if not fits(card, where):
            continue
        facets[card.category] = facets.get(card.category, 0) + 1
        if not where.categories or card.category in where.categories:
            first, number = _place(card, metres, query)
            if after is None or (first, number, loose.id) > after:
                found.append((first, number, loose.id, metres, card))
    return found


def fits(card: Card, where: Where) -> bool:
    """Say whether the card is all that is asked but for the category."""
    return (
        (where.kind is None or card.kind == where.kind)
        and (where.state is None or (card.left == 0) == (where.state == "matched"))
        and (where.plain or _fits_rest(card, where))
    )


def _fits_rest(card: Card, where: Where) -> bool:
    return (
        (where.urgency is None or card.urgency == where.urgency)
        and (not where.languages or not where.languages.isdisjoint(card.languages))
        and card.trust >= where.trust
        and card.left >= where.left
        and all(term in card.title_terms or term in card.text_terms for term in where.terms)
        and (where.when is None or where.when.fits(card))
    )


def _within(cards: Iterable[Loose], query: Query, now: int) -> Iterator[tuple[Loose, int | None]]:
    """Yield the cards of the kind that stand within the radius, and their metres from the point.

    Metres are `distance_m` to the centre: the same operations in the same order.
    """
    kind, near, farthest = query.where.kind, query.near, query.radius_m
    standing = (each for each in cards if now < each.card.expires_at and kind in {None, each.card.kind})
    if near is None:
        yield from ((loose, None) for loose in standing)
        return
    lat, lon, scale = radians(near.lat), near.lon, cos(radians(near.lat))
    for loose in standing:
        half, side = sin((loose.lat - lat) / 2), sin(radians(loose.lon - lon) / 2)
        chord = half * half + scale * loose.cos * side * side
        metres = round(_DIAMETER_M * asin(sqrt(chord) if chord < 1 else 1.0))
        if farthest is None or metres <= farthest:
            yield loose, metres


def _place(card: Card, metres: int | None, query: Query) -> tuple[int, int]:
    if query.order == "ending":
        return 0, card.expires_at
    if query.order == "distance":
        return metres or 0, -card.published_at
    if query.order == "relevance":
        return -sum(term in card.title_terms for term in query.where.terms), -card.published_at
    return 0, -card.published_at
