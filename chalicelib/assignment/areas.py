"""A city too large for one piece of work: area by area, with how much that can have cost.

The needs of an area are assigned over all their options, with what the other areas left. Then every two areas that
share an offer give back what they have and are assigned together, so nothing that counts before fairness gets worse.
The prices with which they end bound the best from above.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, combinations

from chalicelib.assignment.bounds import bound
from chalicelib.assignment.model import Certificate, Instance, Solution, Weights, figures, instance
from chalicelib.assignment.solving import certificate, solve, solved
from chalicelib.assignment.weights import weights


def solve_by_area(whole: Instance, area_of: Mapping[str, Hashable]) -> Solution:
    """Return a good assignment and a bound on the best; `area_of` names the area of each need by its id."""
    areas: dict[Hashable, list[int]] = {}
    for place, need in enumerate(whole.needs):
        areas.setdefault(area_of[need.id], []).append(place)
    if len(areas) <= 1:
        return solve(whole)
    work = _Work(whole)
    for needs in areas.values():
        work.assign(needs)
    for one, other in work.neighbours([*areas.values()]):
        work.assign(sorted(one + other))
    chosen = sorted(arc for arcs in work.chosen for arc in arcs)
    pairs = tuple((whole.options[arc].need, whole.options[arc].offer) for arc in chosen)
    proof = bound(whole, work.weights, chosen, work.costs, work.dear)
    return Solution(pairs, figures(whole, chosen), replace(proof, areas=len(areas)))


class _Work:
    """What the areas have assigned so far, and at which prices."""

    def __init__(self, whole: Instance) -> None:
        self.whole = whole
        self.weights: Weights = weights(whole)
        counts = Counter(whole.need_of)
        self.first = [0, *accumulate(counts[need] for need in range(len(whole.needs)))]
        """Where the options of each need begin."""
        place_of = {helper.id: place for place, helper in enumerate(whole.helpers)}
        self.helper_at = place_of
        self.offer_at = {offer.id: place for place, offer in enumerate(whole.offers)}
        self.helper_of = [place_of[offer.helper] for offer in whole.offers]
        self.chosen: list[list[int]] = [[] for _ in whole.needs]
        self.given = [0] * len(whole.offers)
        self.asked = [0] * len(whole.helpers)
        self.costs = [0] * len(whole.offers)
        self.dear = [0] * len(whole.helpers)

    def assign(self, needs: Sequence[int]) -> None:
        """Assign these needs anew, the others being as they are."""
        whole = self.whole
        for need in needs:
            self._count(self.chosen[need], -1)
        arcs = [arc for need in needs for arc in range(self.first[need], self.first[need + 1])]
        part = self._part(needs, arcs)
        network = solved(part, self.weights)
        self._learn(part, certificate(part, network))
        for need in needs:
            self.chosen[need] = []
        # Both are in the order of their ids, so the options of the part are in that of `arcs`.
        for arc, used in zip(arcs, network.used, strict=False):
            if used:
                self.chosen[whole.need_of[arc]].append(arc)
        for need in needs:
            self._count(self.chosen[need], 1)

    def neighbours(self, areas: Sequence[list[int]]) -> list[tuple[list[int], list[int]]]:
        """Return the areas, two by two, that have options with the same offer."""
        by_offer: dict[int, set[int]] = {}
        for area, needs in enumerate(areas):
            for need in needs:
                for arc in range(self.first[need], self.first[need + 1]):
                    by_offer.setdefault(self.whole.offer_of[arc], set()).add(area)
        found = {pair for shared in by_offer.values() for pair in combinations(sorted(shared), 2)}
        return [(areas[one], areas[other]) for one, other in sorted(found)]

    def _count(self, arcs: Iterable[int], by: int) -> None:
        for arc in arcs:
            offer = self.whole.offer_of[arc]
            self.given[offer] += by
            self.asked[self.helper_of[offer]] += by

    def _part(self, needs: Sequence[int], arcs: Sequence[int]) -> Instance:
        """Return what these needs can have of what the others leave."""
        whole = self.whole
        offers = {whole.offer_of[arc] for arc in arcs}
        helpers = {self.helper_of[offer] for offer in offers}
        return instance(
            (whole.needs[need] for need in needs),
            (
                whole.offers[offer]._replace(places=whole.offers[offer].places - self.given[offer])
                for offer in offers
            ),
            (
                whole.helpers[helper]._replace(costs=whole.helpers[helper].costs[self.asked[helper] :])
                for helper in helpers
            ),
            (whole.options[arc] for arc in arcs),
        )

    def _learn(self, part: Instance, proof: Certificate) -> None:
        """Take over the prices of what was not all taken already."""
        for offer, cost in zip(part.offers, proof.offers, strict=True):
            if offer.places:
                self.costs[self.offer_at[offer.id]] = cost
        for helper, cost in zip(part.helpers, proof.helpers, strict=True):
            if helper.costs:
                self.dear[self.helper_at[helper.id]] = cost
