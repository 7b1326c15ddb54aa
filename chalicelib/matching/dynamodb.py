"""Matches in DynamoDB: under their need, indexed by either person and by what is due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

from pynamodb.expressions.operand import Path

from chalicelib.errors import Conflict, TooMany
from chalicelib.listings.dynamodb import saved as saved_listing
from chalicelib.listings.model import Listing
from chalicelib.listings.rows import read_listing
from chalicelib.matching.model import DAY_S, MOVES, Match, Side
from chalicelib.matching.repository import Job, Pair
from chalicelib.notices.dynamodb import owed
from chalicelib.notices.model import Notice
from chalicelib.people.dynamodb import saved as saved_person
from chalicelib.people.model import Person
from chalicelib.storage.agenda import Agenda, due
from chalicelib.storage.tables import Tables
from chalicelib.storage.transaction import ABSENT, Count, Delete, Put, Refused, Write, at_version

_FIELDS = tuple(field.name for field in fields(Match) if field.name not in ("need", "offer"))


@dataclass(frozen=True, slots=True)
class DynamoMatches:
    tables: Tables
    zone: ZoneInfo

    def pair(self, need_id: str, offer_id: str) -> Pair:
        keys = [
            ("matches", _key(need_id, offer_id)),
            ("listings", {"pk": need_id}),
            ("listings", {"pk": offer_id}),
        ]
        match, need, offer = self.tables.get_all(keys)
        return Pair(
            None if match is None else _match(match),
            None if need is None else read_listing(need),
            None if offer is None else read_listing(offer),
        )

    def get_many(self, match_ids: Sequence[str]) -> list[Match | None]:
        halves = [match_id.partition("-") for match_id in match_ids]
        items = self.tables.get_all([("matches", _key(need, offer)) for need, _, offer in halves])
        return [None if item is None else _match(item) for item in items]

    def propose(
        self, match: Match, notice: Notice, *, asked: Person | None, limit: tuple[str, int, int]
    ) -> None:
        name, most, until = limit
        count = Count("limits", {"pk": f"{name}#{until}"}, most, until + 3_600)
        new, once = Put("matches", _item(match), ABSENT), _once(match)
        writes: list[Write] = [new, once, owed(notice), count]
        if asked is not None:
            writes += saved_person(asked)
        try:
            self.tables.commit(writes)
        except Refused as refused:
            if refused.writes == [count]:
                raise TooMany("rate_limited", retry_after=until - match.made_at) from refused
            code = "key_reused" if once in refused.writes and new not in refused.writes else "match_changed"
            raise Conflict(code) from refused

    def save(self, match: Match, *, listings: Sequence[Listing] = (), notices: Sequence[Notice] = ()) -> None:
        writes: list[Write] = [Put("matches", _item(match), at_version(match.version - 1))]
        for listing in listings:
            writes += saved_listing(listing, self.zone)
        try:
            self.tables.commit([*writes, *map(owed, notices)])
        except Refused as refused:
            raise Conflict("match_changed") from refused

    def of_person(self, person: str, side: Side, *, before: str | None, limit: int) -> list[Match]:
        condition = Path(side) == person
        if before is not None:
            condition = condition & (Path("made_key") < before)
        rows = self.tables.query("matches", condition, index=side, newest_first=True, limit=limit)
        items = self.tables.get_all([("matches", {"pk": row["pk"], "sk": row["sk"]}) for row in rows])
        return [_match(item) for item in items if item is not None]

    def due(self, job: Job, now: int) -> Iterable[str]:
        return (f"{row['pk']}-{row['sk']}" for row in self._agenda(job).due(now))

    def finished(self, job: Job, now: int) -> None:
        self._agenda(job).finished(now)

    def purge(self, match: Match) -> None:
        try:
            self.tables.commit([Delete("matches", _key(match.need, match.offer), at_version(match.version))])
        except Refused as refused:
            raise Conflict("match_changed") from refused

    def _agenda(self, job: Job) -> Agenda:
        return Agenda(self.tables, "matches", job)


def _once(match: Match) -> Put:
    """Return the write that lets a key ask once: the id of a match is of its listings, not of the key."""
    ((key, _),) = match.receipts
    return Put("limits", {"pk": f"propose#{key}", "purge_at": match.made_at + DAY_S}, ABSENT)


def _key(need: str, offer: str) -> dict[str, str]:
    return {"pk": need, "sk": offer}


def _item(match: Match) -> dict[str, Any]:
    over = not MOVES[match.state]
    job: Job = "purge-matches" if over else "match"
    item = {name: getattr(match, name) for name in _FIELDS}
    item["made_key"] = match.made_key
    purge = {"purge_at": match.due_at} if over else {}
    return {**_key(match.need, match.offer), **item, **due(job, match.due_at, match.id), **purge}


def _match(item: dict[str, Any]) -> Match:
    known = {name: item[name] for name in _FIELDS if name in item}
    return Match(need=item["pk"], offer=item["sk"], **known)
