"""City files: every fault of a wrong one is named, once, where it is."""

import json
import re
from copy import deepcopy
from pathlib import Path

import pytest

from chalicelib.cities.model import load_city, read_city
from chalicelib.errors import Invalid

CITIES = Path(__file__).resolve().parents[2] / "infra" / "cities"
MULHOUSE = json.loads((CITIES / "mulhouse.json").read_text())
SQUARE = [[7.0, 47.0], [8.0, 47.0], [8.0, 48.0], [7.0, 48.0], [7.0, 47.0]]
GONE = object()
OPTIONAL = re.compile("/categories/[0-9]+/(moderation|urgency)$").search


def changed(*changes):
    """Return a city's members with values put, or taken out, at JSON pointers."""
    data = deepcopy(MULHOUSE)
    for pointer, value in changes:
        *way, last = pointer.split("/")[1:]
        place = data
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        last = int(last) if isinstance(place, list) else last
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return data


def faults_of(data):
    with pytest.raises(Invalid) as refusal:
        read_city(data)
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def pointers(value, at=""):
    """Yield the pointer of every value in the document, the whole aside."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield f"{at}/{name}"
        yield from pointers(member, f"{at}/{name}")


def test_a_category_that_says_nothing_of_moderation_follows_the_city():
    city = read_city(changed(("/moderation", "before"), ("/categories/0/moderation", "after")))
    assert [category.moderation for category in city.categories[:2]] == ["after", "before"]


@pytest.mark.parametrize("pointer", list(pointers(MULHOUSE)))
def test_a_value_of_the_wrong_type_is_one_fault_at_its_place(pointer):
    assert faults_of(changed((pointer, True))) == [(pointer, "wrong_type")]


@pytest.mark.parametrize(
    "pointer", [p for p in pointers(MULHOUSE) if not p.rpartition("/")[2].isdigit() and not OPTIONAL(p)]
)
def test_a_member_that_is_absent_is_one_fault_at_its_place(pointer):
    assert faults_of(changed((pointer, GONE))) == [(pointer, "required")]


@pytest.mark.parametrize(
    "at", ["", "/code", "/centre", "/sender", "/categories/3", "/limits", "/asking", "/asking/waves/1"]
)
def test_a_member_nobody_knows_is_refused(at):
    assert faults_of(changed((f"{at}/colour", "red"))) == [(f"{at}/colour", "unknown")]


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        ("/slug", "Mulhouse", "wrong_form"),
        ("/slug", "mulhouse\n", "not_plain_text"),
        ("/slug", "m" * 33, "too_long"),
        ("/name", "", "empty"),
        ("/name", " \t", "empty"),
        ("/name", "Mul\r\nBcc: x", "not_plain_text"),
        ("/name", "\ud800", "not_plain_text"),
        ("/level", "canton", "not_allowed"),
        ("/code/scheme", "ZIP", "not_allowed"),
        ("/code/value", "6822", "wrong_form"),
        ("/code/value", "2C004", "wrong_form"),
        ("/code/value", "٦٨٢٢٤", "wrong_form"),
        ("/languages", [], "empty"),
        ("/time_zone", "Europe/Atlantis", "unknown_time_zone"),
        ("/time_zone", "Europe", "unknown_time_zone"),
        ("/time_zone", "../../etc/passwd", "unknown_time_zone"),
        ("/centre", {"lat": 7.3396, "lon": 47.7494}, "outside_the_outline"),
        ("/centre/lat", float("nan"), "out_of_range"),
        ("/centre/lat", 90.5, "out_of_range"),
        ("/centre/lon", float("inf"), "out_of_range"),
        ("/centre/lon", 10**400, "out_of_range"),
        ("/cell_m", 99, "out_of_range"),
        ("/cell_m", 250.0, "wrong_type"),
        ("/digest_at", "18h", "wrong_form"),
        ("/digest_at", "24:00", "wrong_form"),
        ("/digest_at", "18:60", "wrong_form"),
        ("/digest_at", 1080, "wrong_type"),
        ("/digest_at", "", "empty"),
        ("/limits/mails_per_day", 1, "out_of_range"),
        ("/sender/address", "entraide", "wrong_form"),
        ("/sender/address", "entraide@mulhouse", "wrong_form"),
        ("/sender/address", "a..b@mulhouse.example", "wrong_form"),
        ("/sender/address", "Entraide <a@mulhouse.example>", "wrong_form"),
        ("/sender/address", "a@mulhouse.example\r\nBcc: b@c.example", "not_plain_text"),
        ("/moderation", "never", "not_allowed"),
        ("/categories", [], "empty"),
        ("/categories/2/slug", "lottery", "not_allowed"),
        ("/categories/2/moderation", "never", "not_allowed"),
        ("/categories/2/lifetime_days", 0, "out_of_range"),
        ("/limits/proposal_hours", -48, "out_of_range"),
        ("/limits/remind_days", 7, "not_before_the_end"),
        ("/limits/offer_days", 0, "out_of_range"),
        ("/categories/2/urgency", "extreme", "not_allowed"),
        ("/asking/waves", [], "empty"),
        ("/asking/waves", [MULHOUSE["asking"]["waves"][0]] * 7, "too_many"),
        ("/asking/waves/0/helpers", 0, "out_of_range"),
        ("/asking/waves/0/wait_minutes", -1, "out_of_range"),
        ("/asking/waves/0/urgent_wait_minutes", 1_000, "longer_than_the_wait"),
        ("/asking/waves/1/radius_m", 2_000, "not_growing"),
        ("/asking/waves/5/radius_m", 10_001, "beyond_the_limit"),
        ("/asking/waves/5/wait_minutes", 7 * 1_440, "not_before_the_end"),
        ("/asking/assign_hours", 0, "out_of_range"),
        ("/outline/type", "Point", "not_allowed"),
        ("/outline/coordinates", [], "empty"),
        ("/outline/coordinates/0", SQUARE[:-1], "ring_open"),
        ("/outline/coordinates/0", [SQUARE[0], SQUARE[1], SQUARE[0]], "ring_short"),
        ("/outline/coordinates/0/3", [7.3], "wrong_type"),
        ("/outline/coordinates/0/3", [7.3, 47.7, 240, 1], "wrong_type"),
        ("/outline/coordinates/0/3/1", 91, "out_of_range"),
        ("/outline/coordinates/0/3/0", float("nan"), "out_of_range"),
    ],
)
def test_a_wrong_value_is_one_fault_at_its_place(pointer, value, code):
    assert faults_of(changed((pointer, value))) == [(pointer, code)]


@pytest.mark.parametrize(
    ("level", "value"),
    [("commune", "2A004"), ("departement", "2B"), ("departement", "974"), ("region", "94")],
)
def test_a_code_has_the_form_of_its_level(level, value):
    assert read_city(changed(("/level", level), ("/code/value", value))).code.value == value
    assert faults_of(changed(("/level", "province"), ("/code/value", value))) == [
        ("/code/scheme", "wrong_for_the_level")
    ]


def test_what_a_list_says_twice_is_refused():
    data = changed(("/languages", ["fr", "de", "fr"]), ("/categories/4", MULHOUSE["categories"][0]))
    assert faults_of(data) == [("/languages/2", "repeated"), ("/categories/4/slug", "repeated")]


def test_a_need_is_as_urgent_as_its_author_or_its_category_says():
    city = read_city(MULHOUSE)
    assert city.urgency_of("pharmacy", "low") == "high"
    assert [city.urgency_of("groceries", said) for said in ("low", "normal", "high")] == [
        "low", "normal", "high"
    ]  # fmt: skip


def test_every_fault_is_told_at_once():
    data = changed(
        ("/name", 3), ("/centre/lat", 12), ("/limits/remind_days", 60), ("/sender/address", "x"), ("/a~b", 1)
    )
    expected = {"/name", "/centre", "/limits/remind_days", "/sender/address", "/a~0b"}
    assert {pointer for pointer, _ in faults_of(data)} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps(MULHOUSE), [("/slug", "not_the_file_name")]),
        (json.dumps(changed(("/slug", "colmar")))[:-1] + ', "name": "Colmar"}', [("", "key_repeated")]),
        (json.dumps(changed(("/slug", "colmar"), ("/cell_m", float("nan")))),
         [("", "not_a_json_number"), ("/cell_m", "wrong_type")]),
        ("[]", [("", "wrong_type")]),
        ("{", [("", "not_json")]),
        ("[" * 100_000, [("", "not_json")]),
        ("\xe9", [("", "not_json")]),
    ],
)  # fmt: skip
def test_a_file_is_strict_json_and_bears_the_name_of_its_city(tmp_path, text, expected):
    path = tmp_path / "colmar.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(Invalid) as refusal:
        load_city(path)
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == expected
