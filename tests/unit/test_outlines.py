"""Which points are in an outline: against the winding number, in whole numbers, where nothing is rounded."""

from itertools import pairwise
from math import atan2, gcd
from timeit import repeat

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.cities.outline import Outline, ring
from chalicelib.places.model import Point

SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
HOLE = [(4, 4), (6, 4), (6, 6), (4, 6), (4, 4)]


@st.composite
def stars(draw, reach=20, east=0):
    """Draw a ring around (east, 0): one corner a direction, so that no two edges cross."""
    coordinate = st.integers(-reach, reach)
    corners = draw(st.lists(st.tuples(coordinate, coordinate).filter(any), max_size=20))
    corners = [*corners, (reach, 0), (0, reach), (-reach, 0), (0, -reach)]
    one_each = {(x // gcd(x, y), y // gcd(x, y)): (x, y) for x, y in corners}
    around = sorted(one_each.values(), key=lambda corner: atan2(corner[1], corner[0]))
    if draw(st.booleans()):
        around.reverse()
    return [(x + east, y) for x, y in (*around, around[0])]


def winding(line, x, y):
    """Return how often the line goes round the position, None when it goes through it."""
    turns = 0
    for (ax, ay), (bx, by) in pairwise(line):
        left = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
        if left == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return None
        turns += (ay <= y < by and left > 0) - (by <= y < ay and left < 0)
    return turns


def holds(polygons, x, y):
    """Tell whether some polygon holds the position: in or on its outside, and not within one of its holes."""
    turns = [[winding(line, x, y) for line in polygon] for polygon in polygons]
    return any(outer != 0 and all(not hole for hole in holes) for outer, *holes in turns)


def outline(*polygons):
    return Outline(tuple(tuple(ring(line) for line in polygon) for polygon in polygons))


def whole_points(west, east):
    return st.tuples(st.integers(west, east), st.integers(-25, 25))


@given(stars(), stars(reach=7), st.lists(whole_points(-25, 25), min_size=1, max_size=50))
def test_an_outline_with_a_hole_holds_what_the_winding_number_says(outside, hole, positions):
    for lines in ([outside], [outside, hole]):
        for x, y in positions:
            assert outline(lines).contains(Point(y, x)) == holds([lines], x, y)


@given(stars(), stars(east=30), st.lists(whole_points(-25, 55), min_size=1, max_size=50))
def test_an_outline_of_two_polygons_holds_what_either_holds(one, other, positions):
    for x, y in positions:
        assert outline([one], [other]).contains(Point(y, x)) == holds([[one], [other]], x, y)


@given(stars(), st.data())
def test_a_point_of_an_edge_is_inside_whatever_the_rounding(line, data):
    shrunk = [(2.3 + x / 700, 48.8 + y / 1100) for x, y in line]
    (ax, ay), (bx, by) = data.draw(st.sampled_from(list(pairwise(shrunk))))
    part = data.draw(st.floats(0, 0.999))
    assert outline([shrunk]).contains(Point(ay + part * (by - ay), ax + part * (bx - ax)))


def test_the_edge_of_a_hole_is_inside_and_what_it_surrounds_is_not():
    city = outline([SQUARE, HOLE])
    assert city.contains(Point(4, 5))
    assert city.contains(Point(6, 6))
    assert not city.contains(Point(5, 5))


def test_the_bounds_are_those_of_all_polygons():
    assert outline([SQUARE, HOLE], [[(x + 30, y - 3) for x, y in SQUARE]]).bounds == (0, -3, 40, 10)


def test_forty_corners_are_checked_in_microseconds():
    corners = [(x, x * x % 7 + 1) for x in range(20)] + [(19 - x, -(x * x % 5) - 1) for x in range(20)]
    city, point = outline([[*corners, corners[0]]]), Point(0.5, 3.3)
    assert city.contains(point)
    assert min(repeat(lambda: city.contains(point), number=200, repeat=20)) / 200 < 20e-6
