"""What a proposal must be: two listings that fit, of two people, one of whom asks."""

from dataclasses import replace
from typing import NamedTuple

from chalicelib.cities.model import City
from chalicelib.errors import Conflict, NotAllowed, NotFound
from chalicelib.listings.model import Listing
from chalicelib.matching.mails import mail_that_asks
from chalicelib.matching.model import HOUR_S, Match, Side
from chalicelib.matching.ranking import Fit, fit
from chalicelib.matching.repository import Pair
from chalicelib.notices.model import Notice, Pace
from chalicelib.people.model import Helper, Person, helper_of, kept_apart
from chalicelib.people.repository import People
from chalicelib.places.model import distance_m
from chalicelib.words.alike import alike


class Proposal(NamedTuple):
    """A new match, the mail that asks, and the person asked as they are to stand then."""

    match: Match
    mail: Notice
    asked: Person | None


def drawn_up(
    pair: Pair,
    side: Side,
    people: People,
    city: City,
    *,
    message: str,
    now: int,
    pace: Pace | None = None,
    reach_m: int | None = None,
) -> Proposal:
    """Return what a proposal from one side stores, whoever makes it; Conflict when it may not be made.

    `reach_m` is how far the need goes, when that is not what its author said.
    """
    need, offer = both(pair)
    if reach_m is not None:
        need = replace(need, draft=replace(need.draft, reach_m=reach_m))
    seeker, helper = together(people, need.author, offer.author)
    match = proposal(need, offer, side, seeker, helper, city=city, now=now)
    match = replace(match, message=message)
    mail = mail_that_asks(match, pair, city, now, pace=pace)
    return Proposal(match, mail, helper.was_asked(now) if side == "seeker" else None)


def proposal(
    need: Listing, offer: Listing, side: Side, seeker: Person, helper: Person, *, city: City, now: int
) -> Match:
    """Return the match a side proposes, if it may; who comes forward to help need not fit."""
    need.taken(now)
    offer.taken(now)
    if side == "seeker":
        helper.may_be_asked(need.draft.category, now)
    known = helper_of(helper) if side == "seeker" else Helper(helper.id, 0)
    mine, theirs = need.card(city.zone), offer.card(city.zone)
    fitting = fit(
        mine,
        theirs,
        known,
        seeker=helper_of(seeker),
        distance=distance_m(need.cell.centre, offer.cell.centre),
        units=alike(mine.gist, theirs.gist),
        zone=city.zone,
        now=now,
    )
    if not isinstance(fitting, Fit) and side == "seeker":
        raise Conflict(fitting)
    return Match(
        need=need.id,
        offer=offer.id,
        seeker=need.author,
        helper=offer.author,
        proposer=side,
        made_at=now,
        due_at=answer_by(need, offer, city, now),
        terms=fitting.terms if isinstance(fitting, Fit) else {},
    )


def together(people: People, seeker_id: str, helper_id: str) -> tuple[Person, Person]:
    """Return two who may be brought together: both are there and neither blocks the other.

    Of others Conflict, and one code says either: who is blocked is not told, nor who left.
    """
    seeker, helper = people.get_many([seeker_id, helper_id])
    if seeker is None or helper is None or kept_apart(seeker, helper):
        raise Conflict("not_available")
    return seeker, helper


def answer_by(need: Listing, offer: Listing, city: City, now: int) -> int:
    """Return until when a proposal that is made now can be answered."""
    return min(now + city.limits.proposal_hours * HOUR_S, need.expires_at, offer.expires_at)


def both(pair: Pair) -> tuple[Listing, Listing]:
    if pair.need is None or pair.offer is None or pair.need.kind != "need" or pair.offer.kind != "offer":
        raise NotFound("not_found")
    return pair.need, pair.offer


def side_of(need: Listing, offer: Listing, person: str) -> Side:
    """Return on which side a person proposes: they own one of the two listings, and not both."""
    if need.author == offer.author:
        raise Conflict("own_listing")
    if person not in (need.author, offer.author):
        raise NotAllowed("not_yours")
    return "seeker" if person == need.author else "helper"
