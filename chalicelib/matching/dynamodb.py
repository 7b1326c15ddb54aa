"""Matches in DynamoDB: under their need, indexed by either person and by what is due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

from pynamodb.expressions.operand import Path

from chalicelib.errors import Conflict, TooMany
from chalicelib.listings.dynamodb import saved as saved_listing
from chalicelib.listings.dynamodb import takes_one_more
from chalicelib.listings.model import Listing
from chalicelib.listings.rows import read_listing
from chalicelib.matching.model import DAY_S, IN_VAIN, KEPT_S, MOVES, Match, Side
from chalicelib.matching.repository import Job, Pair
from chalicelib.notices.dynamodb import owed
from chalicelib.notices.model import Notice
from chalicelib.people.dynamodb import does_not_block
from chalicelib.people.dynamodb import saved as saved_person
from chalicelib.people.model import Person
from chalicelib.storage.agenda import Agenda, due
from chalicelib.storage.tables import Key, Tables
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

AGAIN = "again#"
"""What the key of a row that only says "look at this need again" begins with."""
AGREED = "agreed"
"""Where what waits for a coordinator is filed: it is due to a person, not at an hour."""
_MOST_AGREED = 200
Row = dict[str, Any] | None

_FIELDS = tuple(field.name for field in fields(Match) if field.name not in ("need", "offer"))


def proposed(match: Match, notice: Notice, *, asked: Person | None) -> list[Write]:
    """Return the writes of a new match, first of all itself: whoever proposes it, they are the same."""
    new = Put("matches", _item(match), ABSENT)
    still = [takes_one_more(listing) for listing in (match.need, match.offer)]
    person = [] if asked is None else saved_person(asked)
    return [new, owed(notice), *still, *person, *_together(match, written=asked)]


def look_again(need: str, at: int) -> Put:
    """Return the write that has the city look at a need again, whatever else is filed about it."""
    return Put("askings", {"pk": f"{AGAIN}{need}", **due("ask", at, need)})


@dataclass(frozen=True, slots=True)
class DynamoMatches:
    tables: Tables
    zone: ZoneInfo

    def pair(self, need_id: str, offer_id: str) -> Pair:
        return _pair(*self.tables.get_all(_pair_keys(need_id, offer_id)))

    def get_many(self, match_ids: Sequence[str]) -> list[Match | None]:
        halves = [match_id.partition("-") for match_id in match_ids]
        items = self.tables.get_all([("matches", _key(need, offer)) for need, _, offer in halves])
        return [None if item is None else _match(item) for item in items]

    def propose(
        self, match: Match, notice: Notice, *, asked: Person | None, limit: tuple[str, int, int]
    ) -> None:
        name, most, until = limit
        count = Count("limits", {"pk": f"{name}#{until}"}, most, until + 3_600)
        (new, *more), once = proposed(match, notice, asked=asked), _once(match)
        try:
            self.tables.commit([new, once, count, *more])
        except Refused as refused:
            if refused.writes == [count]:
                raise TooMany("rate_limited", retry_after=until - match.made_at) from refused
            code = "key_reused" if once in refused.writes and new not in refused.writes else "match_changed"
            raise Conflict(code) from refused

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
        changed = (match,) if called is None else (match, called)
        writes: list[Write] = [Put("matches", _item(each), at_version(each.version - 1)) for each in changed]
        if match.state in IN_VAIN:
            writes.append(look_again(match.need, match.due_at - KEPT_S))
        for listing in listings:
            writes += saved_listing(listing, self.zone)
        if person is not None:
            writes += saved_person(person)
        for each in (match,) if together else changed[1:]:
            writes += _together(each, written=person)
        writes += [ConditionCheck("listings", {"pk": each.id}, at_version(each.version)) for each in seen]
        try:
            self.tables.commit([*writes, *map(owed, notices)])
        except Refused as refused:
            raise Conflict("match_changed") from refused

    def of_need(self, need_id: str) -> list[Match]:
        return [_match(item) for item in self.tables.query("matches", Path("pk") == need_id)]

    def agreed(self) -> list[Pair]:
        rows = self.tables.query("matches", Path("due_hour") == AGREED, index="due", limit=_MOST_AGREED)
        keys = [key for row in rows for key in _pair_keys(row["pk"], row["sk"])]
        found = self.tables.get_all(keys)
        pairs = [_pair(*found[at : at + 3]) for at in range(0, len(found), 3)]
        return [pair for pair in pairs if pair.match is not None and pair.match.state == "agreed"]

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


def _together(match: Match, *, written: Person | None) -> list[Write]:
    """Return what must hold for two to be brought together; who is written anew was read at that version."""
    sides = ((match.seeker, match.helper), (match.helper, match.seeker))
    return [does_not_block(one, other) for one, other in sides if written is None or one != written.id]


def _once(match: Match) -> Put:
    """Return the write that lets a key ask once: the id of a match is of its listings, not of the key."""
    ((key, _),) = match.receipts
    return Put("limits", {"pk": f"propose#{key}", "purge_at": match.made_at + DAY_S}, ABSENT)


def _key(need: str, offer: str) -> dict[str, str]:
    return {"pk": need, "sk": offer}


def _pair_keys(need: str, offer: str) -> list[Key]:
    return [("matches", _key(need, offer)), ("listings", {"pk": need}), ("listings", {"pk": offer})]


def _pair(match: Row, need: Row, offer: Row) -> Pair:
    return Pair(
        None if match is None else _match(match),
        None if need is None else read_listing(need),
        None if offer is None else read_listing(offer),
    )


def _item(match: Match) -> dict[str, Any]:
    item = {name: getattr(match, name) for name in _FIELDS}
    return {**_key(match.need, match.offer), **item, "made_key": match.made_key, **_owed(match)}


def _owed(match: Match) -> dict[str, Any]:
    """Return under what the match is filed: what a schedule, or a coordinator, must do with it next."""
    if match.state == "agreed":
        return {**due("match", match.due_at, match.id), "due_hour": AGREED}
    if MOVES[match.state]:
        return due("match", match.due_at, match.id)
    return {**due("purge-matches", match.due_at, match.id), "purge_at": match.due_at}


def _match(item: dict[str, Any]) -> Match:
    known = {name: item[name] for name in _FIELDS if name in item}
    return Match(need=item["pk"], offer=item["sk"], **known)
