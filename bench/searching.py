"""Search: read units, requests and CPU time, and whether every answer is what brute force says."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any, TypedDict

from botocore.exceptions import ClientError

from bench import neighbours
from bench.content import LARGEST, SIZES, cards, city_of
from bench.ground import Ground
from bench.meter import cpu_ms, metered
from bench.questions import kinds, questions
from bench.rows import Row, missing, progress, row
from chalicelib.board.model import Query, Where
from chalicelib.board.replica import Replica
from chalicelib.board.search import search
from chalicelib.board.segment import Segment
from chalicelib.cities.model import CATEGORIES
from chalicelib.listings.card import Card
from chalicelib.listings.rows import pack
from chalicelib.places.model import Point
from chalicelib.storage.transaction import Change
from tests.cards import NOW, Cards
from tests.oracle import Oracle, answer

TO_REACH_MS = {1_000: 0.05, 10_000: 0.2, LARGEST: 0.5}
WAITING = 8
"""Changes that wait in the log: just less than 4 KB of them."""
CHECKED = {1_000: 16, 10_000: 16, LARGEST: 2}
"""Searches of each kind that brute force checks."""
ASKED = 3
RADIUS_M = 3_000


class Common(TypedDict):
    """A question that every way can be asked."""

    kind: str
    category: str
    near: Point
    radius_m: int


def rows(ground: Ground) -> Iterator[Row]:
    for size in SIZES:
        progress(f"searching among {size:,}")
        replica, every = _changed(size)
        yield from _times(size, replica)
        yield _exact(size, replica, every)
        if ground.engine is None:
            for name in ("search_read_units", "search_requests"):
                yield missing(name, ground.reason)
        else:
            yield from _units(ground, size)


def _changes(size: int) -> list[Card]:
    """Return the changes that wait."""
    return [
        replace(card, version=card.version + 1, left=card.left + 1, capacity=card.capacity + 1)
        for card in cards(size)[:WAITING]
    ]


def _changed(size: int) -> tuple[Replica, Oracle]:
    """Return the board in memory with the waiting changes in it, and the same without any art."""
    replica, every = Replica(Segment.of(cards(size))), Oracle(cards(size))
    replica.apply(_changes(size), NOW)
    every.apply(_changes(size))
    return replica, every


def _times(size: int, replica: Replica) -> Iterator[Row]:
    """Yield the CPU time of each kind of search in memory, and of the slowest."""
    by_force = partial(neighbours.by_force, cards(size), now=NOW)
    force = median([cpu_ms(partial(by_force, **_common(near))) for near in _places()])
    found: list[Row] = []
    for kind in kinds():
        asked = list(questions(kind, size, partial(search, replica, now=NOW)))
        took = median([cpu_ms(partial(search, replica, query, NOW)) for query in asked])
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


def _exact(size: int, replica: Replica, every: Oracle) -> Row:
    right = checked = 0
    for kind in kinds():
        asked = list(questions(kind, size, partial(search, replica, now=NOW)))
        for query in asked[: CHECKED[size]]:
            checked += 1
            right += answer(search(replica, query, NOW)) == every.search(query, NOW)
    return row(
        "search_exact", size, 100 * right / checked, f"% of {checked} searches", peer="brute force", least=100
    )


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a search costs: the medians of several."""

    units: float
    requests: float
    ms: float


def _units(ground: Ground, size: int) -> Iterator[Row]:
    """Yield what a search costs on a warm board while changes wait, beside its peers."""
    board = ground.board(size)
    lines = [Change(f"listing#{card.id}", card.version, pack(card)) for card in _changes(size)]
    ground.tables(city_of(size)).commit(lines)
    worst_units = worst_requests = 0.0
    for kind in kinds():
        for query in questions(kind, size, partial(board.search, now=NOW)):
            with ground.metered() as meter:
                board.search(query, NOW)
            worst_units = max(worst_units, meter.total)
            worst_requests = max(worst_requests, meter.requests)
    yield row("search_read_units", size, worst_units, "read units, worst of 256 searches", most=1)
    yield row("search_requests", size, worst_requests, "requests, worst of 256 searches", most=1)
    for name, cost in _peers(ground, size).items():
        fewer = 0.001 if (name, size) == ("dynamodbgeo 0.0.3", LARGEST) else None
        beside = f"{name}, 3 km"
        yield row(
            "search_read_units",
            size,
            worst_units,
            "read units",
            peer=beside,
            peer_value=cost.units,
            most_ratio=fewer,
        )
        yield row("search_requests", size, worst_requests, "requests", peer=beside, peer_value=cost.requests)
        own = median([cpu_ms(partial(board.search, query, NOW)) for query in _asked()])
        yield row("search_call_ms", size, own, "ms CPU", peer=beside, peer_value=cost.ms)


def _peers(ground: Ground, size: int) -> dict[str, _Cost]:
    assert ground.engine is not None
    client = ground.engine.client
    return {
        "category index + filter": _cost(
            client, lambda near: neighbours.by_category(client, size, **_common(near))
        ),
        "scan": _cost(client, lambda near: neighbours.by_scan(client, size, **_common(near)), times=1),
        "dynamodbgeo 0.0.3": _cost(
            client, lambda near: neighbours.by_dynamodbgeo(client, size, near=near, radius_m=RADIUS_M)
        ),
    }


def _cost(client: Any, ask: Callable[[Point], object], times: int = ASKED) -> _Cost:
    """Return the medians of what a peer's searches cost; dynamodbgeo fails where an answer has two pages."""
    seen: list[tuple[float, float, float]] = []
    for near in _places()[:times]:
        with suppress(ClientError), metered(client) as meter:
            ms = cpu_ms(partial(ask, near))
            seen.append((meter.total, meter.requests, ms))
    return _Cost(*map(median, zip(*seen, strict=True))) if seen else _Cost(0, 0, 0)


def _places() -> list[Point]:
    source = Cards(seed=RADIUS_M)
    return [source.place() for _ in range(ASKED)]


def _common(near: Point) -> Common:
    """Return what all ways are asked: the offers of one category within 3 km."""
    return {"kind": "offer", "category": CATEGORIES[2], "near": near, "radius_m": RADIUS_M}


def _asked() -> list[Query]:
    where = Where(kind="offer", categories=frozenset({CATEGORIES[2]}))
    return [Query(where, near, RADIUS_M, "distance") for near in _places()]
