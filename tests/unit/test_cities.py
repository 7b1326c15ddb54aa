"""The sixteen territories: what their files say, and that their outlines hold the official ones."""

import csv
import gzip
import json
from dataclasses import FrozenInstanceError
from itertools import pairwise
from math import cos, hypot, radians
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chalicelib.cities.model import CATEGORIES, load_city, read_city
from chalicelib.places.model import METRES_PER_DEGREE, Point

ROOT = Path(__file__).resolve().parents[2]
CITIES = ROOT / "infra" / "cities"
OFFICIAL = ROOT / "../shared/data/territories"
TERRITORIES = {
    "paris": ("commune", "INSEE", "75056"),
    "rennes": ("commune", "INSEE", "35238"),
    "lille": ("commune", "INSEE", "59350"),
    "orleans": ("commune", "INSEE", "45234"),
    "mulhouse": ("commune", "INSEE", "68224"),
    "le-havre": ("commune", "INSEE", "76351"),
    "poitiers": ("commune", "INSEE", "86194"),
    "courbevoie": ("commune", "INSEE", "92026"),
    "bourg-la-reine": ("commune", "INSEE", "92014"),
    "villecresnes": ("commune", "INSEE", "94075"),
    "meudon": ("commune", "INSEE", "92048"),
    "grand-est": ("region", "INSEE", "44"),
    "deux-sevres": ("departement", "INSEE", "79"),
    "calvados": ("departement", "INSEE", "14"),
    "correze": ("departement", "INSEE", "19"),
    "namur": ("province", "NIS", "90000"),
}


def test_the_network_has_a_file_for_each_of_its_territories():
    assert {path.stem for path in CITIES.glob("*.json")} >= TERRITORIES.keys()


@pytest.mark.parametrize("slug", TERRITORIES)
def test_a_territory_is_what_its_file_says(slug):
    city = load_city(CITIES / f"{slug}.json")
    assert (city.level, city.code.scheme, city.code.value) == TERRITORIES[slug]
    assert tuple(category.slug for category in city.categories) == CATEGORIES
    assert city.sender.address == f"entraide@{slug}.example"
    assert city.cell_m == (250 if city.level == "commune" else 1000)
    assert city.languages[0] == "fr"
    assert city.zone == ZoneInfo("Europe/Brussels" if slug == "namur" else "Europe/Paris")
    assert (city.limits.proposal_hours, city.limits.offer_days, city.limits.remind_days) == (48, 90, 3)


def test_some_cities_read_childcare_before_it_is_shown_and_mulhouse_reads_nothing_before():
    cities = {slug: load_city(CITIES / f"{slug}.json") for slug in TERRITORIES}
    before = {slug for slug, city in cities.items() if city.category("childcare").moderation == "before"}
    assert before == {"paris", "lille", "namur"}
    assert {category.moderation for category in cities["mulhouse"].categories} == {"after"}


def test_a_city_cannot_be_changed_and_knows_only_its_own_categories():
    city = load_city(CITIES / "mulhouse.json")
    assert city.category("groceries").lifetime_days == 14
    assert city.category("lottery") is None
    with pytest.raises(FrozenInstanceError):
        city.name = "Basel"


def official(slug):
    """Return the official boundary of the territory, as a GeoJSON Feature."""
    name = "namur_municipalities.geojson" if slug == "namur" else "focus_boundaries.geojson"
    if not (OFFICIAL / name).exists():
        pytest.skip(f"no official boundaries here: {OFFICIAL / name}")
    features = json.loads((OFFICIAL / name).read_text())["features"]
    code = TERRITORIES[slug][2]
    return next(
        one for one in features if code in {one["properties"].get("code"), one["properties"].get("nis")}
    )


def communes(slug):
    """Return a point in each commune of the territory, by the commune's name."""
    name = "belgium_municipalities.csv" if slug == "namur" else "communes.csv.gz"
    packed = (OFFICIAL / name).read_bytes()
    text = gzip.decompress(packed) if name.endswith(".gz") else packed
    rows = csv.DictReader(text.decode().splitlines())
    level, _, code = TERRITORIES[slug]
    column = {"commune": "code", "province": "prov_nis"}.get(level, level)
    mine = [row for row in rows if row[column] == code and row["lon"]]
    return {row.get("nom") or row["nom_fr"]: Point(float(row["lat"]), float(row["lon"])) for row in mine}


def outer_rings(geometry):
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [polygon[0] for polygon in polygons]


def metres_from(line, lon, lat):
    """Return how far the position is from the line, on a plane that is true around it."""
    wide, high = METRES_PER_DEGREE * cos(radians(lat)), METRES_PER_DEGREE
    near = []
    for (x, y), (to_x, to_y) in pairwise(line):
        dx, dy, px, py = (to_x - x) * wide, (to_y - y) * high, (lon - x) * wide, (lat - y) * high
        along = max(0, min(1, (px * dx + py * dy) / (dx * dx + dy * dy)))
        near.append(hypot(px - along * dx, py - along * dy))
    return min(near)


def area(line):
    return abs(sum(x * to_y - to_x * y for (x, y), (to_x, to_y) in pairwise(line))) / 2


@pytest.mark.parametrize("slug", TERRITORIES)
def test_the_coarse_outline_holds_the_official_territory_and_not_much_more(slug):
    city, rings = load_city(CITIES / f"{slug}.json"), outer_rings(official(slug)["geometry"])
    line = city.outline.polygons[0][0].positions
    outside = [(lon, lat) for ring in rings for lon, lat in ring if not city.contains(Point(lat, lon))]
    allowed = 500 if city.level == "commune" else 3000
    assert all(metres_from(line, lon, lat) <= allowed for lon, lat in outside)
    assert area(line) <= 2 * sum(area(ring) for ring in rings)
    assert 8 <= len(line) - 1 <= 40


@pytest.mark.parametrize("slug", TERRITORIES)
def test_an_official_boundary_can_replace_the_coarse_outline(slug):
    data = json.loads((CITIES / f"{slug}.json").read_text())
    feature = official(slug)
    cities = [
        read_city(data | {"outline": outline})
        for outline in (feature, feature["geometry"], {"type": "FeatureCollection", "features": [feature]})
    ]
    assert cities[0] == cities[1] == cities[2]
    points = communes(slug)
    assert len(points) >= 1
    assert [name for name, point in points.items() if not cities[0].contains(point)] == []


def test_a_city_does_not_hold_its_neighbours():
    paris = load_city(CITIES / "paris.json")
    elsewhere = [slug for slug in TERRITORIES if paris.contains(load_city(CITIES / f"{slug}.json").centre)]
    assert elsewhere == ["paris"]
