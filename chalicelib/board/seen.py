"""A card of a segment as answers show it, read from the columns field by field when asked."""

from typing import TYPE_CHECKING

from chalicelib.board.alike import shared
from chalicelib.board.ids import unpack
from chalicelib.listings.card import Card, Kind, Urgency
from chalicelib.listings.windows import Span
from chalicelib.places.model import Cell
from chalicelib.words.alike import Gist

if TYPE_CHECKING:
    from chalicelib.board.segment import Segment


class Seen:
    """One slot of a segment; it stays right for as long as it is held, for a segment never changes."""

    __slots__ = ("_segment", "_slot")

    def __init__(self, segment: "Segment", slot: int) -> None:
        self._segment, self._slot = segment, slot

    @property
    def id(self) -> str:
        return unpack(self._segment.ids.at(self._slot))

    @property
    def version(self) -> int:
        return self._segment.versions[self._slot]

    @property
    def kind(self) -> Kind:
        return self._segment.kinds[self._slot]

    @property
    def author(self) -> str:
        return self._segment.authors[self._slot]

    @property
    def category(self) -> str:
        return self._segment.categories[self._slot]

    @property
    def title(self) -> str:
        return self._segment.titles[self._slot]

    @property
    def cell(self) -> Cell:
        return self._segment.cells.at(self._slot)

    @property
    def reach_m(self) -> int:
        return self._segment.reaches[self._slot]

    @property
    def urgency(self) -> Urgency:
        return self._segment.urgencies[self._slot]

    @property
    def languages(self) -> tuple[str, ...]:
        return self._segment.languages[self._slot]

    @property
    def slots(self) -> int:
        return self._segment.weeks.masks[self._slot]

    @property
    def spans(self) -> tuple[Span, ...]:
        return self._segment.dated[self._slot]

    @property
    def capacity(self) -> int:
        return self._segment.capacities[self._slot]

    @property
    def left(self) -> int:
        return self._segment.lefts[self._slot]

    @property
    def full(self) -> bool:
        return self.left == 0

    def stands_at(self, now: int) -> bool:
        return now < self.expires_at

    @property
    def published_at(self) -> int:
        return -self._segment.newest.number(self._slot)

    @property
    def expires_at(self) -> int:
        return self._segment.ending.number(self._slot)

    @property
    def needed_by(self) -> int | None:
        return self._segment.needed.get(self._slot)

    @property
    def trust(self) -> int:
        return self._segment.trusts[self._slot]

    def shared(self, asked: Gist) -> frozenset[str]:
        return shared(self._segment.postings, asked, self._slot)

    def card(self, title_terms: tuple[str, ...], text_terms: tuple[str, ...]) -> Card:
        return Card(
            id=self.id,
            version=self.version,
            on_board=True,
            kind=self.kind,
            author=self.author,
            category=self.category,
            title=self.title,
            title_terms=title_terms,
            text_terms=text_terms,
            cell=self.cell,
            reach_m=self.reach_m,
            urgency=self.urgency,
            languages=self.languages,
            slots=self.slots,
            spans=self.spans,
            capacity=self.capacity,
            left=self.left,
            published_at=self.published_at,
            expires_at=self.expires_at,
            needed_by=self.needed_by,
            trust=self.trust,
        )
