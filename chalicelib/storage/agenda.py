"""What is due when: rows filed by job and hour, and how far each job has come.

A row that is owed an action carries `due_hour` and `due_key`, which an index of its table is keyed by; a row
that is owed none carries neither and is not in the index. A job reads the hours since its last finished round
and the one before, because an index may show a row a little late.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.storage.tables import Tables
from chalicelib.storage.transaction import Put

HOUR_S = 3_600
FIRST_LOOK_S = 100 * 86_400
"""How far back the first round looks: longer than anything is kept."""


def due(job: str, at: int, key: str) -> dict[str, str]:
    """Return the attributes that file a row under what it is owed and when."""
    return {"due_hour": _bucket(job, at), "due_key": f"{at:011d}#{key}"}


@dataclass(frozen=True, slots=True)
class Agenda:
    """The rows of one table that one job must act on."""

    tables: Tables
    noun: str
    job: str

    def due(self, now: int) -> Iterator[dict[str, Any]]:
        """Yield the keys of what is due up to `now`, oldest hour first."""
        mark = self.tables.get("jobs", {"pk": self.job})
        since = mark["at"] if mark else now - FIRST_LOOK_S
        for at in range((since // HOUR_S - 1) * HOUR_S, now + 1, HOUR_S):
            condition = (Path("due_hour") == _bucket(self.job, at)) & (Path("due_key") < f"{now + 1:011d}")
            yield from self.tables.query(self.noun, condition, index="due")

    def finished(self, now: int) -> None:
        """Remember that nothing due up to `now` is left undone."""
        self.tables.commit([Put("jobs", {"pk": self.job, "at": now})])


def _bucket(job: str, at: int) -> str:
    return f"{job}#{at // HOUR_S}"
