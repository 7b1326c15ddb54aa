"""The city's board: a replica in this function's memory, brought up to date before each use by one query."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Protocol
from zlib import compress, decompress

from chalicelib.board.model import Page, Query
from chalicelib.board.replica import Replica
from chalicelib.board.repository import ChangeLog, Head
from chalicelib.board.search import search
from chalicelib.board.segment import Segment
from chalicelib.board.snapshot import dump, load
from chalicelib.errors import Conflict
from chalicelib.listings.card import Card
from chalicelib.people.model import Helper, read_helper
from chalicelib.rounds import Round

OVERLAP_MS = 30_000
"""How far back each query reads again: longer than a transaction takes to appear, and clocks differ."""
STALE_MS = 5 * 86_400_000
"""A snapshot older than this is not begun from: the log forgets after seven days."""
DAY_MS = 86_400_000
"""A snapshot this old is made anew however little has changed, and a replica begins anew from it: so neither
holds what is long gone."""
REMEMBERED_S = 600
"""How long a removed listing's version is kept, so that an older line that appears late stays out."""
FEW = 200
SHARE = 50
"""A snapshot is made anew when the log since holds more than FEW lines and a SHARE-th of the cards."""


class Known(Protocol):
    """The board as ranking looks at it: the cards, and what is known of their authors."""

    def fresh(self, now: int) -> Replica: ...

    def helper(self, person: str) -> Helper: ...


@dataclass(frozen=True, slots=True)
class Still:
    """The board at one instant, read once and looked at many times."""

    replica: Replica
    helpers: Mapping[str, Helper]

    def fresh(self, _now: int) -> Replica:
        return self.replica

    def helper(self, person: str) -> Helper:
        return self.helpers.get(person) or Helper(person, 0)


class LiveBoard:
    """Search and ranking as of now: whatever was committed before the question is in the answer."""

    def __init__(self, log: ChangeLog) -> None:
        self._log = log
        self._replica = Replica()
        self._helpers: dict[str, Helper] = {}
        self._read_ms = self._loaded_ms = 0
        self._lock = Lock()

    def search(self, query: Query, now: int) -> Page:
        return search(self.fresh(now), query, now)

    def fresh(self, now: int) -> Replica:
        """Return the replica with every change that was committed before this call."""
        with self._lock:
            began = self._log.now_ms()
            if began - self._loaded_ms > DAY_MS or began < self._read_ms - OVERLAP_MS:  # the clock went back
                self._reload(now)
                self._take(self._forgotten(), now)
                self._loaded_ms = began
            self._take(self._log.lines(self._read_ms - OVERLAP_MS), now)
            self._read_ms = max(self._read_ms, began)
            return self._replica

    def helper(self, person: str) -> Helper:
        return self._helpers.get(person) or Helper(person, 0)

    def still(self, now: int) -> Still:
        """Return the board as it is now, for whoever looks at it many times in a row."""
        return Still(self.fresh(now), self._helpers)

    def save_snapshot(self, now: int) -> Round:
        """Store what a new function begins from, if enough has changed since the last."""
        head = self._log.head()
        replica, position = self.fresh(now), self._read_ms
        if head is not None and position - head.position_ms < DAY_MS:
            behind = sum(1 for _ in self._log.lines(head.position_ms - OVERLAP_MS))
            if behind <= max(FEW, head.cards // SHARE):
                return Round(passed=1)
        segment = Segment.of(replica.cards(now))
        parts, helpers = dump(segment), _dump_helpers(list(self._helpers.values()))
        generation = head.generation + 1 if head else 1
        try:
            self._log.save(
                Head(generation, position, len(segment), len(parts) + len(helpers), len(helpers)),
                parts + helpers,
            )
        except Conflict:
            return Round(passed=1)
        return Round(done=1)

    def rebuild(self, now: int) -> None:
        """Forget the replica and make it anew from the tables."""
        began = self._log.now_ms()
        self._replica, self._helpers = Replica(), {}
        self._take(self._log.everything(), now)
        self._read_ms = began

    def _reload(self, now: int) -> None:
        head = self._log.head()
        if head is None or not -OVERLAP_MS <= self._log.now_ms() - head.position_ms <= STALE_MS:
            return self.rebuild(now)
        try:
            parts = self._log.parts(head)
            replica = Replica(load(parts[: head.parts - head.helpers]))
        except ValueError:  # a part is gone or damaged: the tables are the truth
            return self.rebuild(now)
        self._replica = replica
        self._helpers = {helper.id: helper for helper in _load_helpers(parts[head.parts - head.helpers :])}
        self._read_ms = head.position_ms
        return None

    def _forgotten(self) -> Iterator[Card | Helper]:
        """Yield what a replica that has just begun does not know: what left the board shortly before.

        Without it an older line, read now because lines may be late, would bring such a listing back.
        """
        lines = self._log.lines(self._read_ms - 2 * OVERLAP_MS)
        return (line for line in lines if isinstance(line, Helper) or not line.on_board)

    def _take(self, lines: Iterable[Card | Helper], now: int) -> None:
        cards: list[Card] = []
        for line in lines:
            if isinstance(line, Card):
                cards.append(line)
            elif line.version > self.helper(line.id).version:
                self._helpers[line.id] = line
        if cards:
            self._replica.apply(cards, now)
            self._replica.forget(now - REMEMBERED_S)


def _dump_helpers(helpers: Iterable[Helper]) -> list[bytes]:
    """Return the helpers of whom there is anything to say, a few thousand a part."""
    rows = [asdict(helper) for helper in helpers if helper != Helper(helper.id, helper.version)]
    return [
        compress(json.dumps(rows[start : start + 2_000], separators=(",", ":")).encode(), 9)
        for start in range(0, len(rows), 2_000)
    ]


def _load_helpers(parts: Iterable[bytes]) -> Iterator[Helper]:
    for part in parts:
        yield from map(read_helper, json.loads(decompress(part)))
