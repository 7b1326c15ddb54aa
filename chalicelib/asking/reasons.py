"""Why nobody helps: each candidate of a need, the nearest first, with the gate that is shut or the answer."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.asking.choosing import asleep_or_unreachable
from chalicelib.asking.model import Outcome, Passed
from chalicelib.board.model import Hit, Query, Shown, Where
from chalicelib.board.search import search
from chalicelib.board.service import Known
from chalicelib.matching.model import Match
from chalicelib.matching.ranking import NEAR, fit

MOST_NAMED = 50
"""Candidates that are told one by one."""
MOST_COUNTED = 500
"""Candidates that are looked at, the nearest."""
NO_ANSWER, NOT_ASKED = "no_answer", "not_asked"
"""Asked in vain; free and willing, but others were asked first and the waves ask no more."""
_SAID: Mapping[str, str] = MappingProxyType(
    {
        "declined": "declined",
        "refused": "refused",
        "cancelled": "cancelled",
        "queued": "helps",
        "agreed": "helps",
        "accepted": "helps",
        "done": "helps",
    }
)


class View(NamedTuple):
    """The board at an instant, in a city's time."""

    board: Known
    zone: ZoneInfo
    now: int


def outcome(need: Shown, matches: Iterable[Match], view: View) -> Outcome:
    """Return what became of every candidate within the need's reach, and of who was asked, wherever."""
    by_offer = {match.offer: match for match in matches}
    known = {match.helper: match for match in by_offer.values()} | by_offer
    passed = [
        Passed(hit.card.id, hit.distance_m or 0, *_why(need, hit, known, view)) for hit in _near(need, view)
    ]
    there = {each.offer for each in passed}
    away = [match for match in by_offer.values() if match.offer not in there]
    passed = [*(Passed(match.offer, 0, *said(match)) for match in away), *passed]
    totals = Counter(each.why for each in passed)
    return Outcome(tuple(passed[:MOST_NAMED]), dict(totals.most_common()))


def said(match: Match) -> tuple[str, str]:
    """Return what a helper who has to do with the need answered, and in which words."""
    return _SAID.get(match.state, NO_ANSWER), match.reason or ""


def _near(need: Shown, view: View) -> Iterator[Hit]:
    query = Query(
        Where(
            kind="offer",
            categories=frozenset({need.category}) | NEAR.get(need.category, frozenset()),
            state=None,
        ),
        near=need.cell.centre,
        radius_m=need.reach_m,
        order="distance",
        limit=MOST_COUNTED,
    )
    hits = search(view.board.fresh(view.now), query, view.now).hits
    return (hit for hit in hits if hit.card.author != need.author)


def _why(need: Shown, hit: Hit, known: Mapping[str, Match], view: View) -> tuple[str, str]:
    """Return why an offer does not help; `known` are the matches by offer, and by helper for their others."""
    offer, (board, zone, now) = hit.card, view
    match = known.get(offer.id) or known.get(offer.author)
    if match is not None:
        return said(match)
    helper, seeker = board.helper(offer.author), board.helper(need.author)
    far = hit.distance_m or 0
    fitting = fit(need, offer, helper, seeker=seeker, distance=far, units=0, zone=zone, now=now)
    if isinstance(fitting, str):
        return fitting, ""
    return asleep_or_unreachable(helper, zone, now) or NOT_ASKED, ""
