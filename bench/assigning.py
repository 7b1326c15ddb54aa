"""Assigning all at once: how long the best takes, beside scipy and greed; how fair; and a city cut by
area."""

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import Any

from bench import crowds
from bench.ground import Ground
from bench.rows import Row, missing, progress, row
from chalicelib.assignment.areas import solve_by_area
from chalicelib.assignment.checker import check
from chalicelib.assignment.model import Instance, Solution
from chalicelib.assignment.solving import solve

NEEDS, OFFERS = 2_000, 5_000
TIMES = 3
MOST_S, LIMIT_S, LIMIT_MB = 0.5, 900, 1_024
CITY = (40_000, 60_000, 6)
"""Needs, offers and areas on a side of a city of 100,000 listings."""
TOWN = (4_000, 6_000, 3)
"""A town that is solved both ways."""


def rows(_: Ground) -> Iterator[Row]:
    for name, make in (("ordinary", crowds.ordinary), ("hot", crowds.hot)):
        progress(f"assigning {NEEDS:,} needs, {name}")
        yield from _single(name, make(NEEDS, OFFERS))
    progress("assigning a lived-in town")
    yield from _lived_in()
    yield from _fairness()
    progress(f"assigning {sum(TOWN[:2]):,} listings whole and by area")
    yield from _seam()
    for way in ("whole", "areas"):
        progress(f"assigning {sum(CITY[:2]):,} listings, {way}")
        yield from _city(way)


def _single(name: str, made: Instance) -> Iterator[Row]:
    took, solution = _timed(lambda: solve(made))
    checking, _ = _timed(lambda: check(made, solution), times=1)
    peer, served, points = _scipy(made)
    yield row(f"assign_s, {name}", NEEDS, took, "s CPU", peer="scipy sparse", peer_value=peer, most=MOST_S)
    reached = (solution.figures.served - served, solution.figures.points - points)
    yield row(f"assign_s, {name}, short of scipy", NEEDS, sum(map(abs, reached)), "needs and points", most=0)
    greedy_s, greedy = _timed(lambda: _greedy(made))
    yield row(f"assign_s, {name}, greedy", NEEDS, greedy_s, "s CPU")
    yield row(
        f"assign_s, {name}, needs served",
        NEEDS,
        solution.figures.served,
        "needs",
        peer="greedy",
        peer_value=greedy[0],
    )
    yield row(
        f"assign_s, {name}, points",
        NEEDS,
        solution.figures.points,
        "points",
        peer="greedy",
        peer_value=greedy[1],
    )
    yield row(f"assign_s, {name}, checking", NEEDS, checking, "s CPU")


def _lived_in() -> Iterator[Row]:
    building, made = _timed(lambda: crowds.lived_in(NEEDS, OFFERS), times=1)
    took, solution = _timed(lambda: solve(made), times=1)
    check(made, solution)
    yield row("assign_s, lived-in", NEEDS, took, "s CPU: several places, offers and rising costs")
    yield row("assign_s, lived-in, making it up", NEEDS, building, "s CPU")


