"""Assigning all at once: how long the best takes, beside scipy and greed, and how fair it is."""

import time
from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import Any

from bench import crowds
from bench.rows import Row, progress, row
from chalicelib.assignment.checker import check
from chalicelib.assignment.model import Instance, Solution
from chalicelib.assignment.solving import solve
from infra.simulate.figures import jain

NEEDS, OFFERS = 2_000, 5_000
TIMES = 3
MOST_S = 0.5


def rows() -> Iterator[Row]:
    for name, make in (("ordinary", crowds.ordinary), ("hot", crowds.hot)):
        progress(f"assigning {NEEDS:,} needs, {name}")
        yield from _single(name, make(NEEDS, OFFERS))
    progress("assigning a lived-in town")
    yield from _lived_in()
    yield from _fairness()


def _single(name: str, made: Instance) -> Iterator[Row]:
    took, solution = timed(lambda: solve(made))
    checking, _ = timed(lambda: check(made, solution), times=1)
    peer, served, points = _scipy(made)
    yield row(f"assign_s, {name}", NEEDS, took, "s CPU", peer="scipy sparse", peer_value=peer, most=MOST_S)
    reached = (solution.figures.served - served, solution.figures.points - points)
    yield row(f"assign_s, {name}, short of scipy", NEEDS, sum(map(abs, reached)), "needs and points", most=0)
    greedy_s, greedy = timed(lambda: _greedy(made))
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
    building, made = timed(lambda: crowds.lived_in(NEEDS, OFFERS), times=1)
    took, solution = timed(lambda: solve(made), times=1)
    check(made, solution)
    yield row("assign_s, lived-in", NEEDS, took, "s CPU: several places, offers and rising costs")
    yield row("assign_s, lived-in, making it up", NEEDS, building, "s CPU")


def _fairness() -> Iterator[Row]:
    """Compare what rising ask costs do to how evenly helpers are asked, and what it costs in fit."""
    for crowded, beside in ((0.3, ""), (0.5, ", half of all crowded")):
        plain, fair = (
            crowds.lived_in(NEEDS // 2, OFFERS // 2, costs=costs, crowded=crowded)
            for costs in ((0,) * len(crowds.ASK_COSTS), crowds.ASK_COSTS)
        )
        even, uneven = solve(fair), solve(plain)
        times = _jain(fair, even) / _jain(plain, uneven)
        fit = 100 * (1 - _fit(fair, even) / _fit(plain, uneven))
        fewer = uneven.figures.served - even.figures.served + uneven.figures.places - even.figures.places
        yield row(f"fairness{beside}", NEEDS // 2, times, "times as even (Jain)", least=1.3)
        yield row(f"fairness{beside}, fit given up", NEEDS // 2, fit, "% of fit", most=3.5)
        yield row(f"fairness{beside}, fewer served", NEEDS // 2, fewer, "needs and places", most=0)


def timed(act: Any, times: int = TIMES) -> tuple[float, Any]:
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
    took, (matched, columns) = timed(lambda: min_weight_full_bipartite_matching(matrix))
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
    """Return Jain's index of the asks over all helpers somebody could ask."""
    helper = {offer.id: offer.helper for offer in made.offers}
    asks = Counter(helper[offer] for _, offer in solution.pairs)
    able = {helper[option.offer] for option in made.options}
    return jain([asks[each] for each in able])
