"""R12: an assignment is the best there is, the same whatever the order of what came in, proved and
explained."""

from collections import Counter
from random import Random

import pytest

from chalicelib.assignment.checker import Rejected, check
from chalicelib.assignment.explaining import explain
from chalicelib.assignment.model import Solution, figures, instance
from chalicelib.assignment.solving import solve
from tests.pairing import alter, best, order, parts, small


def worse_than_the_best(assign, many, seed=1, most=7):
    """Return how often an assignment is not as good as the best that trying all finds."""
    found = 0
    for number in range(many):
        made = small(Random(f"{seed} {number}"), most)
        found += order(assign(made).figures) != order(best(made))
    return found


def greedy(made, proof=None):
    """Take the fittest pair that still can be, until there is none: what an optimum is to be told from."""
    left = {need.id: need.places for need in made.needs} | {offer.id: offer.places for offer in made.offers}
    helper = {offer.id: offer.helper for offer in made.offers}
    asks = {one.id: len(one.costs) for one in made.helpers}
    met, chosen = set(), []
    for place in sorted(range(len(made.options)), key=lambda place: -made.fits[place]):
        need, offer, _ = made.options[place]
        who = helper[offer]
        if left[need] and left[offer] and asks[who] and (need, who) not in met:
            left[need] -= 1
            left[offer] -= 1
            asks[who] -= 1
            met.add((need, who))
            chosen.append(place)
    pairs = tuple(sorted(made.options[place][:2] for place in chosen))
    return Solution(pairs, figures(made, chosen), proof)


def accepted(made, solution):
    try:
        check(made, solution)
    except Rejected:
        return False
    return True


def accepted_though_altered(many, seed=1):
    """Return how many altered solutions the checker accepts that do not stand, and how many were tried."""
    wrong = tried = number = 0
    while tried < many:
        random = Random(f"{seed} {number}")
        number += 1
        made = small(random)
        solution = solve(made)
        assert accepted(made, solution)
        for _ in range(20):
            altered = alter(made, solution, random)
            if altered != solution:
                tried += 1
                wrong += accepted(made, altered) and not stands(made, altered)
    return wrong, tried


def stands(made, altered):
    """Whether what was altered is another proof of an assignment as good: prices and weights may be
    others."""
    places = {option[:2]: place for place, option in enumerate(made.options)}
    proof = altered.certificate
    return (
        order(altered.figures) == order(best(made))
        and figures(made, [places[pair] for pair in altered.pairs]) == altered.figures
        and min(proof.weights) > 0
    )


def test_an_assignment_is_the_best_there_is():
    assert worse_than_the_best(solve, 150, most=5) == 0


def test_taking_the_fittest_pair_first_is_caught():
    assert worse_than_the_best(greedy, 150, most=5) > 15


@pytest.mark.soak
def test_ten_thousand_assignments_are_the_best_there_are():
    assert worse_than_the_best(solve, 10_000) == 0


@pytest.mark.parametrize("seed", range(30))
def test_the_order_of_what_comes_in_changes_nothing(seed):
    random = Random(seed)
    everything = parts(random)
    first = repr(solve(instance(*everything)))
    for part in everything:
        random.shuffle(part)
    assert repr(solve(instance(*everything))).encode() == first.encode()


def test_an_altered_assignment_is_rejected():
    assert accepted_though_altered(400)[0] == 0


@pytest.mark.soak
def test_ten_thousand_altered_assignments_are_rejected():
    assert accepted_though_altered(10_000)[0] == 0


def test_no_prices_make_a_greedy_assignment_pass():
    told = 0
    for seed in range(200):
        made = small(Random(seed), 5)
        right = solve(made)
        taken = greedy(made, right.certificate)
        if order(taken.figures) != order(right.figures):
            told += 1
            assert not accepted(made, taken)
    assert told > 10


def test_what_is_not_served_is_explained():
    reasons = Counter()
    for seed in range(200):
        made = small(Random(seed), 5)
        solution = solve(made)
        got = Counter(need for need, _ in solution.pairs)
        why = {each.need: each for each in explain(made, solution)}
        assert set(why) == {need.id for need in made.needs if got[need.id] < need.places}
        for each in why.values():
            reasons[each.reason] += 1
            if each.reason == "costs_another":
                assert_costs(made, solution, each)
    assert reasons.keys() == {"no_option", "no_room", "no_other", "costs_another"}


def assert_costs(made, solution, why):
    """Do what the explanation says, and see that it costs what it says."""
    places = {option[:2]: place for place, option in enumerate(made.options)}
    pairs = set(solution.pairs) - set(why.goes) | set(why.comes)
    after = figures(made, [places[pair] for pair in pairs])
    if why.part == "tie":
        assert after == solution.figures
    else:
        assert getattr(solution.figures, why.part) - getattr(after, why.part) == why.by > 0
