"""What listings need of a store: one method, one access pattern."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from chalicelib.listings.model import Listing

if TYPE_CHECKING:
    from chalicelib.notices.model import Notice

Job = Literal["remind", "expire", "purge"]
"""What a schedule owes a listing next."""


class Listings(Protocol):
    def add(self, listing: Listing, *, limit: tuple[str, int, int]) -> Listing:
        """Publish a listing; the same id again is returned as it stands and changes nothing.

        `limit` is a counter, the most it may reach and when it starts anew; TooMany when it is reached.
        """

    def get(self, listing_id: str) -> Listing | None: ...

    def get_many(self, listing_ids: Sequence[str]) -> list[Listing | None]: ...

    def save(self, listing: Listing, notices: "Sequence[Notice]" = ()) -> None:
        """Store the next version of a listing and owe the notices; Conflict when another change was first."""

    def of_author(self, author: str, *, before: str | None, limit: int) -> list[Listing]:
        """Return an author's listings, newest first, from before the given key."""

    def held(self) -> list[Listing]:
        """Return the listings a moderator must see, oldest first."""

    def due(self, job: Job, now: int) -> Iterable[str]: ...

    def finished(self, job: Job, now: int) -> None: ...

    def purge(self, listing: Listing) -> None: ...
