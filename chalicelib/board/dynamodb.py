"""The change log and the snapshots in DynamoDB."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

from pynamodb.expressions.operand import Path

from chalicelib.board.repository import Head
from chalicelib.errors import Conflict
from chalicelib.listings.card import Card
from chalicelib.listings.rows import LISTING, read_listing, unpack
from chalicelib.people.dynamodb import read_person, unpack_helper
from chalicelib.people.model import Helper, helper_of
from chalicelib.storage.tables import Tables
from chalicelib.storage.transaction import ABSENT, LOG, Put, Refused

_HEAD = {"pk": "snapshot", "sk": "head"}
PARTS_KEPT_S = 6 * 86_400
"""Longer than a snapshot may be begun from; deletion by age costs nothing, any other a unit a kilobyte."""


@dataclass(frozen=True, slots=True)
class DynamoChangeLog:
    tables: Tables
    zone: ZoneInfo

    def now_ms(self) -> int:
        return self.tables.clock_ms()

    def lines(self, since_ms: int) -> Iterator[Card | Helper]:
        condition = (Path("pk") == LOG) & (Path("sk") >= f"{max(0, since_ms):013d}")
        for row in self.tables.query("changes", condition):
            kind = row["sk"].split("#")[1]
            yield unpack(row["body"]) if kind == LISTING else unpack_helper(row["body"])

    def head(self) -> Head | None:
        item = self.tables.get("changes", _HEAD)
        if item is None:
            return None
        return Head(**{name: item[name] for name in Head.__slots__})

    def parts(self, head: Head) -> list[bytes]:
        keys = [("changes", _part(head.generation, number)) for number in range(head.parts)]
        items = self.tables.get_all(keys, consistent=False)
        missing = [number for number, item in enumerate(items) if item is None]
        for number, item in zip(missing, self.tables.get_all([keys[n] for n in missing]), strict=True):
            items[number] = item
        found = [item["body"] for item in items if item is not None]
        if len(found) != head.parts:
            raise ValueError("a part of the snapshot is gone")
        return found

    def save(self, head: Head, parts: Sequence[bytes]) -> None:
        purge_at = self.tables.clock_ms() // 1000 + PARTS_KEPT_S
        for number, body in enumerate(parts):
            part = {**_part(head.generation, number), "body": body, "purge_at": purge_at}
            self.tables.put("changes", part)
        before = Path("generation") == head.generation - 1 if head.generation > 1 else ABSENT
        try:
            self.tables.commit([Put("changes", {**_HEAD, **asdict(head)}, before)])
        except Refused as refused:
            raise Conflict("snapshot_overtaken") from refused

    def everything(self) -> Iterable[Card | Helper]:
        for row in self.tables.scan("listings"):
            listing = read_listing(row)
            if listing.state == "open":
                yield listing.card(self.zone)
        for row in self.tables.scan("people"):
            if row["sk"] == "me":
                yield helper_of(read_person(row))


def _part(generation: int, number: int) -> dict[str, str]:
    """Return a part's key: each part has a partition of its own, so that a burst of readers spreads."""
    return {"pk": f"snapshot#{generation}#{number}", "sk": "part"}
