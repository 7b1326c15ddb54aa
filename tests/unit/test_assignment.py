"""What is no instance is refused with a word; what is nothing much is assigned all the same."""

import pytest

from chalicelib.assignment.checker import check
from chalicelib.assignment.model import Helper, Need, Nonsense, Offer, Option, instance
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
