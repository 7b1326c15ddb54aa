"""What asking needs of a store: one method, one access pattern."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

from chalicelib.asking.model import Asking
from chalicelib.listings.model import Listing
from chalicelib.matching.proposals import Proposal
from chalicelib.notices.model import Notice

Job = Literal["ask", "purge-askings"]
Again = tuple[str, str]
"""A row that says "look at this need again": its key and the instant it is filed under."""


class Due(NamedTuple):
    """A need to look at, and the row that says so when it is not the asking itself."""

    need: str
    again: Again | None = None


class Stands(NamedTuple):
    """An asking and its need; either may not be there."""

    asking: Asking | None
    need: Listing | None


class Unanswered(NamedTuple):
    """The asking that nobody answered, and its need."""

    asking: Asking
    need: Listing


class Askings(Protocol):
    def get(self, need_id: str) -> Stands:
        """Return, strongly consistent, the asking of a need and the need."""

    def get_many(self, need_ids: Sequence[str]) -> list[Asking | None]: ...

    def save(self, asking: Asking, notices: Sequence[Notice] = ()) -> Asking:
        """Store an asking and owe the notices; return it as it stands then.

        Conflict when the need has one already, or another version of it.
        """

    def ask(self, asking: Asking, proposal: Proposal) -> Asking:
        """Store an asking with the proposal it makes, the match, its mail, the person asked; return it.

        Conflict: `asking_changed` when another was first, `listing_full` when one of the two takes no more,
        `match_changed` when there is a match of the two or the person changed.
        """

    def unanswered(self, limit: int) -> list[Unanswered]:
        """Return what nobody answered, the oldest first, with the needs that are still there."""

    def mark(self, job: str, now: int) -> int | None:
        """Return up to when a job has left nothing undone; None when that is not known."""

    def due(self, job: Job, since: int | None, now: int) -> Iterable[Due]:
        """Yield what a job must look at, `since` being its mark."""

    def seen(self, again: Again) -> None:
        """Forget a row that said to look again, unless it says so anew."""

    def finished(self, job: str, now: int, *, exactly: bool = False) -> None:
        """Remember that a job left nothing undone up to an instant, or, not `exactly`, to its hour."""

    def purge(self, asking: Asking) -> None: ...
