"""The first cards of a segment in each order, beyond a position."""

from typing import NamedTuple

from chalicelib.board.model import Query, Shown
from chalicelib.board.nearest import near_first
from chalicelib.board.seen import Seen
from chalicelib.board.segment import Segment
from chalicelib.places.model import Point

Key = tuple[int, int, bytes]
"""A position, its id packed."""


class Found(NamedTuple):
    """A card and its position; the first three fields are a `Key`."""

    first: int
    number: int
    id: bytes
    metres: int | None
    card: Shown


def page_of(segment: Segment, bits: int, query: Query, after: Key | None) -> list[Found]:
    """Return the first cards of the set beyond the position, one more than a page holds."""
    if not bits:
        return []
    ranked = segment.ending if query.order == "ending" else segment.newest
    start = (after[0], ranked.rank_after(after[1], after[2], segment.ids)) if after else None
    many = query.limit + 1
    if query.order == "distance" and query.near:
        chosen = _nearest(segment, bits, query.near, start, many)
    elif query.order == "relevance" and query.where.terms:
        chosen = _by_title(segment, bits, query.where.terms, start, many)
    else:
        chosen = [(0, slot) for slot in ranked.first(bits, many, start[1] if start else 0)]
    metres: list[int | None] = [None] * len(chosen)
    if query.order == "distance":
        metres = [first for first, _ in chosen]
    elif query.near:
        metres = [*segment.cells.distances(query.near, [slot for _, slot in chosen])]
    return [
        Found(first, ranked.number(slot), segment.ids.at(slot), far, Seen(segment, slot))
        for (first, slot), far in zip(chosen, metres, strict=True)
    ]


def _nearest(
    segment: Segment, bits: int, point: Point, start: tuple[int, int] | None, many: int
) -> list[tuple[int, int]]:
    ranks = segment.newest.ranks
    from_m, rank = start or (0, 0)
    found: list[tuple[int, int]] = []
    for metres, slots in near_first(segment, bits, point, from_m):
        found += [
            (metres, slot)
            for slot in sorted(slots, key=ranks.__getitem__)
            if metres > from_m or ranks[slot] >= rank
        ]
        if len(found) >= many:
            break
    return found[:many]


def _by_title(
    segment: Segment, bits: int, terms: tuple[str, ...], start: tuple[int, int] | None, many: int
) -> list[tuple[int, int]]:
    """Those with more of the terms in the title come first; between equals, the newest."""
    classes = [bits]
    for term in terms:
        titled = segment.postings.in_title(term)
        having = [part & titled for part in classes]
        lacking = [part ^ held for part, held in zip(classes, having, strict=True)]
        classes = [low | high for low, high in zip([*lacking, 0], [0, *having], strict=True)]
    found: list[tuple[int, int]] = []
    first, rank = start or (-len(terms), 0)
    for count in range(-first, -1, -1):
        slots = segment.newest.first(classes[count], many - len(found), rank if count == -first else 0)
        found += [(-count, slot) for slot in slots]
        if len(found) == many:
            break
    return found
