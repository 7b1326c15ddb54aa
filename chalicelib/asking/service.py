"""The city asks: who is asked for which need and when, until it is served or nobody is left."""

from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.asking.finding import helped_by_new_offers, new_needs, without_asking
from chalicelib.asking.model import Asking, Assignment
from chalicelib.asking.repository import Again, Askings
from chalicelib.asking.waves import Waves
from chalicelib.board.service import LiveBoard, Still
from chalicelib.cities.model import City
from chalicelib.errors import Conflict, Fault, Invalid, NotFound
from chalicelib.identity import is_id
from chalicelib.listings.model import Listing
from chalicelib.matching.model import Match
from chalicelib.matching.service import Matching
from chalicelib.receipts import received
from chalicelib.rounds import Round, go_round

TRIES = 4
"""Of a change that a round overtook."""
MOST_ON_DESK = 200
HOUR_S = 3_600
SLACK_S = 300
"""A schedule that comes every hour is not always punctual."""


class Progress(NamedTuple):
    """How an asking goes; there is none before the first round has seen the need."""

    asking: Asking | None
    need: Listing
    matches: tuple[Match, ...] = ()
    """Those by which the city asked."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The city's askings and the city's rules."""

    askings: Askings
    matching: Matching
    board: LiveBoard
    city: City

    def ask_due(self, now: int) -> Round:
        """Begin the askings of new needs and go on with those due.

        What it is interrupted at is due at the next round, which goes on there.
        """
        board = self.board.still(now)
        due = self._due(board, now)
        outcome = Waves(self.askings, self.matching, self.city, board, now).go(due)
        if not outcome.failed:
            self.askings.finished("ask", now, exactly=bool(due))
        return outcome

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

    def unanswered(self, now: int) -> list[Progress]:
        """Return the needs that nobody answered and that still stand, the oldest first."""
        askings = self.askings.unanswered(MOST_ON_DESK)
        pairs = [(asking, self.askings.get(asking.need).need) for asking in askings]
        return [Progress(asking, need) for asking, need in pairs if need and need.stands_at(now)]

    def ask_again(self, need_id: str, radius_m: int | None, *, key: str, now: int) -> Progress:
        """Start the asking of an unanswered need anew, as far as the radius if one is given."""
        if radius_m is not None and radius_m > (most := self.city.limits.radius_max_m):
            raise Invalid(Fault("/radius_m", "less_than_equal", {"le": most}))
        receipt = (key, f"ask again {radius_m}")
        for _ in range(TRIES):
            asking, need = self.askings.get(need_id) if is_id(need_id) else (None, None)
            if asking is None or need is None:
                raise NotFound("not_found")
            if received(asking.receipts, receipt):
                return Progress(asking, need)
            if not need.stands_at(now):
                raise Conflict("listing_over", state=need.shown_state(now))
            again = asking.again(now, radius_m).with_receipt(receipt)
            try:
                return Progress(self.askings.save(again), need)
            except Conflict:
                continue
        raise Conflict("asking_changed")

    def _due(self, board: Still, now: int) -> dict[str, list[Again]]:
        """Return the needs to look at, and of each the rows that said so; new ones have their asking now."""
        since = self.askings.mark("ask", now)
        due: dict[str, list[Again]] = {}
        for each in list(self.askings.due("ask", since, now)):
            due.setdefault(each.need, []).extend([each.again] if each.again else [])
        for found in without_asking(new_needs(board, since, now), self.askings, now):
            due.setdefault(found if isinstance(found, str) else self._begun(found), [])
        rules, zone = self.city.asking, self.city.zone
        for need_id in helped_by_new_offers(board, since, self.askings, rules, zone=zone, now=now):
            due.setdefault(need_id, [])
        return due

    def _begun(self, asking: Asking) -> str:
        """Store a new asking, which another round may have done meanwhile; return its need."""
        with suppress(Conflict):
            self.askings.save(asking)
        return asking.need
