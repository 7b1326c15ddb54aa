"""CPU of a warm request through the application, beside the bare botocore calls that it makes."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import partial
from statistics import median
from typing import Any

from bench.content import city_of
from bench.front import A_NEED, SIZE, Front
from bench.ground import Ground
from bench.meter import Call, cpu_ms
from bench.rows import Row, missing, progress, row
from infra.events import Event
from infra.tables import create_tables, table_definitions

ROUNDS, EACH = 9, 15
"""Rounds of so many requests each, ours and the bare ones in turn."""

RAW = "bench-raw"
"""The city whose tables take the bare writes: each would be refused where ours just made it."""


def rows(ground: Ground) -> Iterator[Row]:
    if ground.engine is None:
        yield missing("warm_cpu", ground.reason)
        return
    progress("calling the warm application")
    create_tables(ground.engine.client, RAW, table_definitions())
    front = Front(ground)
    listing = front.publish()
    read = partial(front.event, "GET", "/v1/listings/{listing_id}", listing_id=listing["id"])
    yield _beside(ground, front, "warm_cpu, get", read)
    search = partial(front.event, "GET", "/v1/listings", query="near=48.8566,2.3467&radius_m=3000&kind=offer")
    yield _beside(ground, front, "warm_cpu, search", search)
    yield _beside(ground, front, "warm_cpu, post", partial(front.event, "POST", "/v1/needs", body=A_NEED))


def _beside(ground: Ground, front: Front, name: str, event: Callable[[], Event]) -> Row:
    """Return a kind of request beside the same number of the calls it makes, made bare."""
    ours, bare = [], []
    for _ in range(ROUNDS):
        with ground.metered() as meter:
            _all(front, [event() for _ in range(EACH)])
        calls = [(operation, _elsewhere(params)) for operation, params in meter.calls]
        events = [event() for _ in range(EACH)]
        ours.append(cpu_ms(partial(_all, front, events)) / EACH)
        bare.append(cpu_ms(partial(_bare, ground, calls)) / EACH)
    made = len(calls) // EACH
    return row(
        name,
        SIZE,
        median(ours),
        "ms CPU",
        peer=f"{made} botocore call{'s' if made > 1 else ''}",
        peer_value=median(bare),
        most_ratio=2,
    )


def _all(front: Front, events: Sequence[Event]) -> None:
    for event in events:
        front.answer(event)


def _bare(ground: Ground, calls: Sequence[Call]) -> None:
    assert ground.engine is not None
    client = ground.engine.client
    for operation, params in calls:
        client._make_api_call(operation, params)  # noqa: SLF001 — what each method of a client does


def _elsewhere(params: dict[str, Any]) -> dict[str, Any]:
    """Return a call with its writes, if any, in the other city's tables."""
    params = deepcopy(params)
    for member in params.get("TransactItems", ()):
        for write in member.values():
            write["TableName"] = write["TableName"].replace(city_of(SIZE), RAW)
    return params
