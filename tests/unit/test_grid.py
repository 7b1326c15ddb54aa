"""The grid of cells: every point is in one, and one point stands for all of a cell."""

from math import cos, pi, radians

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chalicelib.places.model import (
    EARTH_RADIUS_M,
    METRES_PER_DEGREE,
    Cell,
    Point,
    cell_at,
    col_width,
    cols_in,
    distance_m,
    read_cell,
    row_height,
)

points = st.builds(
    Point,
    st.floats(-90, 90, allow_nan=False) | st.sampled_from([-90.0, 90.0, 0.0, 89.9999999]),
    st.floats(-180, 180, allow_nan=False) | st.sampled_from([-180.0, 180.0, 0.0, 179.9999999]),
)
inhabited = st.builds(Point, st.floats(-60, 71), st.floats(-179, 179))
sizes = st.sampled_from([100, 250, 333, 1_000, 10_000])
radii = st.integers(1, 5_000)


@given(points, sizes)
@example(Point(90, 180), 250)
@example(Point(-90, -180), 250)
def test_every_point_of_the_earth_is_within_its_cell(point, size):
    cell = cell_at(point, size)
    west, south, east, north = cell.bounds
    assert south - 1e-9 <= point.lat <= north + 1e-9
    assert west - 1e-9 <= point.lon <= east + 1e-9
    assert -90 - 1e-9 <= south < north <= 90 + 1e-9
    assert -180 - 1e-9 <= west < east <= 180 + 1e-9


@given(points, sizes)
def test_the_middle_of_a_cell_is_in_that_cell_and_its_id_names_it(point, size):
    cell = cell_at(point, size)
    assert cell_at(cell.centre, size) == cell
    assert read_cell(cell.id) == cell


@given(inhabited, sizes)
def test_a_cell_is_about_as_large_as_it_says(point, size):
    cell = cell_at(point, size)
    high = row_height(size) * METRES_PER_DEGREE
    wide = col_width(size, cell.row) * METRES_PER_DEGREE * cos(radians(cell.centre.lat))
    assert high == pytest.approx(size, rel=0.01)
    assert wide == pytest.approx(size, rel=0.01)
    assert distance_m(point, cell.centre) <= size * 0.72 + 1


@given(inhabited, inhabited, sizes)
def test_all_points_of_a_cell_are_one_to_whoever_measures(point, other, size):
    west, south, east, north = cell_at(point, size).bounds
    elsewhere = Point(south + (north - south) * 0.37, west + (east - west) * 0.81)
    assert cell_at(elsewhere, size).centre == cell_at(point, size).centre
    told = {distance_m(other, cell_at(each, size).centre) for each in (point, elsewhere)}
    assert len(told) == 1


@given(inhabited, radii)
def test_the_cells_of_a_disc_are_one_run_of_columns_a_row(middle, radius):
    size = 1_000
    home = cell_at(middle, size)
    rows = radius // size + 2
    for row in range(home.row - rows, home.row + rows + 1):
        cols = cols_in(size, row)
        wide = col_width(size, row) * METRES_PER_DEGREE * cos(radians(row_height(size) * row - 90))
        around = min(cols // 2, int(radius / max(wide, 1)) + 3)
        nearest = int((middle.lon + 180) / col_width(size, row))
        inside = [
            distance_m(middle, Cell(size, row, col % cols).centre) <= radius
            for col in range(nearest - around, nearest + around + 1)
        ]
        runs = sum(now and not before for before, now in zip([False, *inside], inside, strict=False))
        assert runs <= 1
        assert not any((inside[0], inside[-1]))


@pytest.mark.parametrize("lat", [-90, -89.9999, 89.9999, 90])
def test_a_pole_has_cells_like_any_other_place(lat):
    cells = {cell_at(Point(lat, lon), 250) for lon in (-180, -90, 0, 90, 180)}
    assert all(read_cell(cell.id) == cell for cell in cells)
    assert cols_in(250, next(iter(cells)).row) <= 4


def test_both_sides_of_the_antimeridian_are_near_and_apart_in_the_grid():
    east, west = (cell_at(Point(-16.8, lon), 250) for lon in (179.9999, -179.9999))
    assert east.row == west.row
    assert (east.col, west.col) == (cols_in(250, east.row) - 1, 0)
    assert distance_m(east.centre, west.centre) <= 300


NOWHERE = """
    250 250.1 250.1.2.3 250.-1.2 250.1.x 0.0.0 250.080062.1 250.٣.1 250.80063.0 250.40000.999999 250..1 ..
    +250.1.1 1e3.1.1 9999999999.0.0
"""


@pytest.mark.parametrize("text", ["", "250.1.1\n", " 250.1.1", *NOWHERE.split()])
def test_what_no_grid_has_is_no_cell(text):
    assert read_cell(text) is None


def test_the_poles_own_row_is_the_last():
    last = cell_at(Point(90, 0), 250).row
    assert read_cell(f"250.{last}.0") is not None
    assert read_cell(f"250.{last + 1}.0") is None
    assert read_cell(f"250.{last}.{cols_in(250, last)}") is None


@given(points, points)
def test_a_distance_is_the_same_both_ways_and_never_longer_than_half_the_earth(a, b):
    assert 0 <= distance_m(a, b) == distance_m(b, a) <= round(pi * EARTH_RADIUS_M)
    assert distance_m(a, a) == 0


@given(points, points, points)
def test_a_detour_is_never_shorter(a, b, c):
    assert distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 2


@given(inhabited, st.floats(0.001, 10))
def test_a_way_north_is_as_long_as_its_degrees(point, degrees):
    assume(point.lat + degrees <= 90)
    north = Point(point.lat + degrees, point.lon)
    assert distance_m(point, north) == pytest.approx(degrees * METRES_PER_DEGREE, abs=1)


def test_antipodes_are_half_the_earth_apart():
    assert distance_m(Point(0, 0), Point(0, 180)) == round(pi * EARTH_RADIUS_M)
    assert distance_m(Point(90, 0), Point(-90, 120)) == round(pi * EARTH_RADIUS_M)
