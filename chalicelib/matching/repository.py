"""What matching needs of a store: one method, one access pattern."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

from chalicelib.listings.model import Listing
from chalicelib.matching.model import Match, Side
from chalicelib.notices.model import Notice
from chalicelib.people.model import Person
from chalicelib.places.model import distance_m

Job = Literal["match", "purge-matches"]


class Pair(NamedTuple):
    """A match with the two listings it stands on; either may be gone."""

    match: Match | None
    need: Listing | None
    offer: Listing | None

    @property
    def distance_m(self) -> int | None:
        """Return how far apart the two listings' cells are; None when one is gone."""
        if self.need is None or self.offer is None:
            return None
        return distance_m(self.need.cell.centre, self.offer.cell.centre)


class Matches(Protocol):
    def pair(self, need_id: str, offer_id: str) -> Pair:
        """Return, in one consistent read, the match of a need and an offer and both listings."""

    def get_many(self, match_ids: Sequence[str]) -> list[Match | None]: ...

    def propose(
        self, match: Match, notice: Notice, *, asked: Person | None, limit: tuple[str, int, int]
    ) -> None:
        """Store a new match, the mail it owes and the person it asks.

        Conflict when there is a match of the two already, one blocks the other by now, the person changed
        meanwhile or the key of its receipt asked for another match (`key_reused`); TooMany when the limit (a
        counter, its most, when it starts anew) is reached.
        """

    def save(
        self,
        match: Match,
        *,
        listings: Sequence[Listing] = (),
        notices: Sequence[Notice] = (),
        person: Person | None = None,
        called: Match | None = None,
        seen: Sequence[Listing] = (),
        together: bool = False,
    ) -> None:
        """Store the next versions of all that is given, all or none, and owe the notices.

        `person` is one side, `called` another match of the same need; the listings `seen` stay as they are.
        Of who is called, and of both sides when they come `together`, neither blocks the other. Conflict when
        another change was first.
        """

    def of_need(self, need_id: str) -> list[Match]:
        """Return every match of a need, in one consistent read."""

    def agreed(self) -> list[Pair]:
        """Return what waits for a coordinator, with its listings: the oldest first, 200 at most."""

    def of_person(self, person: str, side: Side, *, before: str | None, limit: int) -> list[Match]:
        """Return a person's matches on one side, newest first, from before the given key."""

    def due(self, job: Job, now: int) -> Iterable[str]: ...

    def finished(self, job: Job, now: int) -> None: ...

    def purge(self, match: Match) -> None: ...
