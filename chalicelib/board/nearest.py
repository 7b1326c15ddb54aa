"""Cards nearest first: of one segment for a page, of the whole board for ranking."""

from collections.abc import Iterator

from chalicelib.board.bits import slots_of
from chalicelib.board.segment import Segment
from chalicelib.board.walk import nearest
from chalicelib.places.model import Point

_FEW = 128
"""Of so few cards the distances are all worked out; of more, cell after cell is looked at."""


def near_first(segment: Segment, bits: int, point: Point, from_m: int = 0) -> Iterator[tuple[int, list[int]]]:
    """Yield the slots of the set by their metres from the point, nearest first, from `from_m` on."""
    if bits.bit_count() > _FEW:
        return _by_cell(segment, bits, point, from_m)
    slots = slots_of(bits)
    by_distance: dict[int, list[int]] = {}
    for slot, metres in zip(slots, segment.cells.distances(point, slots), strict=True):
        if metres >= from_m:
            by_distance.setdefault(metres, []).append(slot)
    return iter(sorted(by_distance.items()))


def _by_cell(segment: Segment, bits: int, point: Point, from_m: int) -> Iterator[tuple[int, list[int]]]:
    data = bits.to_bytes((len(segment) + 7) >> 3, "little")
    last = -1
    found: list[int] = []
    for metres, start, end in nearest(segment.cells, point, from_m):
        part = int.from_bytes(data[start >> 3 : (end + 7) >> 3], "little")
        cell = part >> (start & 7) & ((1 << end - start) - 1)
        if not cell:
            continue
        if metres != last and found:
            yield last, found
            found = []
        last = metres
        found += slots_of(cell, start)
    if found:
        yield last, found
