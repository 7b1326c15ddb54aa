"""A segment as one string of bytes: a directory, then its columns, byte plane by byte plane."""

import json
import sys
import zlib
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.board.cells import Cells
from chalicelib.board.columns import Coded, Sparse
from chalicelib.board.ids import Authors, Ids
from chalicelib.board.ranked import Ranked
from chalicelib.board.segment import Segment
from chalicelib.board.text import Postings, Titles
from chalicelib.board.times import Dated, Weeks

Column = bytes | array  # type: ignore[type-arg]
_CODED = (
    "versions",
    "kinds",
    "categories",
    "urgencies",
    "languages",
    "trusts",
    "reaches",
    "capacities",
    "lefts",
)
_LENGTH = 4
_WORTH = 0.9
"""A plane is packed when that makes it this much smaller."""


def freeze(segment: Segment) -> bytes:
    """Return the segment as bytes; the same segment gives the same bytes."""
    directory, planes = [], list[bytes]()
    for name, column in _columns(segment).items():
        packed = [_packed(plane) for plane in _planes(column)]
        planes += [plane for plane, _ in packed]
        code = column.typecode if isinstance(column, array) else "B"
        directory.append([name, code, len(column), [[len(plane), deflated] for plane, deflated in packed]])
    tables = {"cells": segment.cells.table, "masks": segment.weeks.masks.values}
    tables |= {name: getattr(segment, name).values for name in _CODED}
    head = zlib.compress(json.dumps([tables, directory], separators=(",", ":")).encode(), 9)
    return len(head).to_bytes(_LENGTH, "little") + head + b"".join(planes)


def thaw(data: bytes) -> Segment:
    """Return the segment that was frozen to the bytes."""
    at = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
    tables, directory = json.loads(zlib.decompress(data[_LENGTH:at]))
    columns: dict[str, Any] = {}
    view = memoryview(data)
    for name, code, count, planes in directory:
        columns[name], at = _column(view, at, code, count, planes)
    tables["languages"] = [tuple(value) for value in tables["languages"]]
    return _segment(tables, columns)


def _columns(segment: Segment) -> dict[str, Column]:
    cells, dated, titles, postings = segment.cells, segment.dated, segment.titles, segment.postings
    return {
        "ids": segment.ids.packed,
        "ids.order": segment.ids.in_order,
        "authors": segment.authors.codes,
        "authors.table": segment.authors.table,
        "cells.cols": cells.cols,
        "cells.counts": cells.counts,
        "newest.ranks": segment.newest.ranks,
        "newest.numbers": segment.newest.numbers,
        "ending.ranks": segment.ending.ranks,
        "ending.numbers": segment.ending.numbers,
        **{name: getattr(segment, name).codes for name in _CODED},
        "masks": segment.weeks.masks.codes,
        "dated.slots": dated.slots,
        "dated.starts": dated.starts,
        "dated.ends": dated.ends,
        "needed.slots": segment.needed.slots,
        "needed.values": segment.needed.values,
        "titles.lengths": titles.lengths,
        "titles.sizes": titles.sizes,
        "titles": titles.packed,
        "postings.words": postings.words,
        "postings.lengths": postings.lengths,
        "postings": postings.lists,
    }


def _segment(tables: Mapping[str, Any], columns: Mapping[str, Any]) -> Segment:
    size = len(columns["newest.ranks"])
    coded: dict[str, Any] = {name: Coded(tables[name], columns[name]) for name in _CODED}
    return Segment(
        ids=Ids(columns["ids"], columns["ids.order"]),
        authors=Authors(columns["authors.table"], columns["authors"]),
        cells=Cells([tuple(row) for row in tables["cells"]], columns["cells.cols"], columns["cells.counts"]),
        newest=Ranked(columns["newest.ranks"], columns["newest.numbers"]),
        ending=Ranked(columns["ending.ranks"], columns["ending.numbers"]),
        weeks=Weeks(Coded(tables["masks"], columns["masks"])),
        dated=Dated(columns["dated.slots"], columns["dated.starts"], columns["dated.ends"], size),
        needed=Sparse(columns["needed.slots"], columns["needed.values"]),
        titles=Titles(columns["titles.lengths"], columns["titles.sizes"], columns["titles"]),
        postings=Postings(columns["postings.words"], columns["postings.lengths"], columns["postings"], size),
        **coded,
    )


def _planes(column: Column) -> Iterator[bytes]:
    """Yield the lowest byte of every entry, then the next lowest, and so on."""
    width = column.itemsize if isinstance(column, array) else 1
    data = _little(column).tobytes() if isinstance(column, array) else column
    return (data[at::width] for at in range(width))


def _packed(plane: bytes) -> tuple[bytes, bool]:
    deflated = zlib.compress(plane, 6)
    return (deflated, True) if len(deflated) < _WORTH * len(plane) else (plane, False)


def _column(
    view: memoryview, at: int, code: str, count: int, planes: list[tuple[int, bool]]
) -> tuple[Column, int]:
    found = []
    for length, deflated in planes:
        plane = view[at : at + length]
        found.append(zlib.decompress(plane) if deflated else bytes(plane))
        at += length
    if code == "B":
        return found[0], at
    data = bytearray(count * len(found))
    for place, part in enumerate(found):
        data[place :: len(found)] = part
    return _little(array(code, bytes(data))), at


def _little(column: "array[int]") -> "array[int]":
    """Return the column with its bytes turned round where the machine puts the highest first."""
    if sys.byteorder == "little":
        return column
    turned = array(column.typecode, column)
    turned.byteswap()
    return turned
