"""Cards looked at one by one: the few that are too fresh to be in a segment."""

from collections.abc import Iterable

from chalicelib.board.ids import pack
from chalicelib.board.model import Query, Where
from chalicelib.board.pages import Found, Key
from chalicelib.listings.card import Card
from chalicelib.places.model import distance_m


def loose_found(
    cards: Iterable[Card], query: Query, after: Key | None, now: int, facets: dict[str, int]
) -> list[Found]:
    """Return the cards that a search finds beyond the position, and add their counts to the facets."""
    found = []
    for card in cards:
        if not card.stands_at(now) or not fits(card, query.where):
            continue
        metres = distance_m(query.near, card.cell.centre) if query.near else None
        if metres is not None and query.radius_m is not None and metres > query.radius_m:
            continue
        facets[card.category] = facets.get(card.category, 0) + 1
        if not query.where.categories or card.category in query.where.categories:
            one = _found(card, metres, query)
            if after is None or one[:3] > after:
                found.append(one)
    return found


def fits(card: Card, where: Where) -> bool:
    """Say whether the card is all that is asked but for the category."""
    return (
        (where.kind is None or card.kind == where.kind)
        and (where.state is None or card.full == (where.state == "matched"))
        and (where.urgency is None or card.urgency == where.urgency)
        and (not where.languages or not where.languages.isdisjoint(card.languages))
        and card.trust >= where.trust
        and card.left >= where.left
        and all(term in card.title_terms or term in card.text_terms for term in where.terms)
        and (where.when is None or where.when.fits(card))
    )


def _found(card: Card, metres: int | None, query: Query) -> Found:
    if query.order == "ending":
        return 0, card.expires_at, pack(card.id), metres, card
    first = 0
    if query.order == "distance":
        first = metres or 0
    elif query.order == "relevance":
        first = -sum(term in card.title_terms for term in query.where.terms)
    return first, -card.published_at, pack(card.id), metres, card
