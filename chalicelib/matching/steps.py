"""What each change of a match writes: the match, the listings it stands on, and the mails that tell of it."""

from typing import NamedTuple

from chalicelib.errors import Conflict
from chalicelib.listings.model import Listing
from chalicelib.matching.mails import mail_of
from chalicelib.matching.model import IN_VAIN, TAKING, WELCOME, CancelReason, Match
from chalicelib.matching.repository import Pair
from chalicelib.notices.model import Notice, Pace
from chalicelib.people.model import Person

SEEKER_SAYS_S = 5 * 86_400
"""Within this time the seeker is asked how it went. The helper's notice waits longer (`PATIENCE_S`)."""


class Step(NamedTuple):
    """What one change of a match writes.

    `called` is who is asked again because a place became free, `seen` the listings that was decided on and
    that stay as they are; `together` says that from now on the two sides are in touch, or will be.
    """

    match: Match
    listings: tuple[Listing, ...] = ()
    notices: tuple[Notice, ...] = ()
    person: Person | None = None
    called: Match | None = None
    seen: tuple[Listing, ...] = ()
    together: bool = False


def said_yes(
    pair: Pair, match: Match, by: str, answer: str, *, confirmed: bool, linked: bool, now: int
) -> Step:
    """Take a place of both listings; a helper whom others were quicker than is queued instead.

    `confirmed` says that a coordinator has the last word; `linked` that the yes came by the link of the mail
    that asked, which shows from now on what was agreed. A second yes of somebody queued changes nothing.
    """
    match.answerable(by)
    if match.state == "queued":
        return Step(match)
    refuse_late(pair, match, by, now)
    need, offer = pair.need, pair.offer
    if need is None or offer is None:
        raise Conflict("not_available")
    if match.state in WELCOME and by == match.helper and need.stands_at(now) and need.left == 0:
        offer.taken(now)
        return Step(match.queued(by, now, need.queue + 1), (need.queued(),), seen=(offer,))
    agreed = match.agreed(by, now, answer) if confirmed else match.accepted(by, now, answer)
    told: Pace = "soon" if confirmed else "urgent"
    copy: Pace = "along" if linked else "calm"  # it is on their screen, and they can open it again or not
    mails = (
        mail_of(f"match_{agreed.state}", agreed, match.other(match.side_of(by)), pair, now, pace=told),
        mail_of(f"match_{agreed.state}", agreed, by, pair, now, pace=copy),
    )
    return Step(agreed, (need.taken(now), offer.taken(now)), mails, together=True)


def refuse_late(pair: Pair, match: Match, by: str, now: int) -> None:
    """Tell a helper kindly that their yes comes too late, or that their own offer cannot keep it."""
    need, offer = pair.need, pair.offer
    if by != match.helper or match.state not in ("proposed", "lapsed", "cancelled"):
        return
    if need is None or need.over_at(now):
        raise Conflict("need_over")
    if match.state in WELCOME and offer is not None and offer.over_at(now):
        raise Conflict("offer_over")
    if match.state in WELCOME and offer is not None and offer.left == 0:
        raise Conflict("offer_full")


def answered_no(match: Match, pair: Pair, now: int) -> Step:
    """Return the end of a match to which somebody said no, or nothing, told to who proposed it.

    Whom the city asked, the seeker did not choose: the page of the asking shows how each ends, and a mail
    says when nobody is left.
    """
    if not match.chosen:
        return Step(match)
    proposer = match.person_on(match.proposer)
    return Step(match, notices=(mail_of(f"match_{match.state}", match, proposer, pair, now),))


def asked_how(match: Match, pair: Pair, now: int) -> tuple[Notice, ...]:
    """Ask how it went: the seeker within days, the helper later, and not if the seeker says it went well."""
    seeker = mail_of("how_did_it_go", match, match.seeker, pair, now, until=now + SEEKER_SAYS_S)
    return seeker, mail_of("how_did_it_go", match, match.helper, pair, now)


def went_well(match: Match, need: Listing | None) -> bool:
    """Say whether the seeker has said that it went well, of the match or by ending the need with it.

    Of a need that wants several helpers its end says nothing of each.
    """
    served = need is not None and need.outcome == "helped_here" and need.draft.capacity == 1
    return served or match.seeker_outcome == "went_well"


def said_no(template: str, match: Match, pair: Pair, by: str, now: int, *, pace: Pace | None = None) -> Step:
    """Return the end of a match, told to the side that did not end it."""
    other = match.other(match.side_of(by))
    return Step(match, (), (mail_of(template, match, other, pair, now, pace=pace),))


def taken_back(pair: Pair, match: Match, by: str, reason: CancelReason, now: int) -> Step:
    """End a match; the places it took are free again.

    Who leaves a queue leaves it quietly, and so does whom only the city had asked.
    """
    ended = match.cancelled(by, now, reason)
    quietly = match.state == "queued" or (match.state == "proposed" and not match.chosen)
    if quietly and by == match.helper:
        return Step(ended)
    pace: Pace | None = "urgent" if match.state == "accepted" else None  # somebody may wait at the door
    step = said_no("match_cancelled", ended, pair, by, now, pace=pace)
    return step._replace(listings=given_back(pair, match))


def given_back(pair: Pair, match: Match) -> tuple[Listing, ...]:
    """Return the listings with the places that the match took."""
    freed = (pair.need, pair.offer) if match.state in TAKING else ()
    return tuple(each.given_back() for each in freed if each is not None)


def to_both(
    template: str, match: Match, pair: Pair, now: int, *, pace: Pace | None = None
) -> tuple[Notice, ...]:
    people = (match.seeker, match.helper)
    return tuple(mail_of(template, match, person, pair, now, pace=pace) for person in people)


def frees(before: Match, after: Match) -> bool:
    """Say whether a place of the need is free now that was not: taken, or promised to who was called."""
    return (before.state in TAKING or before.is_called) and after.state in IN_VAIN
