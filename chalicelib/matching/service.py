"""Bring a need and an offer together: ask, answer, cancel, say how it went; and what schedules owe."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from chalicelib.board.service import LiveBoard
from chalicelib.cities.model import City
from chalicelib.errors import Conflict, NotAllowed, NotFound, Unavailable
from chalicelib.identity import is_id, make_id
from chalicelib.listings.model import DAY_S, Listing
from chalicelib.matching.candidates import Candidate, candidates
from chalicelib.matching.mails import ASKING, mail_of
from chalicelib.matching.model import MOVES, CancelReason, DeclineReason, Match, Outcome, Side
from chalicelib.matching.ranking import Fit, fit
from chalicelib.matching.repository import Job, Matches, Pair
from chalicelib.notices.model import Notice
from chalicelib.people.model import Helper, Person, helper_of
from chalicelib.people.repository import People
from chalicelib.places.model import distance_m
from chalicelib.receipts import Receipt, received
from chalicelib.rounds import Round, go_round
from chalicelib.words.alike import alike

TRIES = 24
"""Of a change that others overtook; more than that many at once on one listing are told to come again."""

HOUR_S = 3_600


class Told(NamedTuple):
    """A match as it now stands and the notices its change owes."""

    match: Match
    notices: tuple[Notice, ...] = ()


class Step(NamedTuple):
    """What one change of a match writes."""

    match: Match
    listings: tuple[Listing, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Matching:
    """The city's matches and the city's rules."""

    matches: Matches
    people: People
    city: City

    def propose(self, need_id: str, offer_id: str, *, by: Person, message: str, key: str, now: int) -> Told:
        """Ask the other side; the same request again finds the same match."""
        receipt = _own(by.id, (key, f"propose {message}"))
        for _ in range(TRIES):
            pair = self.matches.pair(need_id, offer_id)
            need, offer = _both(pair)
            side = _side(need, offer, by.id)
            if pair.match is not None:
                if pair.match.proposer == side and received(pair.match.receipts, receipt):
                    return Told(pair.match)
                raise Conflict("already_asked")
            asked = self._asked(need, offer, side, now)
            match = self._proposal(need, offer, side, asked, message=message, now=now).with_receipt(receipt)
            mail = mail_of(ASKING[side], match, match.other(side), pair, now)
            limit = (f"propose#{by.id}", self.city.limits.proposals_per_day, (now // DAY_S + 1) * DAY_S)
            try:
                self.matches.propose(match, mail, asked=asked and asked.was_asked(now), limit=limit)
            except Conflict as conflict:
                if conflict.code == "key_reused":
                    raise
                continue
            return Told(match, (mail,))
        raise Unavailable("busy")

    def accept(self, match_id: str, *, by: str, answer: str, key: str, now: int) -> Told:
        """Say yes: a place is taken on both listings with it, or nothing happens."""

        def step(pair: Pair, match: Match) -> Step:
            accepted = match.accepted(by, now, answer)
            need, offer = _both(pair)
            told = tuple(
                mail_of("match_accepted", accepted, person, pair, now)
                for person in (match.seeker, match.helper)
            )
            return Step(accepted, (need.taken(now), offer.taken(now)), told)

        return self._change(match_id, by, (key, f"accept {answer}"), step)

    def decline(self, match_id: str, reason: DeclineReason, *, by: str, key: str, now: int) -> Told:
        """Say no, with a reason the other side is told kindly."""

        def step(pair: Pair, match: Match) -> Step:
            return self._ended("match_declined", match.declined(by, now, reason), pair, by, now)

        return self._change(match_id, by, (key, f"decline {reason}"), step)

    def cancel(self, match_id: str, reason: CancelReason, *, by: str, key: str, now: int) -> Told:
        """Take back a proposal or an accepted match; the places it took are free again."""

        def step(pair: Pair, match: Match) -> Step:
            ended = self._ended("match_cancelled", match.cancelled(by, now, reason), pair, by, now)
            freed = (pair.need, pair.offer) if match.state == "accepted" else ()
            return ended._replace(listings=tuple(each.given_back() for each in freed if each is not None))

        return self._change(match_id, by, (key, f"cancel {reason}"), step)

    def tell(self, match_id: str, outcome: Outcome, *, by: str, key: str, now: int) -> Told:
        """Say how it went."""
        return self._change(
            match_id, by, (key, f"tell {outcome}"), lambda _, match: Step(match.told(by, now, outcome))
        )

    def candidates(self, listing: Listing, board: LiveBoard, *, limit: int, now: int) -> list[Candidate]:
        """Return who fits a listing that stands, the best first."""
        listing.taken(now)
        zone = self.city.zone
        return candidates(listing.card(zone), board, limit=limit, zone=zone, now=now)

    def of_person(
        self, person: str, side: Side | None, *, before: str | None, limit: int
    ) -> tuple[list[Match], str | None]:
        """Return a person's matches, newest first, and the key the next ones come after."""
        sides: tuple[Side, ...] = ("seeker", "helper") if side is None else (side,)
        found = [
            match
            for each in sides
            for match in self.matches.of_person(person, each, before=before, limit=limit + 1)
        ]
        found.sort(key=lambda match: match.made_key, reverse=True)
        return found[:limit], found[limit - 1].made_key if len(found) > limit else None

    def get(self, match_id: str, *, by: str) -> Pair:
        """Return a match of one's own with its listings."""
        pair = self._pair(match_id)
        _known(pair).side_of(by)
        return pair

    def tend_due(self, now: int) -> Round:
        """Lapse what nobody answered, ask how it went, close what nobody speaks of any more."""
        return self._round("match", partial(self._tend, now=now), now)

    def purge_due(self, now: int) -> Round:
        return self._round("purge-matches", lambda pair: self.matches.purge(_known(pair)), now)

    def _round(self, job: Job, act: Callable[[Pair], object], now: int) -> Round:
        outcome = go_round(self.matches.due(job, now), lambda match_id: act(self._pair(match_id)))
        if not outcome.failed:
            self.matches.finished(job, now)
        return outcome

    def _tend(self, pair: Pair, now: int) -> None:
        match = _known(pair)
        if now < match.due_at or not MOVES[match.state]:
            raise Conflict("match_not_due")
        if match.state == "proposed":
            lapsed = match.lapsed(now)
            mail = mail_of("match_lapsed", lapsed, match.person_on(match.proposer), pair, now)
            self.matches.save(lapsed, notices=(mail,))
        elif not match.followed_up:
            sides = (match.seeker, match.helper)
            mails = [mail_of("how_did_it_go", match, person, pair, now) for person in sides]
            self.matches.save(match.followed(now), notices=mails)
        else:
            self.matches.save(match.closed(now))

    def _change(self, match_id: str, by: str, receipt: Receipt, act: Callable[[Pair, Match], Step]) -> Told:
        """Change a match once a key: the same request again finds it done."""
        receipt = _own(by, receipt)
        for _ in range(TRIES):
            pair = self.get(match_id, by=by)
            match = _known(pair)
            if received(match.receipts, receipt):
                return Told(match)
            step = act(pair, match)
            changed = step.match.with_receipt(receipt)
            try:
                self.matches.save(changed, listings=step.listings, notices=step.notices)
            except Conflict:
                continue
            return Told(changed, step.notices)
        raise Unavailable("busy")

    def _asked(self, need: Listing, offer: Listing, side: Side, now: int) -> Person | None:
        """Return the helper a seeker asks, if they may be asked; a helper who comes forward is not asked."""
        if side == "helper":
            return None
        helper = self.people.get(offer.author)
        if helper is None:
            raise Conflict("listing_over")
        helper.may_be_asked(need.draft.category, now)
        return helper

    def _proposal(
        self, need: Listing, offer: Listing, side: Side, asked: Person | None, *, message: str, now: int
    ) -> Match:
        need.taken(now)
        offer.taken(now)
        helper = helper_of(asked) if asked else Helper(offer.author, 0)
        zone = self.city.zone
        apart = distance_m(need.cell.centre, offer.cell.centre)
        mine, theirs = need.card(zone), offer.card(zone)
        units = alike(mine.gist, theirs.gist)
        fitting = fit(mine, theirs, helper, distance=apart, units=units, zone=zone, now=now)
        if not isinstance(fitting, Fit) and side == "seeker":
            raise Conflict(fitting)
        return Match(
            need=need.id,
            offer=offer.id,
            seeker=need.author,
            helper=offer.author,
            proposer=side,
            made_at=now,
            due_at=min(now + self.city.limits.proposal_hours * HOUR_S, need.expires_at, offer.expires_at),
            terms=fitting.terms if isinstance(fitting, Fit) else {},
            message=message,
        )

    def _pair(self, match_id: str) -> Pair:
        need_id, _, offer_id = match_id.partition("-")
        if not (is_id(need_id) and is_id(offer_id)):
            raise NotFound("not_found")
        return self.matches.pair(need_id, offer_id)

    def _ended(self, template: str, match: Match, pair: Pair, by: str, now: int) -> Step:
        """Return the end of a match, told to the side that did not end it."""
        other = match.other(match.side_of(by))
        return Step(match, (), (mail_of(template, match, other, pair, now),))


def _known(pair: Pair) -> Match:
    if pair.match is None:
        raise NotFound("not_found")
    return pair.match


def _both(pair: Pair) -> tuple[Listing, Listing]:
    if pair.need is None or pair.offer is None or pair.need.kind != "need" or pair.offer.kind != "offer":
        raise NotFound("not_found")
    return pair.need, pair.offer


def _side(need: Listing, offer: Listing, person: str) -> Side:
    """Return on which side a person proposes: they own one of the two listings, and not both."""
    if need.author == offer.author:
        raise Conflict("own_listing")
    if person not in (need.author, offer.author):
        raise NotAllowed("not_yours")
    return "seeker" if person == need.author else "helper"


def _own(person: str, receipt: Receipt) -> Receipt:
    """Return the receipt under a key that is the person's own: the other side may have chosen the same."""
    key, done = receipt
    return make_id("key", person, key), done
