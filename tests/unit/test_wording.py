"""What the network says: every message in every language, and values said as a person would."""

import subprocess
import sys
from datetime import date
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Message
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.cities.model import LANGUAGES
from chalicelib.wording.catalogue import LOCALE, find
from chalicelib.wording.figures import (
    show_dated,
    show_day,
    show_distance,
    show_duration_hours,
    show_languages,
    show_list,
    show_moment,
    show_number,
    show_time,
    show_wait,
    show_weekly,
)
from chalicelib.wording.model import choose, say, say_fault, say_n, say_problem
from infra import messages

ROOT = Path(__file__).resolve().parents[2]
PARIS = ZoneInfo("Europe/Paris")
FIRST_OF_MARCH = 1772355600
"""2026-03-01T10:00:00+01:00"""


def forms(message):
    return [message.string] if isinstance(message.string, str) else message.string


@pytest.fixture(scope="module", params=["entraide", messages.CLIENT])
def domain(request):
    return request.param


@pytest.fixture(scope="module")
def catalogues(domain):
    return {language: messages.read(language, domain) for language in LANGUAGES}


def test_every_language_has_every_message_with_the_same_values(catalogues):
    assert list(messages.faults({name: messages.by_code(each) for name, each in catalogues.items()})) == []


def test_a_message_or_a_value_that_a_language_lacks_is_named():
    french = {"a": Message("a", "{who} dit"), "b": Message("b", "oui"), "c": Message("c", "non")}
    english = {"a": Message("a", "says"), "b": Message("b", "")}
    assert list(messages.faults({"fr": french, "en": english})) == [
        "en: a does not say {who}",
        "en: b is missing",
        "en: c is missing",
    ]


def test_the_compiled_catalogues_are_in_step_with_their_sources():
    for language in LANGUAGES:
        catalogue = messages.read(language)
        said = messages.words(catalogue, messages.read(language, messages.CLIENT))
        assert messages.words_path(language).read_bytes() == said, (
            f"{language}: run `python -m infra.messages`"
        )
        with (LOCALE / language / "LC_MESSAGES" / "entraide.mo").open("rb") as shipped:
            found = GNUTranslations(shipped)._catalog
        wanted = GNUTranslations(BytesIO(messages.compiled(catalogue)))._catalog
        assert {key: found[key] for key in found if key} == {key: wanted[key] for key in wanted if key}, (
            f"{language}: run `python -m infra.messages`"
        )


def test_french_holds_its_punctuation_to_the_word_before(catalogues):
    for code, message in messages.by_code(catalogues["fr"]).items():
        for form in forms(message):
            for mark in (" :", " ;", " ?", " !", " »", "« "):
                assert mark not in form, (code, form)


def test_no_language_writes_a_typewriter_apostrophe(catalogues):
    for catalogue in catalogues.values():
        known = messages.by_code(catalogue).items()
        assert [code for code, message in known if any("'" in form for form in forms(message))] == []


def test_what_cannot_be_said_falls_back_and_never_fails():
    assert say("fr", "no.such.message", anything=1) == "no.such.message"
    assert say("fr", "reason.distance") == "reason.distance"
    assert say("ar", "category.meals") == say("../fr", "category.meals") == "Repas"
    assert say_fault("en", "no_such_fault", {}) == say("en", "fault.value_error")
    assert say_fault("en", "string_too_long", {}) == say("en", "fault.value_error")
    assert say_problem("en", "no_such_problem", {}) == ("no_such_problem", None)


def test_a_value_is_not_read_as_a_message():
    assert say("en", "mail.network", city_name="{city_name} {0.__class__} %s") == (
        "Neighbours helping neighbours · {city_name} {0.__class__} %s"
    )


def test_values_are_said_by_what_they_are():
    assert say("fr", "reason.distance", distance=450) == "À 450\xa0m"
    assert say("de", "reason.language", languages=("fr", "ar")) == "Spricht Französisch und Arabisch"
    assert say("en", "reason.time_overlap", hours=2.5) == ("Free at the same times: 2\xa0hours 30\xa0minutes")
    assert say_n("fr", "duration.days", 1) == "1\xa0jour"
    assert say_n("nl", "duration.days", 3) == "3\xa0dagen"


def test_a_problem_has_a_title_that_never_changes_and_says_what_to_do():
    title, detail = say_problem("en", "rate_limited", {"retry_after": 90})
    assert title == say_problem("en", "rate_limited", {"retry_after": 5})[0]
    assert detail == "Please try again in 2\xa0minutes."
    assert "ab12" in str(say_problem("de", "internal", {"id": "ab12"})[1])


