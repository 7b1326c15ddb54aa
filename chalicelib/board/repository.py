"""What the board needs of a store: the change log, and a snapshot to begin from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.listings.card import Card
from chalicelib.people.model import Helper


@dataclass(frozen=True, slots=True)
class Head:
    """Which snapshot stands, and up to which instant of the log everything is in it."""

    generation: int
    position_ms: int
    cards: int
    parts: int
    helpers: int
    """Of the parts, how many at the end hold helpers."""


class ChangeLog(Protocol):
    def now_ms(self) -> int: ...

    def lines(self, since_ms: int) -> Iterable[Card | Helper]:
        """Yield, strongly consistent, what was logged from the instant on, oldest first."""

    def head(self) -> Head | None: ...

    def parts(self, head: Head) -> list[bytes]:
        """Return the parts of a snapshot; ValueError when one is gone."""

    def save(self, head: Head, parts: Sequence[bytes]) -> None:
        """Store the parts, then let the head stand; Conflict when another head stands already."""

    def everything(self) -> Iterable[Card | Helper]:
        """Yield what the tables themselves hold: the truth that the board can always be made of again."""
