"""Search: one page of the cards found, in order, with the exact count of all and by category."""

from collections import Counter

from chalicelib.board.bits import from_slots, ones, slots_of
from chalicelib.board.cells import Run
from chalicelib.board.ids import pack, unpack
from chalicelib.board.loose import loose_found
from chalicelib.board.model import Hit, Page, Position, Query
from chalicelib.board.pages import Found, Key, page_of
from chalicelib.board.replica import Layer, Replica
from chalicelib.board.segment import Segment

_FEW = 256
"""So few slots are counted one by one."""


def search(replica: Replica, query: Query, now: int) -> Page:
    """Return a page of the cards that stand at `now` and are what is asked."""
    board, facets = replica.board, Counter[str]()
    after = (query.after[0], query.after[1], pack(query.after[2])) if query.after else None
    found = loose_found(board.fresh.values(), query, after, now, facets)
    for layer in board.layers:
        found += _of_layer(layer, query, after, now, facets)
    found.sort()
    wanted = query.where.categories
    return Page(
        hits=tuple([Hit(one.card, one.metres) for one in found[: query.limit]]),
        total=sum([facets[category] for category in wanted]) if wanted else facets.total(),
        facets=facets,
        next=_position(found[query.limit - 1]) if len(found) > query.limit else None,
    )


def _of_layer(layer: Layer, query: Query, after: Key | None, now: int, facets: Counter[str]) -> list[Found]:
    """Return the layer's first cards, one more than a page holds, and add its counts to the facets."""
    segment, where = layer.segment, query.where
    runs = [(0, len(segment.cells))]
    if query.near and query.radius_m is not None:
        runs = segment.cells.disc(query.near, query.radius_m)
    if not runs:
        return []
    disc, alive = _slots(segment, runs), layer.live & segment.ending.beyond(now)
    bits = segment.select(where, disc & alive)
    gone = disc ^ (disc & alive)
    if where.plain and gone.bit_count() < _FEW:
        facets.update(segment.tally.count(where, runs, slots_of(gone)))
    else:
        facets.update(_by_category(segment, bits))
    if where.categories:
        bits &= segment.among(where.categories)
    return page_of(segment, bits, query, after)


def _slots(segment: Segment, runs: list[Run]) -> int:
    """Return the slots of the runs of cells: all below the ends but those below the starts."""
    if len(runs) == 1:
        ((start, end),) = runs
        return ones(segment.cells.starts[end]) ^ ones(segment.cells.starts[start])
    starts = segment.cells.starts
    below = from_slots([starts[start] for start, _ in runs], len(segment))
    return from_slots([starts[end] for _, end in runs], len(segment)) - below


def _by_category(segment: Segment, bits: int) -> dict[str, int]:
    categories = segment.categories
    if bits.bit_count() <= _FEW:
        return Counter([categories[slot] for slot in slots_of(bits)])
    low = (bits & -bits).bit_length() - 1
    bits >>= low
    return {value: (categories.equal(value) >> low & bits).bit_count() for value in categories.values}


def _position(found: Found) -> Position:
    return found.first, found.number, unpack(found.id)
