"""Search: read units and requests while changes wait, beside what others ask for the same."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any, TypedDict

from botocore.exceptions import ClientError

from bench import neighbours
from bench.content import LARGEST, SIZES
from bench.ground import Ground
from bench.meter import cpu_ms, metered
from bench.questions import kinds, questions
from bench.rows import Row, missing, progress, row
from chalicelib.board.model import Query, Where
from chalicelib.cities.model import CATEGORIES
from chalicelib.places.model import Point
from tests.cards import NOW, Cards

ASKED = 3
RADIUS_M = 3_000


class Common(TypedDict):
    """A question that every way can be asked."""

    kind: str
    category: str
    near: Point
    radius_m: int


def rows(ground: Ground) -> Iterator[Row]:
    if ground.engine is None:
        yield missing("search_read_units", ground.reason)
        yield missing("search_requests", ground.reason)
        return
    for size in SIZES:
        progress(f"counting what searches among {size:,} ask")
        yield from _units(ground, size)


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a search costs: the medians of several."""

    units: float
    requests: float
    ms: float


def _units(ground: Ground, size: int) -> Iterator[Row]:
    """Yield what a search costs on a warm board while changes wait, beside its peers."""
    board = ground.board(size)
    board.fresh(NOW)
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
            client, lambda near: neighbours.by_category(client, size, **common(near))
        ),
        "scan": _cost(client, lambda near: neighbours.by_scan(client, size, **common(near)), times=1),
        "dynamodbgeo 0.0.3": _cost(
            client,
            lambda near: neighbours.by_dynamodbgeo(client, size, near=near, radius_m=RADIUS_M),
            times=1 if size == LARGEST else ASKED,
        ),
    }


def _cost(client: Any, ask: Callable[[Point], object], times: int = ASKED) -> _Cost:
    """Return the medians of what a peer's searches cost; dynamodbgeo fails where an answer has two pages."""
    seen: list[tuple[float, float, float]] = []
    for near in places()[:times]:
        with suppress(ClientError), metered(client) as meter:
            ms = cpu_ms(partial(ask, near))
            seen.append((meter.total, meter.requests, ms))
    return _Cost(*map(median, zip(*seen, strict=True))) if seen else _Cost(0, 0, 0)


def places() -> list[Point]:
    source = Cards(RADIUS_M, authors=1, words=50)
    return [source.place() for _ in range(ASKED)]


def common(near: Point) -> Common:
    """Return what all ways are asked: the offers of one category within 3 km."""
    return {"kind": "offer", "category": CATEGORIES[2], "near": near, "radius_m": RADIUS_M}


def _asked() -> list[Query]:
    where = Where(kind="offer", categories=frozenset({CATEGORIES[2]}))
    return [Query(where, near, RADIUS_M, "distance") for near in places()]
