"""How far the best assignment can lie above this one, by prices that need not be the right ones.

Weak duality: whatever the prices, the best lies above by no more than what every arc could gain yet, summed
up. What the offers and helpers cost is given; made to fit what they give, so that nothing is to be gained
there; what each need gains is then chosen so that least is left.
"""

from collections import Counter
from collections.abc import Sequence

from chalicelib.assignment.model import Certificate, Instance, Weights
from chalicelib.assignment.network import asks, rewards


def bound(
    whole: Instance, weights: Weights, chosen: Sequence[int], costs: Sequence[int], dear: Sequence[int]
) -> Certificate:
    """Return the certificate of the options that stand at the chosen places, with its gap."""
    place_of = {helper.id: place for place, helper in enumerate(whole.helpers)}
    helper_of = [place_of[offer.helper] for offer in whole.offers]
    people = _fitting_helpers(whole, weights, chosen, helper_of, dear)
    offers = _fitting_offers(whole, weights, chosen, helper_of, costs, people)
    taken = set(chosen)
    options = Counter(whole.need_of)
    gains: list[int] = []
    gap = begin = 0
    for place, need in enumerate(whole.needs):
        arcs = range(begin, begin + options[place])
        begin = arcs.stop
        left: dict[int, tuple[int, int | None]] = {}
        for arc in arcs:
            offer = whole.offer_of[arc]
            gain = weights.points * whole.fits[arc] - offers[offer]
            most, used = left.get(helper_of[offer], (gain, None))
            left[helper_of[offer]] = max(most, gain), gain if arc in taken else used
        steps = rewards(need, len(arcs), weights)
        price, lost = _least(steps, [*left.values()], 2 * weights.urgent)
        gains.append(price)
        gap += lost
    return Certificate(weights, tuple(gains), tuple(offers), tuple(people), gap=gap)


def _least(steps: Sequence[int], left: Sequence[tuple[int, int | None]], dear: int) -> tuple[int, int]:
    """Return the price of a need that leaves least to gain, and how much that is.

    `left` is, by helper, the most that an option would leave, and what the one taken leaves. What can be
    gained is convex in the price: its slope begins at minus their number and grows by one at each of them
    and of the steps.
    """
    if not left:
        return dear, 0
    filled = sum(used is not None for _, used in left)
    price = sorted([most for most, _ in left] + [*steps])[len(left) - 1]
    lost = sum(max(0, step - price) for step in steps[:filled])
    lost += sum(max(0, price - step) for step in steps[filled:])
    for most, used in left:
        lost += max(0, most - price) if used is None else most - used + max(0, price - most)
    return price, lost


def _fitting_helpers(
    whole: Instance, weights: Weights, chosen: Sequence[int], helper_of: Sequence[int], dear: Sequence[int]
) -> list[int]:
    asked = Counter(helper_of[whole.offer_of[arc]] for arc in chosen)
    found: list[int] = []
    for place, helper in enumerate(whole.helpers):
        steps, given = asks(helper, weights), asked[place]
        price = dear[place] if steps else 2 * weights.urgent
        price = max([price, *steps[max(0, given - 1) : given]])
        found.append(min([price, *steps[given : given + 1]]))
    return found


def _fitting_offers(
    whole: Instance,
    weights: Weights,
    chosen: Sequence[int],
    helper_of: Sequence[int],
    costs: Sequence[int],
    people: Sequence[int],
) -> list[int]:
    given = Counter(whole.offer_of[arc] for arc in chosen)
    options = Counter(whole.offer_of)
    found: list[int] = []
    for place, (offer, cost) in enumerate(zip(whole.offers, costs, strict=True)):
        helper = people[helper_of[place]]
        room = min(offer.places, options[place])
        if not room:
            found.append(2 * weights.urgent)
        elif given[place] == room:
            found.append(max(cost, helper))
        else:
            found.append(helper if given[place] else min(cost, helper))
    return found
