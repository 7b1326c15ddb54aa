"""Areas hold every need once, none too many, and what lies beside one is what is nearest to it."""

from random import Random

import pytest

from chalicelib.assignment.areas import Spot, areas, beside


def spots(many, seed=1):
    random = Random(seed)
    return [Spot(f"n{number:04}", random.random(), random.random()) for number in range(many)]


@pytest.mark.parametrize("many", [0, 1, 2, 7, 100, 1_001])
@pytest.mark.parametrize("most", [1, 3, 100])
def test_areas_hold_every_need_once_and_about_as_many_each(many, most):
    cut = areas(spots(many), most)
    assert sorted(spot for area in cut for spot in area) == sorted(spots(many))
    sizes = {len(area) for area in cut}
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= max(2, most // 2)


def test_the_order_of_the_needs_changes_nothing():
    given = spots(500)
    assert areas(given, 60) == areas(given[::-1], 60)
    assert beside(given[:50], given, 60) == beside(given[:50][::-1], given[::-1], 60)


def test_needs_that_all_live_in_one_place_are_cut_all_the_same():
    given = [Spot(f"n{number:04}", 1.0, 1.0) for number in range(100)]
    assert sorted(map(len, areas(given, 30))) == [25, 25, 25, 25]
    assert len(beside(given[:25], given, 30)) == 30


def test_areas_are_compact():
    cut = areas(spots(1_000), 100)
    for area in cut:
        across = max(spot.x for spot in area) - min(spot.x for spot in area)
        along = max(spot.y for spot in area) - min(spot.y for spot in area)
        assert max(across, along) < 0.6


def test_beside_an_area_is_what_is_nearest_to_it_and_never_its_own():
    along = [Spot(f"n{number}", float(number), 0.0) for number in range(9)]
    assert [spot.need for spot in beside(along[3:6], along, 4)] == ["n2", "n6", "n1", "n7"]
    assert beside(along, along, 4) == []
