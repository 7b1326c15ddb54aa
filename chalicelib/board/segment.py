"""A segment: cards as columns, made once and never changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from chalicelib.board.bits import ones, slots_of, window
from chalicelib.board.cells import Cells, Run, place
from chalicelib.board.columns import Coded, Sparse
from chalicelib.board.filtered import Filtered
from chalicelib.board.ids import Authors, Ids, pack
from chalicelib.board.model import Where
from chalicelib.board.ranked import Ranked
from chalicelib.board.seen import Seen
from chalicelib.board.shelf import Shelf
from chalicelib.board.tally import Tally
from chalicelib.board.text import Postings, Titles
from chalicelib.board.times import Dated, Weeks
from chalicelib.listings.card import Card, Kind, Urgency
from chalicelib.places.model import Point

_FEW = 256
"""So few slots that do not stand are known one by one."""


@dataclass(eq=False)
class Segment(Filtered):
    """A column a field; slots are numbered from south to north, in a row of cells from west to east."""

    ids: Ids
    authors: Authors
    cells: Cells
    newest: Ranked
    """By when published, the latest first: its numbers are instants below zero."""
    ending: Ranked
    """By when they expire."""
    versions: Coded[int]
    kinds: Coded[Kind]
    categories: Coded[str]
    urgencies: Coded[Urgency]
    languages: Coded[tuple[str, ...]]
    trusts: Coded[int]
    reaches: Coded[int]
    capacities: Coded[int]
    lefts: Coded[int]
    weeks: Weeks
    dated: Dated
    needed: Sparse
    titles: Titles
    postings: Postings

    @classmethod
    def of(cls, cards: Iterable[Card]) -> "Segment":
        """Return the segment of the cards, of which no two have one id."""
        cards = sorted(cards, key=lambda card: (place(card.cell), card.kind, card.category, card.id))
        ids = Ids.of([pack(card.id) for card in cards])
        return cls(
            ids=ids,
            authors=Authors.of([card.author for card in cards]),
            cells=Cells.of([card.cell for card in cards]),
            newest=Ranked.of([-card.published_at for card in cards], ids),
            ending=Ranked.of([card.expires_at for card in cards], ids),
            versions=Coded.of([card.version for card in cards]),
            kinds=Coded.of([card.kind for card in cards]),
            categories=Coded.of([card.category for card in cards]),
            urgencies=Coded.of([card.urgency for card in cards]),
            languages=Coded.of([card.languages for card in cards]),
            trusts=Coded.of([card.trust for card in cards]),
            reaches=Coded.of([card.reach_m for card in cards]),
            capacities=Coded.of([card.capacity for card in cards]),
            lefts=Coded.of([card.left for card in cards]),
            weeks=Weeks(Coded.of([card.slots for card in cards])),
            dated=Dated.of([card.spans for card in cards]),
            needed=Sparse.of([card.needed_by for card in cards]),
            titles=Titles.of([card.title for card in cards]),
            postings=Postings.of([card.title_terms for card in cards], [card.text_terms for card in cards]),
        )

    def __post_init__(self) -> None:
        self._standing: tuple[int, int, int, list[int] | None] | None = None
        self._shelves: dict[tuple[Kind, str], Shelf] = {}

    def __len__(self) -> int:
        return len(self.newest.ranks)

    @cached_property
    def tally(self) -> Tally:
        return Tally(self.kinds, self.categories, self.lefts, self.cells)

    def standing(self, live: int, now: int) -> tuple[int, list[int] | None]:
        """Return which of the live slots stand at `now`, and the slots that do not where those are few."""
        unexpired, known = self.ending.beyond(now), self._standing
        if known is None or known[0] is not live or known[1] is not unexpired:
            alive = live & unexpired
            gone = ones(len(self)) ^ alive
            known = live, unexpired, alive, slots_of(gone) if gone.bit_count() <= _FEW else None
            self._standing = known
        return known[2:]

    def select(self, where: Where, bits: int) -> int:
        """Return the slots of the set that are all that is asked but for the category."""
        if where.kind:
            bits &= self.kinds.equal(where.kind)
        for term in where.terms:
            bits &= self.postings.anywhere(term)
        return super().select(where, bits)

    def shelf(self, kind: Kind, category: str) -> Shelf:
        shelf = self._shelves.get((kind, category))
        if shelf is None:
            bits = self.kinds.equal(kind) & self.categories.equal(category)
            shelf = self._shelves[kind, category] = Shelf(self, bits)
        return shelf

    def distances(self, point: Point, slots: Sequence[int]) -> list[int]:
        """Return the metres from the point to each slot."""
        return self.cells.distances(point, slots)

    def within(self, point: Point, radius_m: int) -> tuple[int, int]:
        """Return a slot, and counted from it the slots whose cell is at most `radius_m` from the point."""
        return self.slots_in(self.cells.disc(point, radius_m))

    def slots_in(self, runs: Sequence[Run]) -> tuple[int, int]:
        """Return a slot, and counted from it the set of slots in the runs of cells."""
        starts = self.cells.starts
        return window([(starts[start], starts[end]) for start, end in runs])

    def among(self, categories: Iterable[str]) -> int:
        """Return the slots of one of the categories."""
        found = 0
        for category in categories:
            found |= self.categories.equal(category)
        return found

    def cards(self, bits: int) -> Iterator[Card]:
        """Yield the cards of the set; their terms are in alphabetical order."""
        wanted = set(slots_of(bits))
        for slot, (title_terms, text_terms) in enumerate(self.postings.by_slot()):
            if slot in wanted:
                yield Seen(self, slot).card(title_terms, text_terms)
