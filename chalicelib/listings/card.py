"""The card: all of a listing that search and ranking may know, and nothing that finds a person."""

from dataclasses import dataclass
from typing import Literal

from chalicelib.listings.windows import Span
from chalicelib.places.model import Cell
from chalicelib.words.alike import Gist, gist, shared

Kind = Literal["need", "offer"]
Urgency = Literal["low", "normal", "high"]
URGENCIES: tuple[Urgency, ...] = ("low", "normal", "high")


@dataclass(frozen=True, slots=True)
class Card:
    """A listing on the board. Instants are UTC epoch seconds, lengths metres.

    `version` grows by one with every change of the listing: of two cards of one id, the higher stands.
    `on_board` is False on the card that takes a listing off the board; the rest of that card means nothing.
    """

    id: str
    version: int
    on_board: bool
    kind: Kind
    author: str
    category: str
    title: str
    title_terms: tuple[str, ...]
    text_terms: tuple[str, ...]
    """Stems of the text that are not in the title."""
    cell: Cell
    reach_m: int
    urgency: Urgency
    languages: tuple[str, ...]
    slots: int
    """Half hours of the local week, as a mask of 336 bits."""
    spans: tuple[Span, ...]
    capacity: int
    left: int
    """How many more matches it can take; an open card may have none left: it is shown as matched."""
    published_at: int
    expires_at: int
    needed_by: int | None
    trust: int
    """What is verified of the author: 0 e-mail, 1 phone, 2 association, 3 city."""

    @property
    def gist(self) -> Gist:
        return gist(self.title_terms, self.text_terms)

    def shared(self, asked: Gist) -> frozenset[str]:
        return shared(asked, self.gist)

    @property
    def full(self) -> bool:
        return self.left == 0

    def stands_at(self, now: int) -> bool:
        return self.on_board and now < self.expires_at
