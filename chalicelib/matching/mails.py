"""What each side of a match is told by mail."""

from chalicelib.cities.asking import HIGHEST
from chalicelib.cities.model import City
from chalicelib.listings.windows import write_windows
from chalicelib.matching.model import Match
from chalicelib.matching.repository import Pair
from chalicelib.notices.model import Notice, Pace, notice

ASKING = {"seeker": "asked_to_help", "helper": "offered_help"}


def mail_that_asks(match: Match, pair: Pair, city: City, now: int, *, pace: Pace | None = None) -> Notice:
    """Return what asks the answerer, or calls them to a place that is free; it is of use until it lapses.

    It is urgent whatever the pace when the need is, as its author or its category says.
    """
    need, template = pair.need, "place_free" if match.calls else ASKING[match.proposer]
    if need is not None and city.urgency_of(need.draft.category, need.draft.urgency) == HIGHEST:
        pace = "urgent"
    return mail_of(template, match, match.person_on(match.answerer), pair, now, pace=pace, until=match.due_at)


def mail_of(
    template: str,
    match: Match,
    to: str,
    pair: Pair,
    now: int,
    *,
    pace: Pace | None = None,
    until: int | None = None,
) -> Notice:
    """Return what one side is told of a match; the other side's name is looked up when it is sent."""
    need, offer = pair.need, pair.offer
    asked = match.side_of(to) == match.answerer
    theirs = need if match.side_of(to) == "helper" else offer
    values = {
        "other": match.other(match.side_of(to)),
        "title": need.draft.title if need else "",
        "text": theirs.draft.text if theirs else "",
        "category": need.draft.category if need else "",
        "windows": write_windows(need.draft.windows) if need else "",
        "distance_m": "" if pair.distance_m is None else str(pair.distance_m),
        "due_at": str(match.due_at),
        "message": match.message if asked else match.passed_on,
        "reason": match.reason or "",
        "calls": calls_of(match),
    }
    return notice(template, to, match.id, now, about=calls_of(match), values=values, pace=pace, until=until)


def calls_of(match: Match) -> str:
    """Return what tells one asking of a match from the next: a mail, and the taps in it, are about one."""
    return str(match.calls or "")
