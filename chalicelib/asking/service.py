"""The city asks: who is asked for which need and when, until it is served or nobody is left."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from chalicelib.asking.finding import MOST, first_come, helped_by_new_offers, new_needs, without_asking
from chalicelib.asking.model import Asking, Assignment
from chalicelib.asking.repository import Again, Askings, Unanswered
from chalicelib.asking.waves import Waves
from chalicelib.board.service import LiveBoard, Still
from chalicelib.cities.model import City
from chalicelib.errors import Conflict, Fault, Invalid, NotFound
from chalicelib.identity import is_id
from chalicelib.listings.model import Listing
from chalicelib.matching.model import HOUR_S, Match
from chalicelib.matching.service import Matching
from chalicelib.receipts import received
from chalicelib.rounds import Round, go_round

TRIES = 4
"""Of a change that a round overtook."""
MOST_ON_DESK = 200
SLACK_S = 300
"""A schedule that comes every hour is not always punctual."""


class Progress(NamedTuple):
    """How an asking goes; there is none before the first round has seen the need."""

    asking: Asking | None
    need: Listing
    matches: tuple[Match, ...]
    """Those by which the city asked."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The city's askings and the city's rules."""

    askings: Askings
    matching: Matching
    board: LiveBoard
    city: City

    def ask_due(self, now: int) -> Round:
        """Begin the askings of new needs and go on with those due, as many as one round may take.

        What is left, or what it is interrupted at, is due at the next round, which goes on there.
        """
        board, since = self.board.still(now), self.askings.mark("ask", now)
        due, new = self._due(board, since, now)
        ordered = first_come(due, board, self.city)
        first, later = ordered[:MOST], ordered[MOST:]
        for need in first:
            if need in new:
                self._begin(new[need])
        helped = [] if later else self._helped(due, board, since, now)
        waves = Waves(self.askings, self.matching, self.city, board, now)
        outcome = waves.go({need: due[need] for need in first}, helped)
        if not outcome.failed and not later:
            self.askings.finished("ask", now, exactly=bool(due or helped))
        return replace(outcome, left=len(later))

    def assign(self, now: int) -> Assignment:
        """Assign all open needs at once, when it is time again; every helper it asks is asked for good.

        While there are areas left it is always time again.
        """
        from chalicelib.asking.assigning import Assigner  # noqa: PLC0415 — a round has no use for it

        since = self.askings.mark("assign", now)
        if since is not None and now - since < self.city.asking.assign_hours * HOUR_S - SLACK_S:
            return Assignment()
        board = self.board.still(now)
        outcome = Assigner(Waves(self.askings, self.matching, self.city, board, now)).go()
        if not outcome.failed and not outcome.left:
            self.askings.finished("assign", now, exactly=True)
        return outcome

    def purge_due(self, now: int) -> Round:
        """Forget the askings of needs that have been gone for long enough."""

        def purge(need_id: str) -> None:
            asking, _ = self.askings.get(need_id)
            if asking is None:
                raise NotFound("not_found")
            if asking.state != "over" or now < asking.due_at:  # the need was renewed after all
                raise Conflict("asking_not_due")
            self.askings.purge(asking)

        since = self.askings.mark("purge-askings", now)
        outcome = go_round((each.need for each in self.askings.due("purge-askings", since, now)), purge)
        if not outcome.failed:
            self.askings.finished("purge-askings", now)
        return outcome

    def progress(self, need: Listing) -> Progress:
        """Return how the asking of a need goes."""
        asking, _ = self.askings.get(need.id)
        offers = {each.offer for each in asking.asked} if asking else frozenset()
        matches = self.matching.matches.of_need(need.id) if offers else []
        return Progress(asking, need, tuple(match for match in matches if match.offer in offers))

    def unanswered(self, now: int) -> list[Unanswered]:
        """Return the needs that nobody answered and that still stand, the oldest first."""
        return [each for each in self.askings.unanswered(MOST_ON_DESK) if each.need.stands_at(now)]

    def ask_again(self, need_id: str, radius_m: int | None, *, key: str, now: int) -> Asking:
        """Start the asking of an unanswered need anew, as far as the radius if one is given."""
        if radius_m is not None and radius_m > (most := self.city.limits.radius_max_m):
            raise Invalid(Fault("/radius_m", "less_than_equal", {"le": most}))
        receipt = (key, f"ask again {radius_m}")
        for _ in range(TRIES):
            asking, need = self.askings.get(need_id) if is_id(need_id) else (None, None)
            if asking is None or need is None:
                raise NotFound("not_found")
            if received(asking.receipts, receipt):
                return asking
            if not need.stands_at(now):
                raise Conflict("listing_over", state=need.shown_state(now))
            again = asking.again(now, radius_m).with_receipt(receipt)
            try:
                return self.askings.save(again)
            except Conflict:
                continue
        raise Conflict("asking_changed")

    def _due(
        self, board: Still, since: int | None, now: int
    ) -> tuple[dict[str, list[Again]], dict[str, Asking]]:
        """Return the needs to look at, of each the rows that said so, and the askings that new ones lack."""
        due: dict[str, list[Again]] = {}
        new: dict[str, Asking] = {}
        for each in list(self.askings.due("ask", since, now)):
            due.setdefault(each.need, []).extend([each.again] if each.again else [])
        for need, asking in without_asking(new_needs(board, since, now), self.askings, now):
            due.setdefault(need, [])
            if asking is not None:
                new[need] = asking
        return due, new

    def _helped(self, known: Collection[str], board: Still, since: int | None, now: int) -> list[str]:
        rules, zone = self.city.asking, self.city.zone
        return helped_by_new_offers(board, since, known, self.askings, rules, zone=zone, now=now)

    def _begin(self, asking: Asking) -> None:
        """Store a new asking, which another round may have done meanwhile."""
        with suppress(Conflict):
            self.askings.save(asking)
