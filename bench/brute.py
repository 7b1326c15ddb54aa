"""Ranking by brute force with numpy: every offer is scored for a need by the same terms, then sorted."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from bench.content import ZONE
from chalicelib.listings.card import Card
from chalicelib.listings.windows import SLOT_MINUTES, Span, slots_of
from chalicelib.matching.ranking import (
    A_PLACE_LEFT,
    A_TRUST_LEVEL,
    DISTANCE_SCALE_M,
    FULL_OVERLAP,
    MOST_DISTANCE,
    MOST_PLACES,
    MOST_TEXT,
    MOST_TIME,
    MOST_TRUST,
    NEAR,
    NEAR_CATEGORY,
    NEVER_ASKED,
    SAME_CATEGORY,
    SHARED_LANGUAGE,
)
from chalicelib.places.model import EARTH_RADIUS_M
from chalicelib.words.alike import A_ROOT, A_STEM, A_THING, A_TITLE, FULL, Gist

Whole = NDArray[np.int64]
Said = tuple[int, str]
"""Which part of a gist, and what of it."""
_WORDS = 6
_MASK = (1 << 64) - 1


class Offers:
    """The offers as columns. Of their authors nothing is known that would keep them from being asked."""

    def __init__(self, cards: Sequence[Card]) -> None:
        centres = [card.cell.centre for card in cards]
        self.ids = np.array([card.id for card in cards])
        self.authors = np.array([card.author for card in cards])
        self.categories = np.array([card.category for card in cards])
        self.lats = np.radians([point.lat for point in centres])
        self.lons = np.array([point.lon for point in centres])
        self.reaches = np.array([card.reach_m for card in cards])
        self.ends = np.array([card.expires_at for card in cards])
        self.lefts = np.array([card.left for card in cards])
        self.trusts = np.array([card.trust for card in cards])
        self.said = _said([card.gist for card in cards])
        self.slots = _words(card.slots for card in cards)
        self.spoken = {
            language: np.array([language in card.languages for card in cards])
            for language in sorted({language for card in cards for language in card.languages})
        }
        spans = [(at, span) for at, card in enumerate(cards) for span in card.spans]
        self.span_of = np.array([at for at, _ in spans], dtype=np.int64)
        self.starts = np.array([start for _, (start, _) in spans], dtype=np.int64)
        self.untils = np.array([until for _, (_, until) in spans], dtype=np.int64)
        self.span_slots = _words(slots_of(span, ZONE) for _, span in spans)

    def best(self, need: Card, count: int, now: int) -> list[str]:
        """Return the ids of the best offers for a need, in order."""
        metres, halves = self._metres(need), self._halves(need)
        near = [need.category, *NEAR.get(need.category, ())]
        open_ = (self.authors != need.author) & (self.lefts > 0) & (self.ends > now)
        fit = open_ & np.isin(self.categories, near) & (halves > 0)
        fit &= metres <= np.minimum(self.reaches, need.reach_m)
        rows = np.flatnonzero(fit)
        score = self._scores(need, metres, halves)[rows]
        order = np.lexsort((self.ids[rows], metres[rows], -score))[:count]
        return cast("list[str]", self.ids[rows[order]].tolist())

    def _scores(self, need: Card, metres: Whole, halves: Whole) -> Whole:
        speaks: Any = np.zeros(len(self.ids), dtype=bool)
        for language in need.languages:
            speaks = speaks | self.spoken.get(language, False)
        score: Whole = (
            np.where(self.categories == need.category, SAME_CATEGORY, NEAR_CATEGORY)
            + MOST_TEXT * self._units(need.gist) // FULL
            + MOST_DISTANCE * np.maximum(0, DISTANCE_SCALE_M - metres) // DISTANCE_SCALE_M
            + MOST_TIME * np.minimum(halves, FULL_OVERLAP) // FULL_OVERLAP
            + SHARED_LANGUAGE * speaks
            + A_PLACE_LEFT * np.minimum(self.lefts, MOST_PLACES)
            + NEVER_ASKED
            + A_TRUST_LEVEL * np.minimum(self.trusts, MOST_TRUST)
        )
        return score

    def _units(self, asked: Gist) -> Whole:
        units: Whole = np.zeros(len(self.ids), dtype=np.int64)
        for key, weight in _weighed(asked):
            if key in self.said:
                units[self.said[key]] += weight
        return np.minimum(units, FULL)

    def _metres(self, need: Card) -> Whole:
        point = need.cell.centre
        lat = np.radians(point.lat)
        half, side = np.sin((self.lats - lat) / 2), np.sin(np.radians(self.lons - point.lon) / 2)
        chord = half * half + np.cos(lat) * np.cos(self.lats) * side * side
        found: Whole = np.rint(2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1, np.sqrt(chord)))).astype(np.int64)
        return found

    def _halves(self, need: Card) -> Whole:
        """Return the half hours in common; beyond what counts they may be more than there are."""
        common = _bits(self.slots & _words([need.slots]))
        for span in need.spans:
            common += _bits(self.slots & _words([slots_of(span, ZONE)]))
        if len(self.span_of):
            np.add.at(common, self.span_of, _bits(self.span_slots & _words([need.slots])))
            for span in need.spans:
                np.add.at(common, self.span_of, self._shared(span))
        return common

    def _shared(self, span: Span) -> Whole:
        seconds = np.minimum(self.untils, span[1]) - np.maximum(self.starts, span[0])
        shared: Whole = -(-np.maximum(seconds, 0) // (SLOT_MINUTES * 60))
        return shared


def _weighed(gist: Gist) -> list[tuple[Said, int]]:
    """Return all that a text speaks of, and what having it in common weighs."""
    parts = ((gist.stems, A_STEM), (gist.roots, A_ROOT), (gist.things, A_THING), (gist.titled, A_TITLE))
    return [((number, f"{one}"), weight) for number, (part, weight) in enumerate(parts) for one in part]


def _said(gists: Sequence[Gist]) -> dict[Said, Whole]:
    """Return of all that is spoken of the rows that do."""
    rows: dict[Said, list[int]] = {}
    for at, gist in enumerate(gists):
        for key, _ in _weighed(gist):
            rows.setdefault(key, []).append(at)
    return {key: np.array(found, dtype=np.int64) for key, found in rows.items()}


def _words(masks: Iterable[int]) -> NDArray[np.uint64]:
    """Return a row of 64-bit words a mask."""
    rows = [[mask >> 64 * word & _MASK for word in range(_WORDS)] for mask in masks]
    return np.array(rows, dtype=np.uint64).reshape(len(rows), _WORDS)


def _bits(masks: NDArray[np.uint64]) -> Whole:
    counted: Whole = np.bitwise_count(masks).sum(axis=1, dtype=np.int64)
    return counted
