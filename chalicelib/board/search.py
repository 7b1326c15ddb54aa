"""Search: one page of the cards found, in order, with the exact count of all and by category."""

from collections import Counter
from collections.abc import Collection, Mapping

from chalicelib.board.bits import slots_of
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
    board = replica.board
    facets: dict[str, int] = {}
    after = (query.after[0], query.after[1], pack(query.after[2])) if query.after else None
    found = loose_found(board.fresh.values(), query, after, now, facets)
    for layer in board.layers:
        found += _of_layer(layer, query, after, now, facets)
    found.sort()
    wanted = query.where.categories
    return Page(
        hits=tuple([Hit(card, metres) for _, _, _, metres, card in found[: query.limit]]),
        total=_total(facets, wanted),
        facets=facets,
        next=_position(found[query.limit - 1]) if len(found) > query.limit else None,
    )


def _of_layer(layer: Layer, query: Query, after: Key | None, now: int, facets: dict[str, int]) -> list[Found]:
    """Return the layer's first cards, one more than a page holds, and add its counts to the facets."""
    segment, where, near = layer.segment, query.where, query.near
    runs = [(0, len(segment.cells))]
    if near and query.radius_m is not None:
        runs = segment.cells.disc(near, query.radius_m)
    if not runs:
        return []
    alive, gone = segment.standing(layer.live, now)
    bits, counted = segment.select(where, alive), gone if where.plain else None
    if query.order != "distance" or counted is None:
        low, disc = segment.slots_in(runs)
        bits &= disc << low
    counts = _by_category(segment, bits) if counted is None else segment.tally.count(where, runs, counted)
    for category, count in counts.items():
        facets[category] = facets.get(category, 0) + count
    if where.categories:
        bits &= segment.among(where.categories)
    return page_of(segment, bits, _total(counts, where.categories), query, after)


def _total(counts: Mapping[str, int], categories: Collection[str]) -> int:
    return sum([counts.get(category, 0) for category in categories]) if categories else sum(counts.values())


def _by_category(segment: Segment, bits: int) -> dict[str, int]:
    categories = segment.categories
    if bits.bit_count() <= _FEW:
        return Counter([categories[slot] for slot in slots_of(bits)])
    low = (bits & -bits).bit_length() - 1
    bits >>= low
    return {value: (categories.equal(value) >> low & bits).bit_count() for value in categories.values}


def _position(found: Found) -> Position:
    first, number, packed, _, _ = found
    return first, number, unpack(packed)
