"""The outbox in DynamoDB: one item a notice, filed by when somebody must look at it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.errors import Conflict
from chalicelib.notices.model import Notice
from chalicelib.notices.repository import Limit, Spent
from chalicelib.storage.agenda import Agenda, due
from chalicelib.storage.tables import Tables
from chalicelib.storage.transaction import ABSENT, Count, Delete, Put, Refused, at_version

_FIELDS = tuple(field.name for field in fields(Notice))


def owed(notice: Notice) -> Put:
    """Return the write that makes the city owe a new notice, for the transaction of the fact behind it."""
    return Put("notices", _item(notice), ABSENT)


@dataclass(frozen=True, slots=True)
class DynamoOutbox:
    tables: Tables

    def get(self, notice_id: str) -> Notice | None:
        item = self.tables.get("notices", {"pk": notice_id})
        return None if item is None else _notice(item)

    def get_many(self, notice_ids: Sequence[str]) -> list[Notice]:
        items = self.tables.get_all([("notices", {"pk": notice_id}) for notice_id in notice_ids])
        return [_notice(item) for item in items if item is not None]

    def waiting_for(self, person: str, *, limit: int) -> list[Notice]:
        rows = self.tables.query("notices", Path("waiting_for") == person, index="waiting", limit=limit)
        return [each for each in self.get_many([row["pk"] for row in rows]) if each.free]

    def save(self, *notices: Notice, limits: Sequence[Limit] = ()) -> None:
        puts = [Put("notices", _item(notice), at_version(notice.version - 1)) for notice in notices]
        counts = [Count("limits", {"pk": name}, most, until) for name, most, until in limits]
        try:
            self.tables.commit([*puts, *counts])
        except Refused as refused:
            if all(isinstance(write, Count) for write in refused.writes):
                raise Spent from refused
            raise Conflict("notice_taken") from refused

    def due(self, now: int) -> Iterable[str]:
        return (row["pk"] for row in self._agenda("send").due(now))

    def due_to_purge(self, now: int) -> Iterable[str]:
        return (row["pk"] for row in self._agenda("purge-notices").due(now))

    def purge(self, notice: Notice) -> None:
        try:
            self.tables.commit([Delete("notices", {"pk": notice.id}, at_version(notice.version))])
        except Refused as refused:
            raise Conflict("notice_taken") from refused

    def finished(self, job: str, now: int) -> None:
        self._agenda(job).finished(now)

    def _agenda(self, job: str) -> Agenda:
        return Agenda(self.tables, "notices", job)


def _item(notice: Notice) -> dict[str, Any]:
    item = {name: getattr(notice, name) for name in _FIELDS if name != "id"}
    job = "purge-notices" if notice.over else "send"
    more: dict[str, Any] = {"purge_at": notice.due_at} if notice.over else {}
    if notice.free and notice.to:
        more = {"waiting_for": notice.to, "waiting_key": f"{notice.made_at:011d}#{notice.id}"}
    return {"pk": notice.id, **item, **due(job, notice.due_at, notice.id), **more}


def _notice(item: dict[str, Any]) -> Notice:
    return Notice(id=item["pk"], **{name: item[name] for name in _FIELDS if name in item})
