"""A town cut by area: what its seams cost, and what they would cost if an area did not see beyond itself."""

import pytest

from bench import crowds
from bench.cutting import swept
from chalicelib.assignment.solving import solve

NEEDS, OFFERS, AREA = 800, 1_200, 200


@pytest.fixture(scope="module")
def town():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowds, "OPTIONS", 10)
        made, spots = crowds.city(NEEDS, OFFERS)
    return made, spots, solve(made).figures


def test_the_seams_of_a_town_cost_little(town):
    made, spots, best = town
    cut = swept(made, spots, AREA, AREA)
    assert cut[:2] == best[:2]
    assert cut.places > 0.995 * best.places
    assert cut.points > 0.995 * best.points


def test_an_area_that_does_not_see_beyond_itself_takes_what_others_need_more(town):
    made, spots, best = town
    cut = swept(made, spots, AREA, 0)
    assert cut.urgent < best.urgent
    assert cut.places < 0.995 * best.places
