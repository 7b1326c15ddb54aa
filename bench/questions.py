"""The searches of the benchmarks: around random places, plain and with words, first and later pages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from random import Random

from bench.content import cards
from chalicelib.board.model import Order, Page, Position, Query, Where
from tests.cards import Cards

RADII_M = (300, 1_000, 3_000, 10_000)
POINTS = 16
LATER = 3
"""Which page a later page is."""

_PLAIN: tuple[Order, ...] = ("distance", "newest", "ending")
_WORDS: tuple[Order, ...] = ("distance", "relevance", "newest", "ending")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of search."""

    radius_m: int
    words: bool
    later: bool

    @property
    def name(self) -> str:
        metres = f"{self.radius_m} m" if self.radius_m < 1_000 else f"{self.radius_m // 1_000} km"
        return f"{metres}{', text' if self.words else ''}{', later page' if self.later else ''}"


def kinds() -> list[Kind]:
    return [Kind(r, words, later) for r in RADII_M for words in (False, True) for later in (False, True)]


def questions(
    kind: Kind, size: int, ask: Callable[[Query], Page], *, warming: bool = False
) -> Iterator[Query]:
    """Yield searches of a kind, in all orders and with and without a category; other ones for warming up.

    `ask` answers the pages before a later one. The words of each kind are its own: none was asked before.
    """
    seed = 8 * kind.radius_m + 4 * kind.words + 2 * kind.later + warming
    source, chance = Cards(seed, authors=1, words=50), Random(seed)
    orders = cycle(_WORDS if kind.words else _PLAIN)
    for number in range(POINTS):
        category = frozenset({chance.choice(cards(size)).category}) if number % 2 else frozenset[str]()
        terms = _terms(chance, size) if kind.words else ()
        where = Where(kind="offer", categories=category, terms=terms)
        query = Query(where, source.place(), kind.radius_m, next(orders))
        yield replace(query, after=_after(query, ask)) if kind.later else query


def _terms(chance: Random, size: int) -> tuple[str, ...]:
    """Return one term or two that some listing has."""
    card = chance.choice(cards(size))
    return tuple(chance.sample(card.title_terms + card.text_terms, chance.choice((1, 1, 2))))


def _after(query: Query, ask: Callable[[Query], Page]) -> Position | None:
    """Return where the later page begins, or the last one where there are fewer."""
    after = None
    for _ in range(LATER - 1):
        following = ask(replace(query, after=after)).next
        if following is None:
            break
        after = following
    return after
