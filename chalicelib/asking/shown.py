"""Askings in JSON: to the need's author without a name, to coordinators with the reasons."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.api.shown import show_cell, show_instant
from chalicelib.asking.model import Asking, Passed
from chalicelib.asking.repository import Unanswered
from chalicelib.asking.service import Progress
from chalicelib.cities.model import City
from chalicelib.listings.model import Listing
from chalicelib.matching.model import TAKING
from chalicelib.wording.model import say


def show_asking(progress: Progress, city: City, now: int) -> dict[str, Any]:
    """Return how it goes; a need that no round has seen yet is looked at within two minutes."""
    asking = progress.asking or Asking(progress.need.id, progress.need.published_at, due_at=now)
    states = Counter(match.state for match in progress.matches)
    return {
        "state": asking.state,
        "wave": asking.wave,
        "waves": len(city.asking.waves),
        "asked": len(asking.asked),
        "declined": states["declined"] + states["cancelled"] + states["refused"],
        "waiting": states["proposed"],
        "accepted": sum(states[state] for state in ("queued", *TAKING)),
        "no_answer": states["lapsed"],
        "next_look_at": _next_look(asking, now),
    }


def show_desk(unanswered: Sequence[Unanswered], city: City, language: str) -> dict[str, Any]:
    needs = [_show_unanswered(asking, need, city, language) for asking, need in unanswered]
    totals = Counter[str]()
    for asking, _ in unanswered:
        totals.update(asking.outcome.totals)
    return {"totals": _show_totals(totals, language), "needs": needs}


def show_asked_again(asking: Asking, now: int) -> dict[str, Any]:
    return {"need": asking.need, "state": asking.state, "next_look_at": _next_look(asking, now)}


def _next_look(asking: Asking, now: int) -> str | None:
    return show_instant(max(now, asking.due_at)) if asking.state in ("asking", "unanswered") else None


def _show_unanswered(asking: Asking, need: Listing, city: City, language: str) -> dict[str, Any]:
    return {
        "need": need.id,
        "title": need.draft.title,
        "category": need.draft.category,
        "urgency": city.urgency_of(need.draft.category, need.draft.urgency),
        "cell": show_cell(need.cell),
        "published_at": show_instant(need.published_at),
        "expires_at": show_instant(need.expires_at),
        "unanswered_at": show_instant(asking.unanswered_at or asking.due_at),
        "asked": len(asking.asked),
        "totals": _show_totals(asking.outcome.totals, language),
        "candidates": [_show_passed(each, language) for each in asking.outcome.passed],
        "certificate": asking.certificate and _show_certificate(asking.certificate),
    }


def _show_certificate(certificate: Mapping[str, Any]) -> dict[str, Any]:
    absent: dict[str, Any] = {"gates": {}, "loser": None, "part": None, "by": 0}
    return {name: certificate.get(name, absent.get(name)) for name in ("why", *absent)}


def _show_totals(totals: Mapping[str, int], language: str) -> list[dict[str, Any]]:
    """Return the reasons, the most frequent first."""
    ordered = sorted(totals.items(), key=lambda each: (-each[1], each[0]))
    return [{"why": why, "count": count, "words": say(language, f"passed.{why}")} for why, count in ordered]


def _show_passed(passed: Passed, language: str) -> dict[str, Any]:
    return {
        "offer": passed.offer,
        "distance_m": passed.distance_m,
        "why": passed.why,
        "said": passed.said or None,
        "words": say(language, f"passed.{passed.why}"),
    }
