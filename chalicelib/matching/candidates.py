"""Who fits: the best of the other kind for a listing, without looking at them all.

Cards are taken best bound first. A tier is what can be known of a card before it is scored; the most that a
card of it can score is what the tier is certain of and the most of every other term.
"""

from bisect import insort
from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.board.best import best_first
from chalicelib.board.field import Tier
from chalicelib.board.model import Shown, When, Where
from chalicelib.board.service import Known
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
    text_points,
)
from chalicelib.words.alike import Gist

_EVER = ((0, 1 << 40),)
"""Every date: one may fall into a weekly window, which no filter can tell."""


class Candidate(NamedTuple):
    """A card and how well it fits."""

    card: Shown
    fit: Fit


def candidates(
    mine: Shown, said: Gist, board: Known, *, limit: int, zone: ZoneInfo, now: int
) -> list[Candidate]:
    """Return the best candidates for a listing that says so: by score, then the nearer, then by id.

    It stops at the first card that can no longer be one of them, so few are scored.
    """
    best: list[tuple[int, int, str, Candidate]] = []
    prospects = best_first(
        board.fresh(now),
        _gate(mine, zone),
        _tiers(mine),
        point=mine.cell.centre,
        radius_m=mine.reach_m,
        fall=distance_points,
        asked=said,
        gain=text_points,
        now=now,
    )
    for most, metres, units, card in prospects:
        if len(best) == limit and most < -best[-1][0]:
            break
        need, offer = (mine, card) if mine.kind == "need" else (card, mine)
        helper, seeker = board.helper(offer.author), board.helper(need.author)
        fitting = fit(need, offer, helper, seeker=seeker, distance=metres, units=units, zone=zone, now=now)
        if isinstance(fitting, Fit):
            insort(best, (-fitting.score, metres, card.id, Candidate(card, fitting)))
            del best[limit:]
    return [candidate for *_, candidate in best]


def _shapes(places: Iterable[int], trusts: Iterable[int]) -> list[tuple[int, bool, bool, int, int]]:
    """Return what a card may be, the most it can score first: that, then same, spoken, left, trust."""
    shapes = [
        (
            MOST_TIME
            + NEVER_ASKED
            + (SAME_CATEGORY if same else NEAR_CATEGORY)
            + (SHARED_LANGUAGE if spoken else 0)
            + A_PLACE_LEFT * left
            + A_TRUST_LEVEL * trust,
            same,
            spoken,
            left,
            trust,
        )
        for same, spoken, left, trust in product((True, False), (True, False), places, trusts)
    ]
    return sorted(shapes, reverse=True)


_OFFERS = _shapes(range(1, MOST_PLACES + 1), range(MOST_TRUST + 1))
_NEEDS = _shapes((0,), (0,))
"""Of a need, the places left, the trust and the asks that count are the offer's: they are always the same."""


def _gate(mine: Shown, zone: ZoneInfo) -> Where:
    """Return what every candidate is: of the other kind, and free some of the time or on some date."""
    slots = mine.slots
    for span in mine.spans:
        slots |= slots_of(span, zone)
    return Where(kind="offer" if mine.kind == "need" else "need", when=When(slots, _EVER))


def _tiers(mine: Shown) -> Iterator[Tier]:
    """Yield the tiers of the cards that may fit; a card is of the first tier that it fits."""
    near = NEAR.get(mine.category, frozenset())
    own = 0
    if mine.kind == "offer":
        own = A_PLACE_LEFT * min(mine.left, MOST_PLACES) + A_TRUST_LEVEL * min(mine.trust, MOST_TRUST)
    categories = {True: frozenset({mine.category}), False: near}
    languages = {True: frozenset(mine.languages), False: frozenset[str]()}
    for most, same, spoken, left, trust in _OFFERS if mine.kind == "need" else _NEEDS:
        if same or near:
            where = Where(categories=categories[same], languages=languages[spoken], left=left, trust=trust)
            yield Tier(where, most + own)
