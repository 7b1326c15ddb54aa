"""What is no instance is refused with a word; what is nothing much is assigned all the same."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from chalicelib.assignment.checker import Rejected, check
from chalicelib.assignment.explaining import explain
from chalicelib.assignment.model import Helper, Need, Nonsense, Offer, Option, Weights, instance
from chalicelib.assignment.solving import solve

NEED, OFFER, HELPER, OPTION = Need("n", False, 1), Offer("o", "h", 1), Helper("h", (0,)), Option("n", "o", 5)


@pytest.mark.parametrize(
    ("needs", "offers", "helpers", "options", "word"),
    [
        ([NEED, NEED], [OFFER], [HELPER], [], "two needs"),
        ([NEED], [OFFER, OFFER], [HELPER], [], "two offers"),
        ([NEED], [OFFER], [HELPER, HELPER], [], "two helpers"),
        ([Need("n", 1, 1)], [OFFER], [HELPER], [], "urgent"),
        ([Need("n", False, -1)], [OFFER], [HELPER], [], "places"),
        ([Need("n", False, True)], [OFFER], [HELPER], [], "places"),
        ([NEED], [Offer("o", "h", 1.0)], [HELPER], [], "places"),
        ([NEED], [Offer("o", "x", 1)], [HELPER], [], "unknown"),
        ([NEED], [OFFER], [Helper("h", (5, 4))], [], "costs"),
        ([NEED], [OFFER], [Helper("h", (-1,))], [], "costs"),
        ([NEED], [OFFER], [Helper("h", (0.5,))], [], "costs"),
        ([NEED], [OFFER], [HELPER], [Option("x", "o", 1)], "no such"),
        ([NEED], [OFFER], [HELPER], [Option("n", "x", 1)], "no such"),
        ([NEED], [OFFER], [HELPER], [OPTION, OPTION], "twice"),
        ([NEED], [OFFER], [HELPER], [Option("n", "o", -1)], "fit"),
        ([NEED], [OFFER], [HELPER], [Option("n", "o", True)], "fit"),
    ],
)
def test_nonsense_is_refused(needs, offers, helpers, options, word):
    with pytest.raises(Nonsense, match=word):
        instance(needs, offers, helpers, options)


@pytest.mark.parametrize(
    ("needs", "offers", "helpers", "options", "pairs"),
    [
        ([], [], [], [], ()),
        ([NEED], [], [], [], ()),
        ([NEED], [OFFER], [HELPER], [], ()),
        ([NEED], [OFFER], [Helper("h", ())], [OPTION], ()),
        ([NEED], [Offer("o", "h", 0)], [HELPER], [OPTION], ()),
        ([Need("n", True, 0)], [OFFER], [HELPER], [OPTION], ()),
        ([NEED], [OFFER], [HELPER], [Option("n", "o", 10**30)], (("n", "o"),)),
        ([NEED], [OFFER], [Helper("h", (10**30,))], [OPTION], (("n", "o"),)),
        ([Need("n", False, 10**6)], [Offer("o", "h", 10**6)], [HELPER], [OPTION], (("n", "o"),)),
    ],
)
def test_little_or_much_is_assigned(needs, offers, helpers, options, pairs):
    made = instance(needs, offers, helpers, options)
    solution = solve(made)
    assert solution.pairs == pairs
    check(made, solution)


def test_a_need_gets_a_helper_once_and_the_least_asked_first():
    offers = [Offer("a1", "a", 5), Offer("a2", "a", 5), Offer("b1", "b", 5)]
    helpers = [Helper("a", (0, 0, 0)), Helper("b", (0, 0, 0))]
    needs = [Need("n", False, 3), Need("m", False, 1)]
    options = [Option(need.id, offer.id, 7) for need in needs for offer in offers]
    made = instance(needs, offers, helpers, options)
    solution = solve(made)
    assert solution.figures == (0, 2, 3, 21, 5)
    check(made, solution)


def single(needs, offers, fit):
    """Return needs of one place and helpers of one; `fit` says how well a pair fits, None: no fit."""
    return instance(
        [Need(f"n{at:03}", at % 3 == 0, 1) for at in range(needs)],
        [Offer(f"o{at:03}", f"h{at:03}", 1) for at in range(offers)],
        [Helper(f"h{at:03}", (0,)) for at in range(offers)],
        [
            Option(f"n{need:03}", f"o{offer:03}", points)
            for need in range(needs)
            for offer in range(offers)
            if (points := fit(need, offer)) is not None
        ],
    )


@pytest.mark.parametrize(
    ("made", "reached"),
    [
        (single(60, 60, lambda _need, _offer: 5), (20, 60, 60, 300, 60)),
        (single(90, 40, lambda _need, _offer: 5), (30, 40, 40, 200, 40)),
        (single(40, 40, lambda need, offer: 40 - offer + need if offer - need in (0, 1) else None), None),
        (single(80, 80, lambda need, offer: (need + offer) % 3 if offer % 20 == need % 20 else None), None),
        (single(50, 50, lambda need, offer: need * 10**15 + offer), None),
    ],
    ids=["all equal", "all equal, too few", "a chain", "four of each kind", "huge fits"],
)
def test_where_all_want_the_same_it_is_proved_all_the_same(made, reached):
    solution = solve(made)
    check(made, solution)
    if reached:
        assert solution.figures == reached


def test_a_helper_wanted_by_all_is_asked_as_often_as_they_may_be_for_the_urgent():
    needs = [Need(f"n{at:03}", at % 30 == 0, 2) for at in range(300)]
    offers = [Offer(f"o{at}", "h", 10**9) for at in range(3)]
    options = [Option(need.id, offer.id, 3) for need in needs for offer in offers]
    made = instance(needs, offers, [Helper("h", (0, 200, 400, 600, 800, 1_000, 1_200))], options)
    solution = solve(made)
    check(made, solution)
    assert solution.figures == (7, 7, 7, 21 - 4_200, 49)
    losers = {why.loser for why in explain(made, solution) if why.reason == "costs_another"}
    assert losers <= {need for need, _ in solution.pairs}


def test_how_python_hashes_changes_nothing():
    told = "from random import Random; from chalicelib.assignment.solving import solve; "
    told += "from tests.pairing import small; print([solve(small(Random(seed), 25)) for seed in range(20)])"
    said = {
        subprocess.run(
            [sys.executable, "-c", told],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(said) == 1
    assert b"pairs=((" in said.pop()


def test_weights_of_nothing_prove_nothing_even_where_nobody_can_be_asked():
    made = instance([NEED], [OFFER], [Helper("h", ())], [OPTION])
    solution = solve(made)
    check(made, solution)
    for nothing in (Weights(0, 0, 0, 1), solution.certificate.weights._replace(urgent=0)):
        with pytest.raises(Rejected):
            check(made, replace(solution, certificate=replace(solution.certificate, weights=nothing)))
