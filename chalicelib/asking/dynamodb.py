"""Askings in DynamoDB: one item a need, filed by when the city must look at it and, unanswered, for the desk.

Beside them stand rows that only say "look at this need again", which a match leaves when it is declined or
cancelled, in the transaction of that: they need no version of the asking, so nothing has to be read for them.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.asking.model import Asked, Asking, Outcome, Passed
from chalicelib.asking.repository import Again, Due, Job, Stands, Unanswered
from chalicelib.errors import Conflict
from chalicelib.listings.rows import read_listing
from chalicelib.matching.dynamodb import AGAIN, proposed
from chalicelib.matching.proposals import Proposal
from chalicelib.notices.dynamodb import owed
from chalicelib.notices.model import Notice
from chalicelib.storage.agenda import Agenda, due
from chalicelib.storage.tables import Key, Tables
from chalicelib.storage.transaction import ABSENT, ConditionCheck, Delete, Put, Refused, at_version

DESK = "unanswered"
_PLAIN = tuple(f.name for f in fields(Asking) if f.name not in ("need", "asked", "outcome"))


@dataclass(frozen=True, slots=True)
class DynamoAskings:
    tables: Tables

    def get(self, need_id: str) -> Stands:
        asking, need = self.tables.get_all(_keys(need_id))
        return Stands(
            None if asking is None else _asking(asking), None if need is None else read_listing(need)
        )

    def get_many(self, need_ids: Sequence[str]) -> list[Asking | None]:
        items = self.tables.get_all([("askings", {"pk": need_id}) for need_id in need_ids])
        return [None if item is None else _asking(item) for item in items]

    def save(self, asking: Asking, notices: Sequence[Notice] = ()) -> Asking:
        stored = replace(asking, version=asking.version + 1)
        self._commit([_saved(stored), *map(owed, notices)])
        return stored

    def ask(self, asking: Asking, proposal: Proposal) -> Asking:
        stored = replace(asking, version=asking.version + 1)
        own = _saved(stored)
        writes = proposed(proposal.match, proposal.mail, asked=proposal.asked)
        try:
            self.tables.commit([own, *writes])
        except Refused as refused:
            if own in refused.writes:
                raise Conflict("asking_changed") from refused
            checks = [write for write in refused.writes if isinstance(write, ConditionCheck)]
            full = any(check.table == "listings" for check in checks)
            raise Conflict("listing_full" if full else "match_changed") from refused
        return stored

    def unanswered(self, limit: int) -> list[Unanswered]:
        rows = self.tables.query("askings", Path("desk") == DESK, index="desk", limit=limit)
        found = self.tables.get_all([key for row in rows for key in _keys(row["pk"])])
        both = zip(found[::2], found[1::2], strict=True)
        standing = [
            Unanswered(_asking(asking), read_listing(need)) for asking, need in both if asking and need
        ]
        return [each for each in standing if each.asking.state == "unanswered"]

    def mark(self, job: str, now: int) -> int | None:
        return self._agenda(job).mark(now)

    def due(self, job: Job, since: int | None, now: int) -> Iterable[Due]:
        for row in self._agenda(job).due_since(since, now):
            again = row["pk"].startswith(AGAIN)
            yield Due(row["pk"].removeprefix(AGAIN), (row["pk"], row["due_key"]) if again else None)

    def seen(self, again: Again) -> None:
        key, due_key = again
        with suppress(Refused):
            self.tables.commit([Delete("askings", {"pk": key}, Path("due_key") == due_key)])

    def finished(self, job: str, now: int, *, exactly: bool = False) -> None:
        self._agenda(job).finished(now, exactly=exactly)

    def purge(self, asking: Asking) -> None:
        self._commit([Delete("askings", {"pk": asking.need}, at_version(asking.version))])

    def _agenda(self, job: str) -> Agenda:
        return Agenda(self.tables, "askings", job)

    def _commit(self, writes: Sequence[Put | Delete]) -> None:
        try:
            self.tables.commit(writes)
        except Refused as refused:
            raise Conflict("asking_changed") from refused


def _keys(need_id: str) -> list[Key]:
    return [("askings", {"pk": need_id}), ("listings", {"pk": need_id})]


def _saved(asking: Asking) -> Put:
    condition = at_version(asking.version - 1) if asking.version > 1 else ABSENT
    return Put("askings", _item(asking), condition)


def _item(asking: Asking) -> dict[str, Any]:
    over = asking.state == "over"
    job: Job = "purge-askings" if over else "ask"
    item = {name: getattr(asking, name) for name in _PLAIN}
    item["asked"] = tuple(map(tuple, asking.asked))
    item["passed"] = tuple(map(tuple, asking.outcome.passed))
    item["totals"] = asking.outcome.totals
    if asking.state == "unanswered":
        item |= {"desk": DESK, "desk_key": f"{asking.unanswered_at:011d}#{asking.need}"}
    purge = {"purge_at": asking.due_at} if over else {}
    return {"pk": asking.need, **item, **due(job, asking.due_at, asking.need), **purge}


def _asking(item: dict[str, Any]) -> Asking:
    known = {name: item[name] for name in _PLAIN if name in item}
    asked = tuple(Asked(*each) for each in item["asked"])
    outcome = Outcome(tuple(Passed(*each) for each in item["passed"]), item["totals"])
    return Asking(need=item["pk"], asked=asked, outcome=outcome, **known)
