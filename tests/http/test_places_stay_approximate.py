"""A place is shown as its cell: however often and from wherever one asks, no answer says more."""

from dataclasses import replace
from random import Random

import pytest

from chalicelib.api.shown import show_cell
from chalicelib.listings import shown
from chalicelib.places.model import Point, cell_at, distance_m
from tests.city import open_city

AUTHORS = 3
CELL = cell_at(Point(47.7486, 7.3393), 250)
TARGETS = 25
"""Places in one cell; whoever could tell two of them apart would know more than the cell."""


def within(cell, chance):
    """Return a point of the cell, as exact as a telephone gives it."""
    west, south, east, north = cell.bounds
    return Point(chance.uniform(south, north), chance.uniform(west, east))


def around(chance, metres=2_000):
    degrees = metres / 111_000
    return Point(47.7486 + chance.uniform(-degrees, degrees), 7.3393 + chance.uniform(-degrees, degrees))


def place(point):
    return {"point": {"lat": point.lat, "lon": point.lon}}


def settled(cell_m=250):
    """Return a city with offers at many points of one cell, and the ids of the offers."""
    city, chance = open_city(), Random(8)
    city.house.city = replace(city.house.city, cell_m=cell_m)
    authors = [f"author-{number % AUTHORS}@example.org" for number in range(TARGETS)]
    points = [within(CELL, chance) for _ in authors]
    ids = [
        city.publish("offer", author, place=place(point), reach_m=1_500)["id"]
        for author, point in zip(authors, points, strict=True)
    ]
    return city, ids


def told_apart(city, ids, searches):
    """Return how many searches from all around tell the offers apart: by distance, by radius, by who fits."""
    chance, apart = Random(50), 0
    for number in range(searches):
        near = around(chance)
        to_edge = distance_m(near, within(CELL, chance))
        asked = city.get(f"/v1/listings?near={near.lat},{near.lon}&radius_m={max(1, to_edge)}&limit=100")
        found = {hit["id"]: (hit["distance_m"], hit["cell"]["id"]) for hit in asked.json["listings"]}
        if number % 5 == 0:
            asker = f"asker-{number % 50}@example.org"
            mine = city.publish("need", asker, place=place(near), reach_m=max(100, min(10_000, to_edge)))[
                "id"
            ]
            fitting = city.get(f"/v1/me/listings/{mine}/candidates?limit=50", token=city.sign_in(asker))
            found |= {("fits", each["id"]): each["distance_m"] for each in fitting.json["candidates"]}
            apart += len({found.get(("fits", each)) for each in ids}) > 1
        apart += len({found.get(each) for each in ids}) > 1
    return apart


def test_fifty_crossed_searches_say_no_more_than_the_cell():
    city, ids = settled()
    assert told_apart(city, ids, searches=50) == 0


def test_places_shown_more_exactly_than_their_cell_would_be_found():
    city, ids = settled(cell_m=5)
    assert told_apart(city, ids, searches=50) > 40


def places_read(reads):
    """Return every place that so many readings of one listing show, in every way there is to read it."""
    city, chance = open_city(), Random(10)
    point = within(CELL, chance)
    need = city.publish("need", "monique@example.org", place=place(point))["id"]
    places = set()
    for number in range(reads):
        near = around(chance)
        way = number % 4
        if way == 0:
            cell = city.get(f"/v1/listings/{need}").json["cell"]
        elif way == 1:
            (hit,) = city.get(f"/v1/listings?near={near.lat},{near.lon}").json["listings"]
            cell = hit["cell"]
            assert hit["distance_m"] == distance_m(near, Point(cell["lat"], cell["lon"]))
        elif way == 2:
            (feature,) = city.get("/v1/listings?format=geojson").json["features"]
            cell = feature["properties"]["cell"]
            west, south, east, north = cell["bounds"]
            ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
            assert feature["geometry"]["coordinates"] == [ring]
        else:
            cell = city.get("/v1/listings?text=courses").json["listings"][0]["cell"]
        places.add((cell["id"], cell["lat"], cell["lon"], *cell["bounds"]))
    return places


def test_a_listing_that_is_read_often_is_always_in_one_place():
    assert len(places_read(200)) == 1


@pytest.mark.soak
def test_a_listing_that_is_read_ten_thousand_times_is_always_in_one_place():
    assert len(places_read(10_000)) == 1


def test_a_place_with_noise_would_be_found(monkeypatch):
    """The naive way: a little noise each time, which a thousand readings average away."""
    chance = Random(1)

    def noisy(cell):
        moved = Point(cell.centre.lat + chance.gauss(0, 0.002), cell.centre.lon)
        return show_cell(cell_at(moved, cell.size_m))

    monkeypatch.setattr(shown, "show_cell", noisy)
    assert len(places_read(200)) > 1


def test_editing_a_listing_within_its_cell_shows_nothing_new(city):
    chance = Random(3)
    need = city.publish("need", "monique@example.org", place=place(within(CELL, chance)))
    token, before = city.sign_in("monique@example.org"), city.get(f"/v1/listings/{need['id']}").json
    change = {"place": place(within(CELL, chance))}
    edited = city.call(
        "PATCH", f"/v1/listings/{need['id']}", change, token=token, headers={"If-Match": '"1"'}
    )
    assert edited.json["place"]["lat"] != need["place"]["lat"]
    after = city.get(f"/v1/listings/{need['id']}").json
    assert {**after, "version": 1} == before