def test_a_choice_is_said_without_english_words():
    said = say_fault("fr", "literal_error", {"expected": "'need' or 'offer'"})
    assert said.endswith("need, offer.")


@pytest.mark.parametrize(
    ("metres", "french", "english"),
    [
        (0, "moins de 100 m", "less than 100 m"),
        (74, "moins de 100 m", "less than 100 m"),
        (80, "100 m", "100 m"),
        (449, "450 m", "450 m"),
        (974, "950 m", "950 m"),
        (980, "1 km", "1 km"),
        (1234, "1,2 km", "1.2 km"),
        (9960, "10 km", "10 km"),
        (12_499, "12 km", "12 km"),
        (1_234_000, "1\xa0234 km", "1,234 km"),
    ],
)
def test_distances_are_no_finer_than_cells(metres, french, english):
    said = {language: show_distance(language, metres) for language in ("fr", "en")}
    assert said["fr"].replace("\xa0", " ") == french.replace("\xa0", " ")
    assert said["en"].replace("\xa0", " ") == english


def test_days_and_hours_are_said_in_each_language():
    said = [show_moment(language, FIRST_OF_MARCH, PARIS).replace("\xa0", " ") for language in LANGUAGES]
    assert said == [
        "dimanche 1er mars à 10 h",
        "zondag 1 maart om 10 uur",
        "Sonntag, 1. März um 10 Uhr",
        "Sunday 1 March at 10:00",
    ]
    assert show_day("fr", FIRST_OF_MARCH + 2 * 86_400, PARIS) == "mardi 3 mars"
    assert show_weekly("fr", 1, 14 * 60, 16 * 60 + 30).replace("\xa0", " ") == "le mardi de 14 h à 16 h 30"
    assert show_dated("en", date(2026, 3, 3), 0, 24 * 60) == "Tuesday 3 March from 0:00 to 0:00"


def test_an_hour_is_the_one_on_the_clocks_of_the_city():
    spring = 1774746000  # 2026-03-29T01:00:00Z, when clocks jump from two to three
    assert [show_time("en", at, PARIS) for at in (spring - 60, spring)] == ["1:59", "3:00"]
    assert show_time("en", spring, ZoneInfo("America/Cayenne")) == "22:00"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 second"),
        (45, "45 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (3600, "1 hour"),
        (200_000, "3 days"),
    ],
)
def test_a_wait_is_said_in_one_unit_and_never_too_short(seconds, said):
    assert show_wait("en", seconds).replace("\xa0", " ") == said


def test_numbers_and_lists_read_well():
    assert [show_number(language, 1234.5) for language in LANGUAGES] == [
        "1\xa0234,5", "1.234,5", "1.234,5", "1,234.5",
    ]  # fmt: skip
    assert show_duration_hours("fr", 0.5) == "30\xa0minutes"
    assert show_list("en", []) == ""
    assert show_list("en", iter("abc")) == "a, b and c"
    assert show_languages("nl", ("fr", "ar", "zzz")) == "Frans, Arabisch en zzz"


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, "fr"), ("", "fr"), ("en", "en"), ("en-GB,fr;q=0.5", "en"), ("DE-ch", "de"),
        ("es, de;q=0.4, nl;q=0.7", "nl"), ("fr;q=0, en;q=0.1", "en"), ("*", "fr"),
        ("fr;q=0, *", "nl"), ("*;q=0.5, de", "de"), ("es", "fr"), ("en;q=2, de", "de"),
        ("en;q=abc", "fr"), ("en ; q=0.3 ,, ;;, de;q=0.2", "en"), ("fr;q=0,nl;q=0,de;q=0,en;q=0", "fr"),
        ("\x00\xff,de", "de"), ("de;q=0.٣, en", "en"), ("a" * 2000 + ",en", "fr"), ("zz," * 341 + "en", "fr"),
    ],
)  # fmt: skip
def test_the_reader_is_answered_in_the_language_they_like_best(header, chosen):
    assert choose(header, LANGUAGES) == chosen


@given(st.text(alphabet="frnlden-*;q=.,01 \t\x00é", max_size=1500))
def test_no_header_breaks_the_choice(header):
    assert choose(header, ("nl", "fr")) in ("nl", "fr")


def test_words_cost_nothing_until_they_are_said():
    loaded = (
        "import sys, chalicelib.wording.model; print({'gettext', 'jinja2', 'babel'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_languages_that_are_listed_are_named():
    assert all(
        find(language, f"language.{code}") for language in LANGUAGES for code in (*LANGUAGES, "ar", "tr")
    )
