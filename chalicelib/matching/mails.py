"""What each side of a match is told by mail."""

from chalicelib.listings.windows import write_windows
from chalicelib.matching.model import Match
from chalicelib.matching.repository import Pair
from chalicelib.notices.model import Notice, Pace, notice
from chalicelib.places.model import distance_m

ASKING = {"seeker": "asked_to_help", "helper": "offered_help"}


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
    """Return what one side is told of a match; the other side's name is looked up when it is sent.

    An ask for a need whose urgency is high is urgent, whatever the pace; it is of use until it lapses.
    """
    need, offer = pair.need, pair.offer
    asked = match.side_of(to) == match.answerer
    theirs = need if match.side_of(to) == "helper" else offer
    values = {
        "other": match.other(match.side_of(to)),
        "title": need.draft.title if need else "",
        "text": theirs.draft.text if theirs else "",
        "category": need.draft.category if need else "",
        "windows": write_windows(need.draft.windows) if need else "",
        "distance_m": str(distance_m(need.cell.centre, offer.cell.centre)) if need and offer else "",
        "due_at": str(match.due_at),
        "message": match.message if asked else match.passed_on,
        "reason": match.reason or "",
        "calls": calls_of(match),
    }
    asks = template in (*ASKING.values(), "place_free")
    if asks and need is not None and need.draft.urgency == "high":
        pace = "urgent"
    until = match.due_at if asks else until
    return notice(template, to, match.id, now, about=calls_of(match), values=values, pace=pace, until=until)


def calls_of(match: Match) -> str:
    """Return what tells one asking of a match from the next: a mail, and the taps in it, are about one."""
    return str(match.calls or "")
