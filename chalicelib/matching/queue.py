"""The queue of a need: who said yes when it had no place left, and whose turn it is when it has one."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.cities.model import City
from chalicelib.errors import Conflict
from chalicelib.listings.model import Listing
from chalicelib.matching.mails import mail_that_asks
from chalicelib.matching.model import Match
from chalicelib.matching.proposals import answer_by, together
from chalicelib.matching.repository import Matches, Pair
from chalicelib.matching.steps import Step, frees
from chalicelib.notices.model import Notice
from chalicelib.people.repository import People


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of the city's needs."""

    matches: Matches
    people: People
    city: City

    def onward(self, pair: Pair, step: Step, now: int) -> Step:
        """Return the step with what follows for the need: the one place where a freed place is known.

        Every change of a standing match passes here before it is written, with the need as it leaves it. So
        who is called is called in the transaction that frees the place. A need that is served has none left.
        """
        before = pair.match
        need = next((each for each in step.listings if each.id == step.match.need), pair.need)
        if before is None or need is None or not need.stands_at(now) or not frees(before, step.match):
            return step
        if need is pair.need:  # a call has ended, and who frees another place meanwhile must know
            need = need.touched()
            step = step._replace(listings=(need,))
        return self._calling(step, need, now) if need.queue else step

    def waited(self, pair: Pair, match: Match, now: int) -> Step:
        """Look at a queued match: call it to a place that nobody told it of, or end it with its need."""
        need, offer = pair.need, pair.offer
        if need is None or offer is None or need.over_at(now) or offer.over_at(now):
            return Step(match.lapsed(now))
        if not need.stands_at(now):
            return Step(match.looked_at(now))
        waiting = turns(self.matches.of_need(need.id), need.left)
        pairs = (self.matches.pair(each.need, each.offer) for each in waiting)
        first = next((each.match for each in pairs if self._may_come(each, now)), None)
        if first is None or first.id != match.id:
            return Step(match.looked_at(now))
        called, mail = self._call(match, need, offer, now)
        return Step(called, notices=(mail,), seen=(need, offer))

    def _calling(self, step: Step, need: Listing, now: int) -> Step:
        """Return the step with a call to the first in the queue who can come, if one more place is free."""
        others = [match for match in self.matches.of_need(need.id) if match.id != step.match.id]
        for match in turns(others, need.left):
            pair = self.matches.pair(match.need, match.offer)
            if pair.offer is None:
                continue
            if pair.offer.id not in {each.id for each in step.listings}:
                step = step._replace(seen=(*step.seen, pair.offer))
            if self._may_come(pair, now):
                called, mail = self._call(match, need, pair.offer, now)
                return step._replace(called=called, notices=(*step.notices, mail))
        return step

    def _call(self, match: Match, need: Listing, offer: Listing, now: int) -> tuple[Match, Notice]:
        """Return a queued match as it is once its helper is called, and the mail that calls them."""
        called = match.called(answer_by(need, offer, self.city, now))
        return called, mail_that_asks(called, Pair(called, need, offer), self.city, now, pace="prompt")

    def _may_come(self, pair: Pair, now: int) -> bool:
        """Say whether the helper of a queued match can be called now."""
        match, offer = pair.match, pair.offer
        if match is None or offer is None or not offer.stands_at(now) or offer.left == 0:
            return False
        try:
            _, helper = together(self.people, match.seeker, match.helper)
        except Conflict:
            return False
        return not helper.paused_at(now)


def turns(matches: Iterable[Match], places: int) -> list[Match]:
    """Return who may be called to a need with so many places free, the first in the queue first.

    Nobody while as many as there are places have been called and not answered: of two cancellations each
    calls another one, and one that is repeated calls nobody more.
    """
    known = list(matches)
    return sorted(filter(_waits, known), key=_ticket) if unpromised(places, known) else []


def unpromised(places: int, matches: Iterable[Match]) -> int:
    """Return how many of the places that are free nobody queued was called to."""
    return max(0, places - sum(match.is_called for match in matches))


def place_of(match: Match, matches: Iterable[Match]) -> int:
    """Return which number a queued match has in the queue, from 1."""
    return 1 + sum(_waits(other) and _ticket(other) < _ticket(match) for other in matches)


def _waits(match: Match) -> bool:
    return match.state == "queued"


def _ticket(match: Match) -> int:
    return match.ticket or 0
