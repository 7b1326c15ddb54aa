"""What a proposal must be: two listings that fit, of two people, one of whom asks."""

from chalicelib.cities.model import City
from chalicelib.errors import Conflict, NotAllowed, NotFound
from chalicelib.listings.model import Listing
from chalicelib.matching.model import Match, Side
from chalicelib.matching.queue import answer_by
from chalicelib.matching.ranking import Fit, fit
from chalicelib.matching.repository import Pair
from chalicelib.people.model import Helper, Person, helper_of
from chalicelib.places.model import distance_m
from chalicelib.words.alike import alike


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
