"""One round of the waves: each need that is due asks one helper, then each another, until all rest."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TypeVar

from chalicelib.asking.choosing import Choice, asleep_or_unreachable
from chalicelib.asking.finding import MOST, before_the_last, first_come, wanted_by
from chalicelib.asking.model import Asking
from chalicelib.asking.reasons import View, outcome
from chalicelib.asking.repository import Again, Askings
from chalicelib.asking.turns import Turn, at_the_latest, turn
from chalicelib.board.service import Still
from chalicelib.cities.model import City
from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.listings.model import Listing
from chalicelib.listings.service import mail_about
from chalicelib.matching.proposals import drawn_up
from chalicelib.matching.queue import unpromised
from chalicelib.matching.service import Matching
from chalicelib.notices.model import Pace
from chalicelib.people.model import helper_of
from chalicelib.rounds import LOOKS, Round

T = TypeVar("T")
OVER = "asking_changed"
"""Somebody else has the turn, or the need takes nobody more: another round sees to what is left."""


@dataclass(slots=True)
class Waves:
    """A round: the board as it began, who was asked since, and how the turns came out."""

    askings: Askings
    matching: Matching
    city: City
    board: Still
    now: int
    asks: Counter[str] = field(default_factory=Counter)
    tally: Counter[str] = field(default_factory=Counter)

    def go(self, due: Mapping[str, Sequence[Again]], helped: Iterable[str] = ()) -> Round:
        """Give every need its turns; `due` has, by need, the rows that said to look at it again.

        `helped` are needs that a new offer may help.
        """
        turns = self._all_turns(due, helped)
        heapify(waiting := [(*each.order, each) for each in turns])
        while waiting:
            *_, turn = heappop(waiting)
            if self.attempt(self._takes_turn, turn, due.get(turn.need.id, ())):
                heappush(waiting, (*turn.order, turn))
        return Round(**self.tally)

    def _all_turns(self, due: Mapping[str, Sequence[Again]], helped: Iterable[str]) -> list[Turn]:
        """Return the turns of these, and of what comes before their last and wants one of their helpers.

        So an older need that found nobody before comes first at the moment when somebody can be asked.
        """
        turns, offers = list[Turn](), set[str]()
        upcoming = [*due, *first_come(helped, self.board, self.city)[:MOST]]
        looked, board = {*upcoming}, before_the_last(upcoming, self.board, self.city)
        while upcoming:
            opened = [
                each for need in upcoming if (each := self.attempt(self._opened, need, due.get(need, ())))
            ]
            turns += opened
            likely = {c.offer.id: c.offer for each in opened for c in each.choices.likely(each.wanted)}
            fresh = [offer for offer in likely.values() if offer.id not in offers]
            offers |= likely.keys()
            rules, zone = self.city.asking, self.city.zone
            wanting = wanted_by(fresh, looked, board, self.askings, rules, zone=zone, now=self.now)
            room = len(due) + MOST - len(looked)
            upcoming = first_come(wanting, board, self.city)[:room]
            looked.update(upcoming)
        return turns

    def ask(self, turn: Turn, choice: Choice) -> None:
        """Ask one helper: the asking, the match, its mail and the count of asks, all or nothing.

        Conflict with the code of the gate that is shut meanwhile, with OVER when the turn is over.
        """
        pair = self.matching.matches.pair(turn.need.id, choice.offer.id)
        if pair.need is None or not pair.need.stands_at(self.now) or pair.need.left < 1:
            raise Conflict(OVER)
        if pair.match is not None:
            raise Conflict("already_asked")
        reach_m = turn.asking.radius_m
        people, city = self.matching.people, self.city
        proposal = drawn_up(pair, "seeker", people, city, message="", now=self.now, reach_m=reach_m)
        if proposal.asked and (shut := asleep_or_unreachable(helper_of(proposal.asked), city.zone, self.now)):
            raise Conflict(shut)
        turn.asking = turn.stored = self.askings.ask(turn.asking_one(choice, self.now), proposal)
        turn.waiting += 1
        self.asks[choice.offer.author] += 1

    def _opened(self, need_id: str, again: Sequence[Again]) -> Turn | None:
        """Return the turn of a need; None when nobody is to be asked for it."""
        stored, need = self.askings.get(need_id)
        if stored is None:
            self._forget(again)
            raise NotFound("not_found")
        matches = self.matching.matches.of_need(need_id)
        left = unpromised(need.left, matches) if need else 0
        asking = self.as_its_need(stored, need, left)
        if need is None or asking.state in ("over", "served"):
            self._store(stored, asking)
            self._forget(again)
            return None
        found = turn(stored, asking, need, matches, left, board=self.board, city=self.city, now=self.now)
        if found.exhausted and found.choices.standing:  # a newer need must not have them instead
            found.stored = self._hand_over(found)
            found.asking, found.exhausted = found.stored.reopened(), False
        return found

    def as_its_need(self, asking: Asking, need: Listing | None, left: int) -> Asking:
        """Return the asking as the need has it: over with it, anew when renewed, at rest while it is full."""
        if need is None or not need.stands_at(self.now):
            return asking if asking.state == "over" else asking.over(self.now)
        if need.published_at > asking.published_at:
            asking = asking.renewed(need.published_at, self.now)
        if left == 0:
            return asking.served(at_the_latest(asking, need, self.now))
        return asking.resumed(self.now) if asking.state in ("served", "over") else asking

    def _takes_turn(self, turn: Turn, again: Sequence[Again]) -> bool | None:
        """Ask the best helper, or let the need rest when it wants or has nobody more. True: it goes on."""
        while choice := turn.next(self.asks):
            try:
                self.ask_surely(turn, choice)
            except (Conflict, NotFound) as refused:
                if refused.code == OVER:
                    raise
                turn.choices.without(choice)
            else:
                return True
        if turn.exhausted:
            self._hand_over(turn)
        else:
            self._store(turn.stored, turn.resting(self.now))
        self._forget(again)
        return None

    def ask_surely(self, turn: Turn, choice: Choice) -> None:
        """Ask, and look once more when the helper only changed meanwhile."""
        for _ in range(LOOKS - 1):
            try:
                return self.ask(turn, choice)
            except Conflict as conflict:
                if conflict.code != "match_changed":
                    raise
        return self.ask(turn, choice)

    def _hand_over(self, turn: Turn) -> Asking:
        """Tell the seeker, once, that nobody answered, and the coordinators why."""
        asking, need, now = turn.asking, turn.need, self.now
        view = View(self.board, self.city.zone, now)
        why = outcome(turn.card, self.matching.matches.of_need(need.id), view)
        first = (asking.unanswered_at or 0) < asking.published_at
        about = str(asking.published_at) if first else f"{asking.published_at} {asking.start}"
        pace: Pace = "soon" if turn.urgency == "high" else "calm"
        mail = mail_about("need_unanswered", need, now, about=about, pace=pace)
        told = asking.unanswered(now, at_the_latest(asking, need, now), why)
        return self.askings.save(told, () if asking.told else (mail,))

    def _store(self, stored: Asking, asking: Asking) -> None:
        if asking != stored:
            self.askings.save(asking)

    def _forget(self, again: Sequence[Again]) -> None:
        for row in again:
            self.askings.seen(row)

    def attempt(self, act: Callable[..., T | None], *given: object) -> T | None:
        """Return what comes of a part of a turn; when nothing does the turn is over, and counted."""
        try:
            result = act(*given)
        except (Conflict, NotFound):
            self.tally["passed"] += 1
        except Unavailable:
            self.tally["failed"] += 1
        else:
            self.tally["done"] += result is None
            return result
        return None
