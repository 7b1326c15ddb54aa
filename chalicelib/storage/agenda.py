"""What is due when: rows filed by job and hour, and how far each job has come.

A row that is owed an action carries `due_hour` and `due_key`, which an index of its table is keyed by; a row
that is owed none carries neither and is not in the index. A job reads the hours since its last finished
round, and each until some minutes after its end, because an index may show a row a little late. The first
round of a day reads two days once more, for what an index in trouble showed up to a day late. A mark that a
clock left well ahead of now is not believed: everything that is due is looked for, as in the first round
ever.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.storage.tables import Tables

HOUR_S, DAY_H = 3_600, 24
LATE_S = 600
"""How long after its hour a row may still appear: an index lags by seconds, and no request takes a minute."""


def due(job: str, at: int, key: str) -> dict[str, str]:
    """Return the attributes that file a row under what it is owed and when."""
    return {"due_hour": _bucket(job, at), "due_key": f"{at:011d}#{key}"}


@dataclass(frozen=True, slots=True)
class Agenda:
    """The rows of one table that one job must act on."""

    tables: Tables
    noun: str
    job: str

    def mark(self, now: int) -> int | None:
        """Return up to when nothing is left undone; None when that is not known.

        One that is a moment old says less, never more: a round then looks a little farther back.
        """
        row = self.tables.get("jobs", {"pk": self.job}, consistent=False)
        return None if row is None or row["at"] > now + HOUR_S else min(row["at"], now)

    def due(self, now: int) -> Iterator[dict[str, Any]]:
        """Yield the keys of what is due up to `now`, oldest hour first."""
        return self.due_since(self.mark(now), now)

    def due_since(self, mark: int | None, now: int) -> Iterator[dict[str, Any]]:
        """Yield what is due, for whoever has looked at the mark already."""
        if mark is None:
            yield from self._ever(now)
            return
        oldest = _open_hour(mark)
        if oldest // DAY_H < _open_hour(now) // DAY_H:
            oldest -= 2 * DAY_H
        for at in range(oldest * HOUR_S, now + 1, HOUR_S):
            condition = (Path("due_hour") == _bucket(self.job, at)) & (Path("due_key") < f"{now + 1:011d}")
            yield from self.tables.query(self.noun, condition, index="due")

    def _ever(self, now: int) -> Iterator[dict[str, Any]]:
        """Yield what is due up to `now` however old: the first round does not know since when."""
        rows = self.tables.scan(self.noun, index="due")
        mine = [row for row in rows if row["due_hour"].startswith(f"{self.job}#")]
        yield from (row for row in sorted(mine, key=_due_key) if _due_key(row) < f"{now + 1:011d}")

    def finished(self, now: int, *, exactly: bool = False) -> None:
        """Remember that nothing due up to `now` is left undone.

        The next round reads whole hours, so a mark is written when one more of them is done with, and not
        each time: a city in which nothing happens would pay for little else. `exactly` is for a job that
        looks at what is new since its mark, and found something.
        """
        mark = None if exactly else self.tables.get("jobs", {"pk": self.job}, consistent=False)
        if mark is None or _open_hour(mark["at"]) < _open_hour(now):
            self.tables.put("jobs", {"pk": self.job, "at": now})


def _open_hour(at: int) -> int:
    """Return the oldest hour that was not done with at an instant."""
    return (at - LATE_S) // HOUR_S


def _due_key(row: dict[str, Any]) -> str:
    return str(row["due_key"])


def _bucket(job: str, at: int) -> str:
    return f"{job}#{at // HOUR_S}"
