"""Bring a need and an offer together: ask, answer, cancel, say how it went; and what schedules owe."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.board.service import LiveBoard
from chalicelib.cities.model import City
from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.listings.model import DAY_S, Listing
from chalicelib.matching.candidates import Candidate, candidates
from chalicelib.matching.changing import TRIES, Told, change, known, own_receipt, pair_of
from chalicelib.matching.model import CancelReason, DeclineReason, Match, Outcome, Side
from chalicelib.matching.proposals import both, drawn_up, side_of, together
from chalicelib.matching.queue import Queues, place_of
from chalicelib.matching.repository import Job, Matches, Pair
from chalicelib.matching.steps import Step, answered_no, said_yes, taken_back
from chalicelib.matching.tending import tend
from chalicelib.people.model import Person
from chalicelib.people.repository import People
from chalicelib.receipts import Receipt, received
from chalicelib.rounds import Round, go_round


@dataclass(frozen=True, slots=True)
class Matching:
    """The city's matches and the city's rules."""

    matches: Matches
    people: People
    city: City

    def propose(self, need_id: str, offer_id: str, *, by: Person, message: str, key: str, now: int) -> Told:
        """Ask the other side; the same request again finds the same match.

        Whom the city asked for the seeker is not asked again: the match is the seeker's, with their word.
        """
        receipt = own_receipt(by.id, (key, f"propose {message}"))
        for _ in range(TRIES):
            pair = self.matches.pair(need_id, offer_id)
            need, offer = both(pair)
            side = side_of(need, offer, by.id)
            if pair.match is not None:
                if pair.match.proposer == side and received(pair.match.receipts, receipt):
                    return Told(pair.match)
                if not pair.match.for_the_seeker(side):
                    raise Conflict("already_asked")
                joined = pair.match.joined(message).with_receipt(receipt)
                try:
                    self.matches.save(joined)
                except Conflict:
                    continue
                return Told(joined)
            drawn = drawn_up(pair, side, self.people, self.city, message=message, now=now, pace="prompt")
            match, mail = replace(drawn.match, chosen=True).with_receipt(receipt), drawn.mail
            limit = (f"propose#{by.id}", self.city.limits.proposals_per_day, (now // DAY_S + 1) * DAY_S)
            try:
                self.matches.propose(match, mail, asked=drawn.asked, limit=limit)
            except Conflict as conflict:
                if conflict.code == "key_reused":
                    raise
                continue
            return Told(match, (mail,))
        raise Unavailable("busy")

    def accept(
        self, match_id: str, *, by: str, answer: str, key: str, now: int, linked: bool = False
    ) -> Told:
        """Say yes: a place is taken on both listings with it, or the helper is queued, or nothing happens.

        Where the city confirms, the places are taken and the match is agreed until a coordinator decides.
        `linked` says that it is the link of the mail that asked which says so.
        """
        confirmed = self.city.exchange == "confirmed"

        def step(pair: Pair, match: Match) -> Step:
            if match.state == "proposed":
                match.answerable(by)
                together(self.people, match.seeker, match.helper)
            return said_yes(pair, match, by, answer, confirmed=confirmed, linked=linked, now=now)

        return self.change(match_id, by, (key, f"accept {answer}"), step, now)

    def decline(self, match_id: str, reason: DeclineReason, *, by: str, key: str, now: int) -> Told:
        """Say no, with a reason the other side is told kindly."""

        def step(pair: Pair, match: Match) -> Step:
            return answered_no(match.declined(by, now, reason), pair, now)

        return self.change(match_id, by, (key, f"decline {reason}"), step, now)

    def cancel(self, match_id: str, reason: CancelReason, *, by: str, key: str, now: int) -> Told:
        """Take back a match that is not over; the places it took are free again."""

        def step(pair: Pair, match: Match) -> Step:
            return taken_back(pair, match, by, reason, now)

        return self.change(match_id, by, (key, f"cancel {reason}"), step, now)

    def block(self, match_id: str, *, by: str, key: str, now: int) -> Told:
        """Have nothing more to do with the other side: what is not settled between the two ends.

        To the other side it looks like any cancelling, and what was accepted stays until somebody cancels it.
        """

        def step(pair: Pair, match: Match) -> Step:
            ended = match.blocked(by, now)
            blocker = self._person(by)
            blocking = blocker.blocking(match.other(match.side_of(by)), match.id, now)
            changed = Step(ended) if ended.state == match.state else taken_back(pair, match, by, "other", now)
            return changed._replace(person=None if blocking is blocker else blocking)

        return self.change(match_id, by, (key, "block"), step, now)

    def tell(self, match_id: str, outcome: Outcome, *, by: str, key: str, now: int) -> Told:
        """Say how it went."""
        return self.change(
            match_id, by, (key, f"tell {outcome}"), lambda _, match: Step(match.told(by, now, outcome)), now
        )

    def candidates(self, listing: Listing, board: LiveBoard, *, limit: int, now: int) -> list[Candidate]:
        """Return who fits a listing that stands, the best first."""
        listing.taken(now)
        zone = self.city.zone
        card = listing.card(zone)
        return candidates(card, card.gist, board, limit=limit, zone=zone, now=now)

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
        pair = pair_of(self.matches, match_id)
        known(pair).side_of(by)
        return pair

    def place_in_queue(self, match: Match) -> int | None:
        """Return which number a queued match has in the queue of its need, from 1; None of any other."""
        return place_of(match, self.matches.of_need(match.need)) if match.state == "queued" else None

    def tend_due(self, now: int) -> Round:
        """Lapse what nobody answered, look at the queues, ask how it went, close what nobody speaks of."""
        return self._round("match", lambda pair: tend(self._queues, pair, now), now)

    def purge_due(self, now: int) -> Round:
        return self._round("purge-matches", lambda pair: self.matches.purge(known(pair)), now)

    def change(
        self,
        match_id: str,
        by: str,
        receipt: Receipt,
        act: Callable[[Pair, Match], Step],
        now: int,
        *,
        own: bool = True,
    ) -> Told:
        """Change a match once a key: the same request again finds it done. `own`: only its two sides may."""
        return change(self._queues, match_id, by, receipt, act, now, own=own)

    @property
    def _queues(self) -> Queues:
        return Queues(self.matches, self.people, self.city)

    def _round(self, job: Job, act: Callable[[Pair], object], now: int) -> Round:
        outcome = go_round(self.matches.due(job, now), lambda match_id: act(pair_of(self.matches, match_id)))
        if not outcome.failed:
            self.matches.finished(job, now)
        return outcome

    def _person(self, person_id: str) -> Person:
        person = self.people.get(person_id)
        if person is None:
            raise NotFound("not_found")
        return person
