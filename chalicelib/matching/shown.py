"""Matches and candidates in JSON, with reasons in the reader's words."""

from collections.abc import Mapping
from typing import Any

from chalicelib.api.shown import show_cell, show_instant
from chalicelib.board.model import Shown
from chalicelib.listings.model import Listing
from chalicelib.listings.windows import SLOTS_A_WEEK
from chalicelib.matching.model import Match
from chalicelib.matching.ranking import MOST_TRUST, SAME_CATEGORY, Fit
from chalicelib.matching.repository import Pair
from chalicelib.people.model import Person
from chalicelib.wording.model import say
from chalicelib.words.alike import gist
from chalicelib.words.model import said, terms

MOST_WORDS = 5
"""So many words in common are named."""


def show_candidate(mine: Listing, card: Shown, fit: Fit, language: str) -> dict[str, Any]:
    """Return what a listing of the reader's is offered, with the reasons in the reader's words."""
    return {
        "id": card.id,
        "version": card.version,
        "category": card.category,
        "title": card.title,
        "cell": show_cell(card.cell),
        "languages": list(card.languages),
        "left": card.left,
        "capacity": card.capacity,
        "distance_m": fit.distance_m,
        "score": fit.score,
        "reasons": show_reasons(fit, _in_common(mine, card), language),
    }


def show_reasons(fit: Fit, words: tuple[str, ...], language: str) -> list[Mapping[str, Any]]:
    """Return each term of the score with its points and why; the words are those in common."""
    reasons = _reasons(fit, words)
    return [
        {
            "term": term,
            "points": points,
            "words": say(language, f"reason.{reasons[term][0]}", **reasons[term][1]),
        }
        for term, points in fit.terms.items()
    ]


def show_match(
    pair: Pair, match: Match, by: str, other: Person | None, place_in_queue: int | None
) -> dict[str, Any]:
    """Return a match as one side sees it; what the other answered waits for a coordinator as it does."""
    side, need, offer = match.side_of(by), pair.need, pair.offer
    outcomes = {"seeker": match.seeker_outcome, "helper": match.helper_outcome}
    waiting = match.state == "proposed"
    return {
        "id": match.id,
        "state": match.state,
        "side": side,
        "my_turn": waiting and side == match.answerer,
        "need": match.need,
        "need_title": need and need.draft.title,
        "offer": match.offer,
        "offer_title": offer and offer.draft.title,
        "other": other and {"name": other.name, "languages": list(other.languages), "trust": other.trust},
        "distance_m": pair.distance_m,
        "message": match.message,
        "answer": match.answer if side == match.answerer else match.passed_on,
        "reason": match.reason,
        "my_outcome": outcomes[side],
        "their_outcome": outcomes["helper" if side == "seeker" else "seeker"],
        "made_at": show_instant(match.made_at),
        "answer_by": show_instant(match.due_at) if waiting else None,
        "place_in_queue": place_in_queue,
        "terms": dict(match.terms),
    }


def _in_common(mine: Listing, card: Shown) -> tuple[str, ...]:
    """Return the words of mine that the other speaks of too: whoever reads it knows them."""
    title, text = mine.draft.title, mine.draft.text
    stems = card.shared(gist(terms(title), terms(text)))
    return said(f"{title}\n{text}", stems)[:MOST_WORDS]


def _reasons(fit: Fit, words: tuple[str, ...]) -> Mapping[str, tuple[str, dict[str, Any]]]:
    """Return the message of each term, and its values."""
    always = fit.half_hours >= SLOTS_A_WEEK
    return {
        "category": ("category_same" if fit.terms["category"] == SAME_CATEGORY else "category_near", {}),
        "text": ("text", {"words": words}) if words else ("text_none", {}),
        "distance": ("distance", {"distance": fit.distance_m}),
        "time": ("time_any", {}) if always else ("time_overlap", {"hours": fit.half_hours / 2}),
        "languages": ("language", {"languages": fit.languages}) if fit.languages else ("language_none", {}),
        "capacity": ("capacity", {"left": fit.left}),
        "asked": ("asked", {"count": fit.asked}) if fit.asked else ("asked_never", {}),
        "trust": (f"trust_{min(fit.trust, MOST_TRUST)}", {}),
    }
