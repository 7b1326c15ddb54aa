"""Questions to the board and its answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from chalicelib.listings.card import Kind, Urgency
from chalicelib.listings.windows import Span, overlap
from chalicelib.places.model import Cell, Point
from chalicelib.words.alike import Gist

Order = Literal["distance", "newest", "ending", "relevance"]
State = Literal["open", "matched"]

Position = tuple[int, int, str]
"""Where a card stands in an order: first number, second number, id; the lower, the earlier. Of each order:

- distance: (metres, -published_at, id)
- newest: (0, -published_at, id)
- ending: (0, expires_at, id)
- relevance: (-how many of the asked terms are in the title, -published_at, id)
"""


class Shown(Protocol):
    """A card as answers show it: all but its terms."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def author(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def cell(self) -> Cell: ...
    @property
    def reach_m(self) -> int: ...
    @property
    def urgency(self) -> Urgency: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def slots(self) -> int: ...
    @property
    def spans(self) -> tuple[Span, ...]: ...
    @property
    def capacity(self) -> int: ...
    @property
    def left(self) -> int: ...
    @property
    def full(self) -> bool: ...
    def stands_at(self, now: int) -> bool: ...
    @property
    def published_at(self) -> int: ...
    @property
    def expires_at(self) -> int: ...
    @property
    def needed_by(self) -> int | None: ...
    @property
    def trust(self) -> int: ...
    def shared(self, asked: Gist) -> frozenset[str]:
        """Return the stems of what is asked that count as being in the card too."""


@dataclass(frozen=True, slots=True)
class When:
    """Half hours of the local week and spans; a card fits that has one of the half hours or meets a span.

    For a search the half hours are those the span touches.
    """

    slots: int
    spans: tuple[Span, ...] = ()

    def fits(self, card: Shown) -> bool:
        return bool(card.slots & self.slots) or overlap(card.spans, self.spans)


@dataclass(frozen=True, slots=True)
class Where:
    """What cards must be; a field left as it is asks nothing."""

    kind: Kind | None = None
    categories: frozenset[str] = frozenset()
    """Any of them."""
    terms: tuple[str, ...] = ()
    """All of them, each in the title or in the text; no two are the same."""
    urgency: Urgency | None = None
    when: When | None = None
    languages: frozenset[str] = frozenset()
    """Any of them."""
    state: State | None = "open"
    """Open: it can take one more match. Matched: it is full."""
    trust: int = 0
    """At least."""
    left: int = 0
    """At least."""

    @property
    def plain(self) -> bool:
        """Whether nothing is asked but kind, category and state."""
        return not (self.terms or self.urgency or self.when or self.languages or self.trust or self.left)


@dataclass(frozen=True, slots=True)
class Query:
    """A search: which cards, around which point, in what order, and which page of them."""

    where: Where = field(default_factory=Where)
    near: Point | None = None
    radius_m: int | None = None
    """Without it, however far."""
    order: Order = "newest"
    limit: int = 20
    after: Position | None = None
    """The position of the last card already seen."""

    def __post_init__(self) -> None:
        if self.near is None and (self.order == "distance" or self.radius_m is not None):
            raise ValueError("a distance is from a point")
        if self.limit < 1:
            raise ValueError("a page holds one card at least")


class Hit(NamedTuple):
    """A card found, and how far its cell's centre is from the point asked about."""

    card: Shown
    distance_m: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the cards found, and the count of all.

    `total` obeys every filter; `facets` counts by category what obeys every filter but the category's.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, int]
    next: Position | None
    """What to ask `after` for the next page; None on the last."""
