"""Ranking: the best offers for a need, beside numpy scoring them all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from unittest.mock import patch

from bench.brute import Offers
from bench.content import LARGEST, SIZES, ZONE, cards
from bench.meter import cpu_ms
from bench.rows import Row, progress, row
from chalicelib.board.repository import Head
from chalicelib.board.service import LiveBoard
from chalicelib.errors import Conflict
from chalicelib.listings.card import Card
from chalicelib.matching import candidates as ranking
from chalicelib.matching.ranking import Fit, fit
from chalicelib.people.model import Helper
from chalicelib.places.model import distance_m
from chalicelib.words.alike import alike
from tests.cards import NOW

NEEDS = 40
WARMING = 10
BEST = 10


@dataclass(frozen=True, slots=True)
class StillLog:
    """A change log in which nothing changes: ranking is measured without its one query."""

    cards: Sequence[Card]

    def now_ms(self) -> int:
        return NOW * 1_000

    def lines(self, _since_ms: int, /) -> Iterable[Card | Helper]:
        return ()

    def head(self) -> Head | None:
        return None

    def parts(self, _head: Head, /) -> list[bytes]:
        return []

    def save(self, _head: Head, _parts: Sequence[bytes], /) -> None:
        raise Conflict("snapshot_overtaken")

    def everything(self) -> Iterable[Card | Helper]:
        return self.cards


def rows() -> Iterable[Row]:
    for size in SIZES[1:]:
        progress(f"ranking among {size:,} offers")
        yield from _ranking(size)


def _ranking(size: int) -> Iterable[Row]:
    offers = [replace(card, kind="offer") for card in cards(size)]
    needs = [card for card in cards(LARGEST) if card.kind == "need" and card.left][-NEEDS - WARMING :]
    board, force = LiveBoard(StillLog(offers)), Offers(offers)
    for need in needs[:WARMING]:
        _ranked(board, need)
    needs = needs[WARMING:]
    took = median([cpu_ms(partial(_ranked, board, need)) for need in needs])
    forced = median([cpu_ms(partial(force.best, need, BEST, NOW)) for need in needs])
    same = sum(_ranked(board, need) == force.best(need, BEST, NOW) for need in needs)
    same += _ranked(board, needs[0]) == _by_hand(offers, needs[0])
    yield row(
        "rank_ms",
        size,
        took,
        f"ms CPU, median of {len(needs)} needs",
        peer="numpy brute force",
        peer_value=forced,
        most=1.5 if size == LARGEST else None,
    )
    wordless = [replace(need, title_terms=(), text_terms=()) for need in needs]
    yield row(
        "rank_text_ms",
        size,
        took,
        f"ms CPU, median of {len(needs)} needs",
        peer="the same needs without their words",
        peer_value=median([cpu_ms(partial(_ranked, board, need)) for need in wordless]),
    )
    yield row(
        "rank_same_order",
        size,
        100 * same / (len(needs) + 1),
        "% of needs",
        peer="numpy brute force",
        least=100,
    )
    yield row(
        "rank_scored",
        size,
        median([100 * _scored(board, need) / size for need in needs]),
        "% of offers, median",
        peer="numpy brute force",
        peer_value=100,
        most=0.5 if size == LARGEST else None,
    )


def _ranked(board: LiveBoard, need: Card) -> list[str]:
    found = ranking.candidates(need, need.gist, board, limit=BEST, zone=ZONE, now=NOW)
    return [candidate.card.id for candidate in found]


def _scored(board: LiveBoard, need: Card) -> int:
    """Return how many offers are scored to find the best."""
    with patch.object(ranking, "fit", wraps=fit) as counted:
        _ranked(board, need)
    return counted.call_count


def _by_hand(offers: Sequence[Card], need: Card) -> list[str]:
    """Return the best by scoring each as the product does: what shows that numpy scores the same."""
    found: list[tuple[int, int, str]] = []
    for offer in offers:
        metres = distance_m(need.cell.centre, offer.cell.centre)
        fitting = fit(
            need,
            offer,
            Helper(offer.author, 0),
            seeker=Helper(need.author, 0),
            distance=metres,
            units=alike(need.gist, offer.gist),
            zone=ZONE,
            now=NOW,
        )
        if isinstance(fitting, Fit):
            found.append((-fitting.score, metres, offer.id))
    return [id_ for _, _, id_ in sorted(found)[:BEST]]
