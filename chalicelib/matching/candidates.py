"""Who fits: the best of the other kind for a listing, without looking at them all."""

from dataclasses import replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.board.model import Query, Shown, Where
from chalicelib.board.search import search
from chalicelib.board.service import LiveBoard
from chalicelib.listings.card import Card
from chalicelib.matching.ranking import BEST, MOST_DISTANCE, NEAR, Fit, distance_points, fit


class Candidate(NamedTuple):
    card: Shown
    fit: Fit


def candidates(mine: Card, board: LiveBoard, *, limit: int, zone: ZoneInfo, now: int) -> list[Candidate]:
    replica = board.fresh(now)
    where = Where(
        kind="offer" if mine.kind == "need" else "need",
        categories=frozenset({mine.category}) | NEAR.get(mine.category, frozenset()),
    )
    query = Query(where, mine.cell.centre, mine.reach_m, "distance", 64)
    found: list[Candidate] = []
    while True:
        page = search(replica, query, now)
        for hit in page.hits:
            need, offer = (mine, hit.card) if mine.kind == "need" else (hit.card, mine)
            fitting = fit(
                need, offer, board.helper(offer.author), distance=hit.distance_m or 0, zone=zone, now=now
            )
            if isinstance(fitting, Fit):
                found.append(Candidate(hit.card, fitting))
        found = sorted(found, key=lambda one: (-one.fit.score, one.fit.distance_m, one.card.id))[:limit]
        if page.next is None:
            return found
        query = replace(query, after=page.next)
