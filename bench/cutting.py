"""A city of 100,000 listings: what the best takes in one piece, what a run over its board takes, and what
cutting it by area costs."""

import json
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bench import crowds
from bench.assigning import timed
from bench.content import LARGEST, listings
from bench.ground import APP
from bench.rows import Row, missing, progress, row
from chalicelib.asking.assigning import AREA, BESIDE
from chalicelib.asking.finding import MOST
from chalicelib.assignment.areas import Spot, areas, beside
from chalicelib.assignment.checker import check
from chalicelib.assignment.model import Figures, Instance, figures, instance
from chalicelib.assignment.solving import solve
from chalicelib.listings.rows import listing_item
from chalicelib.people.dynamodb import added
from chalicelib.wiring import House
from infra.memory import MemoryTables
from tests.cards import NOW
from tests.samples import a_house, a_person

CITY = (40_000, 60_000)
"""Needs and offers of a city of 100,000 listings."""
TOWN = (12_000, 18_000)
"""A town of four areas: few enough to be solved whole as well."""
LIMIT_S, LIMIT_MB = 900, 1_024
ROUND_S = 300
"""The time limit of the function that asks."""
CALL_MS = 5
"""CPU of a request to DynamoDB, the slowest kind: `bench`, row "search_call_ms"."""
SHARE = 1_024 / 1_769
"""Of a CPU that a function of 1 GB has (AWS Lambda, Configure memory)."""


def rows() -> Iterator[Row]:
    progress(f"assigning {sum(TOWN):,} listings whole and by area")
    yield from _seam()
    progress(f"assigning {sum(CITY):,} listings in one piece")
    yield from _whole()
    progress(f"one run over a board of {LARGEST:,} listings")
    yield from _run()
    progress(f"one round of asking over a board of {LARGEST:,} listings")
    yield from _round()


def _seam() -> Iterator[Row]:
    made, spots = crowds.city(*TOWN)
    whole, cut = solve(made), swept(made, spots, AREA, BESIDE)
    for part in ("urgent", "served", "places", "points"):
        best, reached = getattr(whole.figures, part), getattr(cut, part)
        yield row(f"seam, {part}", sum(TOWN), 100 * (best - reached) / best, "% less by area", most=0.5)


def swept(made: Instance, spots: Sequence[Spot], area: int, around: int) -> Figures:
    """Return what is reached when every area has had its turn, each over what those before it left.

    An area has so many needs at most, and so many are looked at around it.
    """
    given, asked, pairs = Counter[str](), Counter[str](), list[tuple[str, str]]()
    helper = {offer.id: offer.helper for offer in made.offers}
    waiting = {spot.need: spot for spot in spots}
    for own in areas(spots, area):
        near = beside(own, [*waiting.values()], around)
        part = _left(made, {spot.need for spot in (*own, *near)}, given, asked)
        solution = solve(part)
        check(part, solution)
        for spot in own:
            del waiting[spot.need]
        mine = {spot.need for spot in own}
        kept = [pair for pair in solution.pairs if pair[0] in mine]
        pairs += kept
        given.update(offer for _, offer in kept)
        asked.update(helper[offer] for _, offer in kept)
    places = {option[:2]: place for place, option in enumerate(made.options)}
    return figures(made, [places[pair] for pair in pairs])


def _left(made: Instance, needs: set[str], given: Counter[str], asked: Counter[str]) -> Instance:
    """Return what these needs can have yet."""
    return instance(
        (need for need in made.needs if need.id in needs),
        (offer._replace(places=offer.places - given[offer.id]) for offer in made.offers),
        (helper._replace(costs=helper.costs[asked[helper.id] :]) for helper in made.helpers),
        (option for option in made.options if option.need in needs),
    )


def _whole() -> Iterator[Row]:
    told = _in_a_process_of_its_own("whole")
    if told is None:
        yield missing("city, whole", "it did not end")
        return
    yield row("city, whole", sum(CITY), told["seconds"], "s CPU, proved the best", most=LIMIT_S * SHARE)
    yield row("city, whole, memory", sum(CITY), told["megabytes"], "MB, with its options", most=LIMIT_MB)


def _run() -> Iterator[Row]:
    told = _in_a_process_of_its_own("run")
    if told is None:
        yield missing("assign_run", "it did not end")
        return
    cpu = told["seconds"] + told["calls"] * CALL_MS / 1_000
    yield row("assign_run, requests", LARGEST, told["calls"], f"requests of {told['looked_at']} needs")
    yield row("assign_run", LARGEST, told["seconds"], "s CPU, requests aside")
    yield row("assign_run, all", LARGEST, cpu / SHARE, f"s at 1 GB, {CALL_MS} ms a request", most=LIMIT_S)
    yield row(
        "assign_run, memory", LARGEST, told["megabytes"], "MB that a run adds to a board", most=LIMIT_MB // 2
    )


def _round() -> Iterator[Row]:
    """Measure the first round of a city in which nobody was asked yet: as many needs as one may take."""
    told = _in_a_process_of_its_own("round")
    if told is None:
        yield missing("ask_round", "it did not end")
        return
    requests, each = told["calls"], f"requests of {MOST:,} needs"
    yield row("ask_round, requests", LARGEST, requests, each)
    yield row("ask_round", LARGEST, told["seconds"], "s CPU, requests aside")
    cpu = told["seconds"] + requests * CALL_MS / 1_000
    yield row("ask_round, all", LARGEST, cpu / SHARE, f"s at 1 GB, {CALL_MS} ms a request", most=ROUND_S)


def _in_a_process_of_its_own(what: str) -> Any:
    ran = subprocess.run(
        [sys.executable, "-m", "bench.cutting", what], stdout=subprocess.PIPE, check=False, timeout=3_600
    )
    return None if ran.returncode else json.loads(ran.stdout)


def _tell(what: str) -> dict[str, float]:
    if what == "whole":
        made, _ = crowds.city(*CITY)
        seconds, _ = timed(lambda: solve(made), times=1)
        return {"seconds": seconds, "megabytes": _megabytes()}
    house, tables = _lived_in()
    before, calls = _megabytes(), tables.calls
    act = house.asking.ask_due if what == "round" else house.asking.assign
    seconds, outcome = timed(lambda: act(NOW), times=1)
    print(outcome, file=sys.stderr)
    return {
        "seconds": seconds,
        "megabytes": _megabytes() - before,
        "calls": tables.calls - calls,
        "looked_at": AREA + BESIDE,
    }


def _lived_in() -> tuple[House, MemoryTables]:
    """Return a city over tables in memory with all the listings, two of each author, and nobody asked yet."""
    tables = MemoryTables(APP, lambda: NOW * 1_000)
    house = a_house(slug=APP, tables=tables, now=lambda: NOW)
    for number, listing in enumerate(listings(LARGEST)):
        author = a_person(f"author {number // 2}")
        if number % 2 == 0:
            tables.commit(added(author))
        tables.put("listings", listing_item(replace(listing, author=author.id)))
    house.board.fresh(NOW)
    return house, tables


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


if __name__ == "__main__":
    print(json.dumps(_tell(sys.argv[1])))
