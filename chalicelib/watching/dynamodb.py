"""A watch's memory: one item among the jobs."""

from dataclasses import dataclass

from chalicelib.storage.tables import Tables
from chalicelib.watching.model import Memory

KEY = {"pk": "watch"}


@dataclass(frozen=True, slots=True)
class DynamoMemory:
    tables: Tables

    def recall(self) -> Memory | None:
        kept = self.tables.get("jobs", KEY)
        if kept is None:
            return None
        mails = {int(hour): _counts(counts) for hour, counts in kept["mails"].items()}
        return Memory(int(kept["seen_until"]), mails, _counts(kept["ran"]), _counts(kept["told"]))

    def keep(self, memory: Memory) -> None:
        mails = {str(hour): dict(counts) for hour, counts in memory.mails.items()}
        kept = {"seen_until": memory.seen_until, "mails": mails, "ran": memory.ran, "told": memory.told}
        self.tables.put("jobs", {**KEY, **kept})


def _counts(kept: dict[str, object]) -> dict[str, int]:
    return {name: int(str(count)) for name, count in kept.items()}
