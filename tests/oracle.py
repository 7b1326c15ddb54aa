"""The board without any art: a dictionary and loops. What it says is what the board must say."""

from collections import Counter
from collections.abc import Iterable

from chalicelib.board.model import Page, Position, Query, Where
from chalicelib.listings.card import Card
from chalicelib.listings.windows import Span
from chalicelib.places.model import distance_m

Answer = tuple[list[tuple[str, int, int | None]], int, dict[str, int], Position | None]
"""Id, version and distance of each card of the page; total; facets; next position."""


class Oracle:
    def __init__(self, cards: Iterable[Card] = ()) -> None:
        self.known: dict[str, Card] = {}
        self.apply(cards)

    def apply(self, cards: Iterable[Card]) -> None:
        for card in cards:
            if card.id not in self.known or card.version > self.known[card.id].version:
                self.known[card.id] = card

    def search(self, query: Query, now: int) -> Answer:
        found = [card for card in self.known.values() if card.stands_at(now) and fits(card, query.where)]
        if query.near and query.radius_m is not None:
            found = [card for card in found if metres(query, card) <= query.radius_m]
        facets = Counter(card.category for card in found)
        if query.where.categories:
            found = [card for card in found if card.category in query.where.categories]
        later = (card for card in found if query.after is None or position(query, card) > query.after)
        rest = sorted(later, key=lambda card: position(query, card))
        page = rest[: query.limit]
        return (
            [(card.id, card.version, metres(query, card) if query.near else None) for card in page],
            len(found),
            dict(facets),
            position(query, page[-1]) if len(rest) > len(page) else None,
        )


def answer(page: Page) -> Answer:
    """Return a page of the board in the oracle's words."""
    hits = [(hit.card.id, hit.card.version, hit.distance_m) for hit in page.hits]
    return hits, page.total, {category: count for category, count in page.facets.items() if count}, page.next


def position(query: Query, card: Card) -> Position:
    if query.order == "distance":
        return metres(query, card), -card.published_at, card.id
    if query.order == "ending":
        return 0, card.expires_at, card.id
    if query.order == "relevance":
        return -len({*query.where.terms} & {*card.title_terms}), -card.published_at, card.id
    return 0, -card.published_at, card.id


def metres(query: Query, card: Card) -> int:
    assert query.near is not None
    return distance_m(query.near, card.cell.centre)


def fits(card: Card, where: Where) -> bool:
    """Whether the card is all that is asked but for the category."""
    return all(
        (
            where.kind is None or card.kind == where.kind,
            where.state is None or (card.left == 0) == (where.state == "matched"),
            where.urgency is None or card.urgency == where.urgency,
            not where.languages or where.languages & {*card.languages},
            card.trust >= where.trust,
            card.left >= where.left,
            {*where.terms} <= {*card.title_terms, *card.text_terms},
            where.when is None or card.slots & where.when.slots or meets(card.spans, where.when.spans),
        )
    )


def meets(spans: Iterable[Span], others: Iterable[Span]) -> bool:
    return any(start < until and begin < end for start, end in spans for begin, until in others)
