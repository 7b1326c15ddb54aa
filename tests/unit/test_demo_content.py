"""The content a local city is seeded with is valid, varied, nobody's, and lies in its city."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from chalicelib.cities.model import CATEGORIES, City, load_city
from chalicelib.listings.card import URGENCIES
from chalicelib.places.model import Point, distance_m
from chalicelib.words.model import fold

INFRA = Path(__file__).resolve().parents[2] / "infra"
SLUGS = sorted(path.stem for path in (INFRA / "cities").glob("*.json"))
STORIES = ("open", "proposed", "matched", "fulfilled", "withdrawn", "expired")
RELATIONS = ("mother", "father", "neighbour", "client", "other")
CONSENTS = ("in person", "by phone", "in writing")

FINDS_A_PERSON = re.compile(
    r"(?:[0-9٠-٩][ .\-/()]*){7,}"  # a telephone number, in either digits
    r"|\S+\s*@\s*\S+|\bhttps?:|\bwww\."
    r"|\b[0-9]+\s*(?:bis|ter)?,?\s*(?:rue|avenue|boulevard|chauss[ée]e|place|quai)\b"
    r"|\b[0-9]{5}\b",
    re.IGNORECASE,
)


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (INFRA / "demo" / name).read_text("utf-8").splitlines()]


LISTINGS = _lines("listings.jsonl")
RESIDENTS = _lines("residents.jsonl")
STREETS = json.loads((INFRA / "demo/streets.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def cities() -> Mapping[str, City]:
    return {slug: load_city(INFRA / "cities" / f"{slug}.json") for slug in SLUGS}


def _said(listing: Mapping[str, Any]) -> str:
    return f"{listing['title']}\n{listing['text']}"


def _is_clock(text: str) -> bool:
    return re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", text) is not None


def _are_languages(codes: list[str]) -> bool:
    return bool(codes) and all(re.fullmatch("[a-z]{2}", code) for code in codes)


def _near_duplicates(texts: list[str]) -> Iterator[tuple[str, str]]:
    words = [(text, set(re.findall(r"\w+", fold(text)))) for text in texts]
    for (text, these), (other, those) in combinations(words, 2):
        if len(these & those) >= 0.5 * len(these | those):
            yield text, other


def test_every_listing_has_every_field_in_its_bounds() -> None:
    fields = {
        *(
            "kind",
            "category",
            "title",
            "text",
            "text_language",
            "languages",
            "urgency",
            "reach_m",
            "capacity",
        ),
        *("windows", "needed_in_days", "on_behalf_of", "age_days", "story"),
    }
    for listing in LISTINGS:
        title = listing["title"]
        assert set(listing) == fields, title
        assert listing["kind"] in {"need", "offer"}, title
        assert listing["category"] in CATEGORIES, title
        assert 15 <= len(title) <= 80, title
        assert 40 <= len(listing["text"]) <= 600, title
        assert listing["urgency"] in URGENCIES, title
        assert 300 <= listing["reach_m"] <= 15_000, title
        assert 1 <= listing["capacity"] <= 6, title
        assert 0 <= listing["age_days"] <= (25 if listing["kind"] == "need" else 105), title
        assert listing["story"] in STORIES, title
        assert listing["text_language"] in listing["languages"], title
        assert _are_languages(listing["languages"]), title


def test_every_window_of_a_listing_can_be() -> None:
    for listing in LISTINGS:
        weekly, dated = listing["windows"]["weekly"], listing["windows"]["dated"]
        assert set(listing["windows"]) == {"weekly", "dated"}, listing["title"]
        assert all(set(window) == {"weekday", "start", "until"} for window in weekly), listing["title"]
        assert all(set(window) == {"in_days", "start", "until"} for window in dated), listing["title"]
        assert all(0 <= window["weekday"] <= 6 for window in weekly), listing["title"]
        assert all(1 <= window["in_days"] <= 20 for window in dated), listing["title"]
        assert all(_is_clock(window[at]) for window in weekly + dated for at in ("start", "until"))


def test_what_only_some_listings_say_can_be() -> None:
    for listing in LISTINGS:
        for_whom, needed_in = listing["on_behalf_of"], listing["needed_in_days"]
        assert for_whom is None or for_whom.keys() == {"relation", "consent"}, listing["title"]
        assert for_whom is None or for_whom["relation"] in RELATIONS, listing["title"]
        assert for_whom is None or for_whom["consent"] in CONSENTS, listing["title"]
        assert needed_in is None or (listing["kind"] == "need" and 0 < needed_in <= 30), listing["title"]


def test_a_listing_has_expired_exactly_when_its_lifetime_is_over(cities: Mapping[str, City]) -> None:
    city = cities["mulhouse"]
    needs = {category.slug: category.lifetime_days for category in city.categories}
    offers = {slug: max(days, city.limits.offer_days) for slug, days in needs.items()}
    days = {"need": needs, "offer": offers}
    wrong = [
        listing["title"]
        for listing in LISTINGS
        if (listing["age_days"] >= days[listing["kind"]][listing["category"]])
        != (listing["story"] == "expired")
    ]
    assert not wrong


def test_there_is_enough_of_everything() -> None:
    both = Counter((listing["kind"], listing["category"]) for listing in LISTINGS)
    on_board = Counter(
        (listing["kind"], listing["category"]) for listing in LISTINGS if listing["story"] == "open"
    )
    assert len(LISTINGS) >= 340
    assert all(both[kind, category] >= 7 for kind in ("need", "offer") for category in CATEGORIES)
    assert all(on_board[kind, category] >= 4 for kind in ("need", "offer") for category in CATEGORIES)
    assert 0.45 < sum(listing["kind"] == "need" for listing in LISTINGS) / len(LISTINGS) < 0.55
    assert all(count >= 20 for count in Counter(listing["urgency"] for listing in LISTINGS).values())


def test_every_state_language_and_kind_of_window_is_shown() -> None:
    stories = Counter(listing["story"] for listing in LISTINGS)
    written = Counter(listing["text_language"] for listing in LISTINGS)
    windows = [listing["windows"] for listing in LISTINGS]
    assert set(stories) == set(STORIES)
    assert min(stories.values()) >= 10
    assert 0.7 < stories["open"] / len(LISTINGS) < 0.8
    assert set(written) == {"fr", "nl", "de", "en", "ar"}
    assert min(written.values()) >= 8
    assert 0.08 < 1 - written["fr"] / len(LISTINGS) < 0.16
    assert sum(bool(window["weekly"]) for window in windows) >= 100
    assert sum(bool(window["dated"]) for window in windows) >= 20
    assert sum(not window["weekly"] and not window["dated"] for window in windows) >= 100
    assert any(at["until"] <= at["start"] for window in windows for at in window["weekly"])
    assert sum(listing["on_behalf_of"] is not None for listing in LISTINGS) >= 20


def test_no_two_listings_of_a_category_say_the_same() -> None:
    assert len({fold(listing["title"]) for listing in LISTINGS}) == len(LISTINGS)
    for category in CATEGORIES:
        said = [_said(listing) for listing in LISTINGS if listing["category"] == category]
        assert not list(_near_duplicates(said))


def test_a_listing_with_a_few_words_changed_would_be_seen() -> None:
    said = _said(LISTINGS[0])
    assert list(_near_duplicates([said, said.replace(" et ", " puis ") + " Merci d'avance."]))


def test_no_listing_finds_a_person() -> None:
    assert not [found[0] for listing in LISTINGS if (found := FINDS_A_PERSON.search(_said(listing)))]


@pytest.mark.parametrize(
    "text", ["au 06 12 34 56 78", "ecrivez a jean@example.org", "12 bis rue du Moulin", "٠٦١٢٣٤٥٦٧٨"]
)
def test_a_listing_that_finds_a_person_would_be_seen(text: str) -> None:
    assert FINDS_A_PERSON.search(text)


def test_no_listing_names_a_place_of_one_city() -> None:
    towns = {street["town"] for streets in STREETS.values() for street in streets}
    names = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(towns)))})\b")
    assert not [found[0] for listing in LISTINGS if (found := names.search(_said(listing)))]


def test_the_residents_are_many_and_mostly_unverified() -> None:
    assert len(RESIDENTS) == len({resident["name"] for resident in RESIDENTS}) == 120
    assert sum(resident["trust"] == 0 for resident in RESIDENTS) > 80
    assert {resident["trust"] for resident in RESIDENTS} == {0, 1, 2, 3}
    asked = Counter(category for resident in RESIDENTS for category in resident["willing"])
    assert all(asked[category] >= 4 for category in CATEGORIES)


def test_every_resident_has_every_field_in_its_bounds() -> None:
    for resident in RESIDENTS:
        name, quiet = resident["name"], resident["quiet"]
        assert set(resident) == {"name", "languages", "willing", "asks_per_week", "quiet", "trust"}, name
        assert re.fullmatch(r"[\w' -]+ \w\.", name), name
        assert _are_languages(resident["languages"]), name
        assert set(resident["willing"]) <= set(CATEGORIES), name
        assert 0 <= resident["asks_per_week"] <= 7, name
        assert bool(resident["willing"]) == bool(resident["asks_per_week"]), name
        assert quiet is None or (_is_clock(quiet["start"]) and _is_clock(quiet["until"])), name


def test_every_city_has_streets() -> None:
    assert sorted(STREETS) == SLUGS
    least = {"mulhouse": 70, "paris": 60}
    assert not [slug for slug, streets in STREETS.items() if len(streets) < least.get(slug, 14)]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_street_lies_in_its_city(slug: str, cities: Mapping[str, City]) -> None:
    for street in STREETS[slug]:
        assert set(street) == {"name", "postcode", "town", "lat", "lon"}
        assert re.fullmatch("[0-9]{4}" if slug == "namur" else "[0-9]{5}", street["postcode"])
        assert cities[slug].contains(Point(street["lat"], street["lon"])), street["name"]
    named = [(street["name"], street["postcode"], street["town"]) for street in STREETS[slug]]
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("slug", SLUGS)
def test_no_two_streets_are_at_one_place(slug: str) -> None:
    points = [Point(street["lat"], street["lon"]) for street in STREETS[slug]]
    assert min(distance_m(a, b) for a, b in combinations(points, 2)) >= 25


def test_paris_has_streets_in_each_of_its_arrondissements() -> None:
    assert {street["postcode"] for street in STREETS["paris"]} == {f"750{n:02d}" for n in range(1, 21)}
