"""How a cold function comes by its board: read units, and the CPU time until it can answer."""

from collections.abc import Iterator, Sequence
from functools import partial
from math import ceil
from statistics import median
from typing import Any

from bench.content import LARGEST, SIZES, cards
from bench.ground import Ground
from bench.meter import cpu_ms
from bench.rows import Row, missing, progress, row
from chalicelib.board.model import Query, Where
from chalicelib.board.service import LiveBoard
from tests.cards import NOW

TIMES = 7
PAGE = 4_096


def rows(ground: Ground) -> Iterator[Row]:
    if ground.engine is None:
        yield missing("board_load_units", ground.reason)
        yield missing("board_load_ms", ground.reason)
        return
    for size in SIZES:
        progress(f"loading a board of {size:,}")
        yield from _loading(ground, size)


def _loading(ground: Ground, size: int) -> Iterator[Row]:
    keys, held = _parts(ground, size)
    with ground.metered() as meter:
        LiveBoard(ground.log(size)).fresh(NOW)
    # Parts are read eventually consistent: half a unit for 4 KB.
    floor = ceil(held / PAGE) / 2
    yield row(
        "board_load_units",
        size,
        meter.total,
        f"read units, {meter.requests} requests, {held / size:.0f} bytes a card",
        peer="bytes / 4 KB / 2",
        peer_value=floor,
        most_ratio=1.2 if size == LARGEST else None,
    )
    yield row(
        "board_first_answer_ms",
        size,
        median([cpu_ms(partial(_first_answer, ground, size)) for _ in range(TIMES)]),
        "ms CPU, loaded and searched for a word",
    )
    took = median([cpu_ms(lambda: LiveBoard(ground.log(size)).fresh(NOW)) for _ in range(TIMES)])
    yield row(
        "board_load_ms",
        size,
        took,
        "ms CPU, with its requests",
        peer="botocore reading the parts",
        peer_value=median([cpu_ms(lambda: _read(ground, keys)) for _ in range(TIMES)]),
        most=50 if size == LARGEST else None,
    )


def _first_answer(ground: Ground, size: int) -> None:
    LiveBoard(ground.log(size)).search(Query(Where(terms=cards(size)[0].title_terms[:1])), NOW)


def _parts(ground: Ground, size: int) -> tuple[Sequence[dict[str, Any]], int]:
    """Return the requests that read the snapshot's parts, and how many bytes those hold."""
    log = ground.log(size)
    head = log.head()
    assert head is not None
    with ground.metered() as meter:
        held = sum(map(len, log.parts(head)))
    return [params for name, params in meter.calls if name == "BatchGetItem"], held


def _read(ground: Ground, requests: Sequence[dict[str, Any]]) -> None:
    assert ground.engine is not None
    for request in requests:
        ground.engine.client.batch_get_item(**request)
