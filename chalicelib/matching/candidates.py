"""Who fits: the best of the other kind for a listing, without looking at them all.

Cards are taken best bound first. A tier is what can be known of a card before it is scored; the most that a
card of it can score is what the tier is certain of and the most of every other term.
"""

from collections.abc import Iterator
from heapq import heappush, heappushpop
from itertools import product
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.board.best import Tier, best_first
from chalicelib.board.model import Shown, When, Where
from chalicelib.board.service import LiveBoard
from chalicelib.listings.card import Card
from chalicelib.listings.windows import slots_of
from chalicelib.matching.ranking import (
    A_PLACE_LEFT,
    A_TRUST_LEVEL,
    MOST_PLACES,
    MOST_TIME,
    MOST_TRUST,
    NEAR,
    NEAR_CATEGORY,
    NEVER_ASKED,
    SAME_CATEGORY,
    SHARED_LANGUAGE,
    Fit,
    distance_points,
    fit,
)

_EVER = When(0, ((0, 1 << 40),))
"""Cards with any date at all: a date may fall into a weekly window, which no filter can tell."""


class Candidate(NamedTuple):
    """A card and how well it fits."""

    card: Shown
    fit: Fit


def candidates(mine: Card, board: LiveBoard, *, limit: int, zone: ZoneInfo, now: int) -> list[Candidate]:
    """Return the best candidates for a listing: by score, then the nearer, then by id.

    It stops at the first card that can no longer be one of them, so few are scored.
    """
    best: list[tuple[int, int, str, Candidate]] = []
    prospects = best_first(
        board.fresh(now),
        Where(kind="offer" if mine.kind == "need" else "need"),
        sorted(_tiers(mine, zone), key=lambda tier: -tier.most),
        point=mine.cell.centre,
        radius_m=mine.reach_m,
        fall=distance_points,
        now=now,
    )
    for most, metres, card in prospects:
        if len(best) == limit and most < best[0][0]:
            break
        need, offer = (mine, card) if mine.kind == "need" else (card, mine)
        fitting = fit(need, offer, board.helper(offer.author), distance=metres, zone=zone, now=now)
        if isinstance(fitting, Fit):
            entry = (fitting.score, -metres, _reversed(card.id), Candidate(card, fitting))
            heappush(best, entry) if len(best) < limit else heappushpop(best, entry)
    return [candidate for *_, candidate in sorted(best, reverse=True)]


def _tiers(mine: Card, zone: ZoneInfo) -> Iterator[Tier]:
    """Yield what a card may be, with the most it can score; a card is of the first tier that it fits."""
    dated = [slots_of(span, zone) for span in mine.spans]
    slots = mine.slots
    for mask in dated:
        slots |= mask
    near = NEAR.get(mine.category, frozenset())
    categories = [(frozenset({mine.category}), SAME_CATEGORY), (near, NEAR_CATEGORY)]
    languages = [(frozenset(mine.languages), SHARED_LANGUAGE), (frozenset[str](), 0)]
    places = [(left, A_PLACE_LEFT * left) for left in range(MOST_PLACES, 0, -1)]
    trusts = [(trust, A_TRUST_LEVEL * trust) for trust in range(MOST_TRUST, -1, -1)]
    if mine.kind == "offer":  # the places left, the trust and the asks are then one's own
        places = [(0, A_PLACE_LEFT * min(mine.left, MOST_PLACES))]
        trusts = [(0, A_TRUST_LEVEL * min(mine.trust, MOST_TRUST))]
    for when, (category, a), (spoken, b), (left, c), (trust, d) in product(
        (When(slots, mine.spans), _EVER), categories, languages, places, trusts
    ):
        if category:
            where = Where(categories=category, when=when, languages=spoken, left=left, trust=trust)
            yield Tier(where, a + b + c + d + MOST_TIME + NEVER_ASKED)


def _reversed(id_: str) -> str:
    """Return a text that sorts the other way round, so that of equals the first id is the greater."""
    return "".join(chr(0x7F - ord(letter)) for letter in id_)
