"""The first cards of a segment in each order, beyond a position."""

from collections.abc import Sequence

from chalicelib.board.model import Query, Shown
from chalicelib.board.nearest import rings
from chalicelib.board.seen import Seen
from chalicelib.board.segment import Segment
from chalicelib.places.model import Point

Key = tuple[int, int, bytes]
"""A position, its id packed."""
Found = tuple[int, int, bytes, int | None, Shown]
"""The three of a key, metres, and the card."""
_Chosen = list[tuple[int, int, int]]
"""First number, rank and slot of each."""
_Start = tuple[int, int]
"""The first number and the rank to begin from."""


def page_of(segment: Segment, bits: int, count: int, query: Query, after: Key | None) -> list[Found]:
    """Return the first cards of the set beyond the position, one more than a page holds.

    `count` is how many slots the set has within the radius; only in order of distance it may have others.
    """
    if not count:
        return []
    ranked = segment.ending if query.order == "ending" else segment.newest
    start = (after[0], ranked.rank_after(after[1], after[2], segment.ids)) if after else None
    chosen = _chosen(segment, bits, count, query, start)
    metres: Sequence[int | None] = [first if query.order == "distance" else None for first, _, _ in chosen]
    if query.near and query.order != "distance":
        metres = segment.cells.distances(query.near, [slot for _, _, slot in chosen])
    numbers, id_of = ranked.numbers, segment.ids.at
    return [
        (first, numbers[rank], id_of(slot), far, Seen(segment, slot))
        for (first, rank, slot), far in zip(chosen, metres, strict=True)
    ]


def _chosen(segment: Segment, bits: int, count: int, query: Query, start: _Start | None) -> _Chosen:
    many = query.limit + 1
    if query.order == "distance" and query.near:
        return _by_distance(segment, bits, count, query.near, query.radius_m, start, many)
    if query.order == "relevance" and query.where.terms:
        return _by_title(segment, bits, query.where.terms, start, many)
    ranked = segment.ending if query.order == "ending" else segment.newest
    if start and start[0] > 0:
        return []
    slots = ranked.first(bits, count, many, start[1] if start and start[0] == 0 else 0)
    return [(0, ranked.ranks[slot], slot) for slot in slots]


def _by_distance(
    segment: Segment,
    bits: int,
    count: int,
    point: Point,
    radius_m: int | None,
    start: _Start | None,
    many: int,
) -> _Chosen:
    from_m, from_rank = start or (0, 0)
    ranks = segment.newest.ranks
    found: _Chosen = []
    for slots, metres in rings(segment, bits, count, point, radius_m, from_m=from_m, many=many):
        ring = sorted(zip(metres, [ranks[slot] for slot in slots], slots, strict=True))
        found += [one for one in ring if one[0] > from_m or one[1] >= from_rank] if start else ring
        if len(found) >= many:
            break
    return found[:many]


def _by_title(
    segment: Segment, bits: int, terms: tuple[str, ...], start: _Start | None, many: int
) -> _Chosen:
    """Those with more of the terms in the title come first; between equals, the newest."""
    classes, newest = [bits], segment.newest
    for term in terms:
        titled = segment.postings.in_title(term)
        having = [part & titled for part in classes]
        lacking = [part ^ held for part, held in zip(classes, having, strict=True)]
        classes = [low | high for low, high in zip([*lacking, 0], [0, *having], strict=True)]
    found: _Chosen = []
    first, from_rank = start if start and -start[0] <= len(terms) else (-len(terms), 0)
    for titled_terms in range(-first, -1, -1):
        part = classes[titled_terms]
        slots = newest.first(part, part.bit_count(), many - len(found), from_rank)
        found += [(-titled_terms, newest.ranks[slot], slot) for slot in slots]
        if len(found) == many:
            break
        from_rank = 0
    return found
