"""What of a board comes before a place in a row: by a rank of what a card is, then by its age."""

from collections.abc import Callable
from itertools import product

from chalicelib.board.replica import Replica
from chalicelib.board.segment import Segment
from chalicelib.listings.card import Card, Kind, Urgency


def earlier(
    replica: Replica, kind: Kind, place: tuple[int, int], rank: Callable[[str, Urgency], int]
) -> Replica:
    """Return the cards of a kind of a lower rank, or of that very rank and published earlier.

    `place` is a rank and an instant. `rank` says the rank of a card of a category and an urgency; it is asked
    once for each pair and segment, so that no card is looked at but the few fresh ones.
    """
    last, published_at = place

    def among(segment: Segment) -> int:
        older, found = segment.newest.beyond(-published_at), 0
        for category, urgency in product(segment.categories.values, segment.urgencies.values):
            own = rank(category, urgency)
            if own <= last:
                both = segment.categories.equal(category) & segment.urgencies.equal(urgency)
                found |= both if own < last else both & older
        return found & segment.kinds.equal(kind)

    def holds(card: Card) -> bool:
        return card.kind == kind and (rank(card.category, card.urgency), card.published_at) < place

    return replica.part(among, holds)
