"""Listings in DynamoDB: every change is one transaction with its line of the change log and its notices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pynamodb.expressions.operand import Path

from chalicelib.errors import Conflict, TooMany
from chalicelib.listings.model import Listing
from chalicelib.listings.repository import Job
from chalicelib.listings.rows import HELD, change_of, listing_item, read_listing
from chalicelib.storage.agenda import Agenda
from chalicelib.storage.tables import Tables
from chalicelib.storage.transaction import (
    ABSENT,
    ConditionCheck,
    Count,
    Delete,
    Put,
    Refused,
    Write,
    at_version,
)

if TYPE_CHECKING:
    from chalicelib.notices.model import Notice

_MOST_HELD = 200


def saved(listing: Listing, zone: ZoneInfo) -> list[Write]:
    """Return the writes of a listing's next version."""
    was = at_version(listing.version - 1)
    return [Put("listings", listing_item(listing), was), change_of(listing, zone)]


def takes_one_more(listing_id: str) -> ConditionCheck:
    """Return the condition that a match may still be proposed on a listing."""
    return ConditionCheck("listings", {"pk": listing_id}, (Path("state") == "open") & (Path("left") > 0))


@dataclass(frozen=True, slots=True)
class DynamoListings:
    tables: Tables
    zone: ZoneInfo

    def add(self, listing: Listing, *, limit: tuple[str, int, int]) -> Listing:
        name, most, until = limit
        writes: list[Write] = [
            Put("listings", listing_item(listing), ABSENT),
            change_of(listing, self.zone),
            Count("limits", {"pk": f"{name}#{until}"}, most, until + 3_600),
        ]
        try:
            self.tables.commit(writes)
        except Refused as refused:
            standing = self.get(listing.id)
            if standing is not None:
                return standing
            raise TooMany("rate_limited", retry_after=until - listing.created_at) from refused
        return listing

    def get(self, listing_id: str) -> Listing | None:
        item = self.tables.get("listings", {"pk": listing_id})
        return None if item is None else read_listing(item)

    def get_many(self, listing_ids: Sequence[str]) -> list[Listing | None]:
        items = self.tables.get_all([("listings", {"pk": listing_id}) for listing_id in listing_ids])
        return [None if item is None else read_listing(item) for item in items]

    def save(self, listing: Listing, notices: "Sequence[Notice]" = ()) -> None:
        from chalicelib.notices.dynamodb import owed  # noqa: PLC0415 — reads owe nobody a notice

        try:
            self.tables.commit([*saved(listing, self.zone), *map(owed, notices)])
        except Refused as refused:
            raise Conflict("listing_changed") from refused

    def of_author(self, author: str, *, before: str | None, limit: int) -> list[Listing]:
        condition = Path("author") == author
        if before is not None:
            condition = condition & (Path("created_key") < before)
        rows = self.tables.query("listings", condition, index="author", newest_first=True, limit=limit)
        found = self.get_many([row["pk"] for row in rows])
        return [listing for listing in found if listing is not None]

    def held(self) -> list[Listing]:
        rows = self.tables.query("listings", Path("due_hour") == HELD, index="due", limit=_MOST_HELD)
        found = self.get_many([row["pk"] for row in rows])
        return [listing for listing in found if listing is not None and listing.state == "held"]

    def due(self, job: Job, now: int) -> Iterable[str]:
        return (row["pk"] for row in self._agenda(job).due(now))

    def finished(self, job: Job, now: int) -> None:
        self._agenda(job).finished(now)

    def purge(self, listing: Listing) -> None:
        try:
            self.tables.commit([Delete("listings", {"pk": listing.id}, at_version(listing.version))])
        except Refused as refused:
            raise Conflict("listing_changed") from refused

    def _agenda(self, job: Job) -> Agenda:
        return Agenda(self.tables, "listings", job)
