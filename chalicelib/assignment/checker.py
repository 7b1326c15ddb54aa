"""Whether an assignment is what it says it is: may be, reaches its figures, and is proved the best.

Written apart from the solver and shares none of its code: it knows the instance, the pairs and the prices,
and adds up how far the prices leave the best above the pairs (docs/assignment.md). Nothing must be left.
"""

from collections import Counter, defaultdict

from chalicelib.assignment.model import Certificate, Figures, Instance, Need, Solution

Fits = dict[tuple[str, str], int]


class Rejected(Exception):
    """The assignment is not what it says; the message says in what."""


def check(instance: Instance, solution: Solution) -> None:
    """Accept the assignment, or raise Rejected with the reason."""
    fits = {(option.need, option.offer): option.fit for option in instance.options}
    _feasible(instance, solution, fits)
    if _figures(instance, solution, fits) != solution.figures:
        raise Rejected("the figures are not those of the pairs")
    _weights(instance, solution.certificate)
    _shape(instance, solution.certificate)
    if gap := _gap(instance, solution):
        raise Rejected(f"the prices prove no optimum: they leave {gap}")


def _feasible(instance: Instance, solution: Solution, fits: Fits) -> None:
    pairs = solution.pairs
    if list(pairs) != sorted(set(pairs)):
        raise Rejected("the pairs are not in order, or one is there twice")
    if strange := [pair for pair in pairs if pair not in fits]:
        raise Rejected(f"{strange[0]} is no option")
    helper = {offer.id: offer.helper for offer in instance.offers}
    by_need = Counter(need for need, _ in pairs)
    by_offer = Counter(offer for _, offer in pairs)
    by_helper = Counter(helper[offer] for _, offer in pairs)
    if any(by_need[need.id] > need.places for need in instance.needs):
        raise Rejected("a need gets more than its places")
    if any(by_offer[offer.id] > offer.places for offer in instance.offers):
        raise Rejected("an offer gives more than its places")
    if any(by_helper[one.id] > len(one.costs) for one in instance.helpers):
        raise Rejected("a helper is asked more often than they may be")
    if max(Counter((need, helper[offer]) for need, offer in pairs).values(), default=1) > 1:
        raise Rejected("a need gets one helper twice")


def _figures(instance: Instance, solution: Solution, fits: Fits) -> Figures:
    helper = {offer.id: offer.helper for offer in instance.offers}
    served = {need for need, _ in solution.pairs}
    asks = Counter(helper[offer] for _, offer in solution.pairs)
    cost = sum(sum(one.costs[: asks[one.id]]) for one in instance.helpers)
    return Figures(
        sum(1 for need in instance.needs if need.urgent and need.id in served),
        len(served),
        len(solution.pairs),
        sum(fits[pair] for pair in solution.pairs) - cost,
        sum(many**2 for many in asks.values()),
    )


def _weights(instance: Instance, certificate: Certificate) -> None:
    """A simple cycle enters an offer once and a helper's last steps once: so little can it gain or lose."""
    asks = max((len(helper.costs) for helper in instance.helpers), default=0)
    cost = max((max(helper.costs, default=0) for helper in instance.helpers), default=0)
    fit = max((option.fit for option in instance.options), default=0)
    weights = certificate.weights
    points = min(len(instance.options), len(instance.offers)) * fit + cost
    most = weights.points * points + max(2 * asks - 1, 0)
    if weights.points < 1 or weights.points <= 2 * asks - 2:
        raise Rejected("squares may outweigh points")
    if weights.places <= most:
        raise Rejected("points may outweigh places")
    if weights.served <= weights.places + most:
        raise Rejected("places may outweigh needs served")
    if weights.urgent <= weights.served + weights.places + most:
        raise Rejected("needs served may outweigh urgent ones")


def _shape(instance: Instance, certificate: Certificate) -> None:
    for prices, things in (
        (certificate.needs, instance.needs),
        (certificate.offers, instance.offers),
        (certificate.helpers, instance.helpers),
    ):
        if len(prices) != len(things) or any(type(price) is not int for price in prices):
            raise Rejected("there is not one whole price for each need, offer and helper")


def _gap(instance: Instance, solution: Solution) -> int:
    """Return how far the best may lie above the pairs: what each arc could gain yet, summed up."""
    certificate = solution.certificate
    gains = {need.id: price for need, price in zip(instance.needs, certificate.needs, strict=True)}
    costs = {offer.id: price for offer, price in zip(instance.offers, certificate.offers, strict=True)}
    return (
        _at_needs(instance, solution, gains)
        + _between(instance, solution, gains, costs)
        + _at_helpers(instance, solution, costs)
    )


def _at_needs(instance: Instance, solution: Solution, gains: dict[str, int]) -> int:
    """A place filled is to be worth what it takes, one left open is not."""
    options = Counter(option.need for option in instance.options)
    filled = Counter(need for need, _ in solution.pairs)
    gap = 0
    for need in instance.needs:
        worth = _worth(need, min(need.places, options[need.id]), solution.certificate)
        gain, many = gains[need.id], filled[need.id]
        gap += sum(max(0, -gain - reward) for reward in worth[:many])
        gap += sum(max(0, gain + reward) for reward in worth[many:])
    return gap


def _worth(need: Need, places: int, certificate: Certificate) -> list[int]:
    weights = certificate.weights
    first = weights.places + weights.served + need.urgent * weights.urgent
    return [weights.places if place else first for place in range(places)]


def _between(instance: Instance, solution: Solution, gains: dict[str, int], costs: dict[str, int]) -> int:
    """With each helper, a need is to have the best offer if it gains by that, and none if it does not."""
    points = solution.certificate.weights.points
    helper = {offer.id: offer.helper for offer in instance.offers}
    chosen = {(need, helper[offer]): offer for need, offer in solution.pairs}
    left: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for need, offer, fit in instance.options:
        left[need, helper[offer]][offer] = points * fit - costs[offer]
    gap = 0
    for (need, who), each in left.items():
        best, gain = max(each.values()), gains[need]
        if (need, who) in chosen:
            gap += best - each[chosen[need, who]] + max(0, gain - best)
        else:
            gap += max(0, best - gain)
    return gap


def _at_helpers(instance: Instance, solution: Solution, costs: dict[str, int]) -> int:
    """An offer costs what its helper does, more only when full, less only when free; and so with asks."""
    certificate = solution.certificate
    helper = {offer.id: offer.helper for offer in instance.offers}
    options = Counter(option.offer for option in instance.options)
    given = Counter(offer for _, offer in solution.pairs)
    asked = Counter(helper[offer] for _, offer in solution.pairs)
    dear = {one.id: price for one, price in zip(instance.helpers, certificate.helpers, strict=True)}
    gap = 0
    for offer in instance.offers:
        above = costs[offer.id] - dear[offer.helper]
        free = min(offer.places, options[offer.id]) - given[offer.id]
        gap += max(0, -above) * given[offer.id] + max(0, above) * free
    for one in instance.helpers:
        steps = [certificate.weights.points * cost + 2 * ask + 1 for ask, cost in enumerate(one.costs)]
        many = asked[one.id]
        gap += sum(max(0, step - dear[one.id]) for step in steps[:many])
        gap += sum(max(0, dear[one.id] - step) for step in steps[many:])
    return gap
