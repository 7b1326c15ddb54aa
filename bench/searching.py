"""Search in memory: CPU time, and whether every answer is what brute force says."""

from collections.abc import Iterator
from functools import partial
from statistics import median

from bench import neighbours
from bench.asking import common, places
from bench.content import LARGEST, SIZES, cards, changes
from bench.ground import Ground
from bench.meter import cpu_ms
from bench.questions import kinds, questions
from bench.rows import Row, progress, row
from chalicelib.board.replica import Replica
from chalicelib.board.search import search
from tests.cards import NOW
from tests.oracle import Oracle, answer

TO_REACH_MS = {1_000: 0.05, 10_000: 0.2, LARGEST: 0.5}
CHECKED = {1_000: 16, 10_000: 16, LARGEST: 2}
"""Searches of each kind that brute force checks."""


def rows(ground: Ground) -> Iterator[Row]:
    for size in SIZES:
        progress(f"searching among {size:,}")
        replica = ground.replica(size)
        yield from _times(size, replica)
        yield _exact(size, replica)


def _times(size: int, replica: Replica) -> Iterator[Row]:
    """Yield the CPU time of each kind of search in memory, and of the slowest."""
    by_force, ask = partial(neighbours.by_force, cards(size), now=NOW), partial(search, replica, now=NOW)
    force = median([cpu_ms(partial(by_force, **common(near))) for near in places()])
    for kind in kinds():
        for query in questions(kind, size, ask, warming=True):
            ask(query)
    found: list[Row] = []
    for kind in kinds():
        asked = list(questions(kind, size, ask))
        took = median([cpu_ms(partial(ask, query)) for query in asked])
        found.append(row(f"search_ms, {kind.name}", size, took, "ms CPU, median", most=TO_REACH_MS[size]))
    yield from found
    yield row(
        "search_ms",
        size,
        max(one.value or 0 for one in found),
        "ms CPU, median of the slowest kind",
        peer="brute force in memory, 3 km",
        peer_value=force,
        most=TO_REACH_MS[size],
    )


def _exact(size: int, replica: Replica) -> Row:
    every, right, checked = Oracle(cards(size)), 0, 0
    every.apply(changes(size))
    for kind in kinds():
        asked = list(questions(kind, size, partial(search, replica, now=NOW)))
        for query in asked[: CHECKED[size]]:
            checked += 1
            right += answer(search(replica, query, NOW)) == every.search(query, NOW)
    return row(
        "search_exact", size, 100 * right / checked, f"% of {checked} searches", peer="brute force", least=100
    )