def _fairness() -> Iterator[Row]:
    """Compare what rising ask costs do to how evenly helpers are asked, and what it costs in fit."""
    plain, fair = (
        crowds.lived_in(NEEDS // 2, OFFERS // 2, costs=costs) for costs in ((0,) * 7, crowds.ASK_COSTS)
    )
    even, uneven = solve(fair), solve(plain)
    fit = _fit(fair, even) / _fit(plain, uneven)
    jains = (_jain(fair, even), _jain(plain, uneven))
    yield row("fairness", NEEDS // 2, jains[0] / jains[1], "times as even (Jain)", least=1.3)
    yield row("fairness, fit given up", NEEDS // 2, 100 * (1 - fit), "% of fit", most=3.5)
    fewer = uneven.figures.served - even.figures.served + uneven.figures.places - even.figures.places
    yield row("fairness, fewer served", NEEDS // 2, fewer, "needs and places", most=0)


def _seam() -> Iterator[Row]:
    made, area_of = crowds.quarters(*TOWN)
    whole, cut = solve(made), solve_by_area(made, area_of)
    check(made, cut)
    size = sum(TOWN[:2])
    for part in ("urgent", "served", "places", "points"):
        best, reached = getattr(whole.figures, part), getattr(cut.figures, part)
        yield row(f"seam, {part}", size, 100 * (best - reached) / best, "% less by area", most=0.5)
    proved = 100 * cut.certificate.gap / _worth(whole)
    yield row("seam, proved", size, proved, "% of the objective is the gap", most=0.5)


def _city(way: str) -> Iterator[Row]:
    """Assign the city in a process of its own, as a function would."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench.assigning", way], stdout=subprocess.PIPE, check=False, timeout=3_600
    )
    size = sum(CITY[:2])
    if ran.returncode:
        yield missing(f"city, {way}", f"ended with {ran.returncode}")
        return
    told = json.loads(ran.stdout)
    yield row(f"city, {way}", size, told["seconds"], "s CPU", most=LIMIT_S)
    yield row(f"city, {way}, memory", size, told["megabytes"], "MB at most, with the options", most=LIMIT_MB)


def _tell(way: str) -> dict[str, Any]:
    made, area_of = crowds.quarters(*CITY)
    seconds, solution = _timed(
        lambda: solve(made) if way == "whole" else solve_by_area(made, area_of), times=1
    )
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    return {
        "seconds": seconds,
        "megabytes": megabytes,
        "figures": solution.figures,
        "options": len(made.options),
    }


def _timed(act: Any, times: int = TIMES) -> tuple[float, Any]:
    took: list[float] = []
    for _ in range(times):
        began = time.process_time()
        result = act()
        took.append(time.process_time() - began)
    return median(took), result


def _scipy(made: Instance) -> tuple[float, int, int]:
    """Return the CPU time of scipy's sparse solver, the needs served and their points; it may leave needs
    out."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    needs, offers, out = len(made.needs), len(made.offers), 10**7
    costs = [out - fit for fit in made.fits] + [3 * out] * needs
    ends = ([*made.need_of, *range(needs)], [*made.offer_of, *range(offers, offers + needs)])
    matrix = csr_matrix((costs, ends), shape=(needs, offers + needs))
    took, (matched, columns) = _timed(lambda: min_weight_full_bipartite_matching(matrix))
    total = int(matrix[matched, columns].sum())
    served = int((columns < offers).sum())
    return took, served, served * out + (needs - served) * 3 * out - total


def _greedy(made: Instance) -> tuple[int, int]:
    """Return needs served and points when the fittest pair that is still possible is taken, again and
    again."""
    needs, offers, points = set[int](), set[int](), 0
    for place in sorted(range(len(made.options)), key=made.fits.__getitem__, reverse=True):
        need, offer = made.need_of[place], made.offer_of[place]
        if need not in needs and offer not in offers:
            needs.add(need)
            offers.add(offer)
            points += made.fits[place]
    return len(needs), points


def _fit(made: Instance, solution: Solution) -> int:
    fits = {(option.need, option.offer): option.fit for option in made.options}
    return sum(fits[pair] for pair in solution.pairs)


def _jain(made: Instance, solution: Solution) -> float:
    """Return Jain's index of the asks over all helpers somebody could ask: 1 where all are asked alike."""
    helper = {offer.id: offer.helper for offer in made.offers}
    asks = Counter(helper[offer] for _, offer in solution.pairs)
    able = {helper[option.offer] for option in made.options}
    return asks.total() ** 2 / (len(able) * sum(many**2 for many in asks.values()))


def _worth(solution: Solution) -> int:
    weights, reached = solution.certificate.weights, solution.figures
    return sum(weight * figure for weight, figure in zip(weights, reached[:4], strict=True)) - reached.squares


if __name__ == "__main__":
    print(json.dumps(_tell(sys.argv[1])))
