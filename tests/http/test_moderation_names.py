"""Nobody is refused for the name of their street, their town or themselves."""

import csv

import pytest

from chalicelib.errors import Fault, Invalid
from chalicelib.listings.service import Publishing
from tests.city import DATA, a_listing, open_city

PROBE = DATA / "moderation_fr/false_positive_probe.csv"
OURS = ("Condé", "rue de la Grosse-Bite", "Montcuq", "Anus", "Pénis", "Bourré", "La Trique", "Vagin-sur-Orb")
A_DAY = 10
"""Listings that one resident may publish."""


def names():
    """Return the real names of the probe, which is beside the project or not there at all."""
    if not PROBE.exists():
        pytest.skip("the names that word lists take for abuse are not beside the project")
    with PROBE.open(encoding="utf-8", newline="") as rows:
        return [row["nom_reel"] for row in csv.DictReader(rows)]


def not_shown(city, given):
    """Return the names that are not accepted and then shown as they are, in title and text."""
    refused = []
    for number, name in enumerate(given):
        resident = f"resident-{number // A_DAY}@example.org"
        said = a_listing(title=f"Courses à {name}"[:100], text=f"J’habite {name}. Je m’appelle {name} aussi.")
        made = city.post("/v1/needs", said, token=city.sign_in(resident))
        if made.status != 201 or made.json["state"] != "open":
            refused.append(name)
            continue
        shown = city.get(f"/v1/listings/{made.json['id']}").json
        found = city.get("/v1/listings", query={"text": name, "order": "newest", "limit": 1}).json["listings"]
        if (shown["title"], shown["text"]) != (said["title"], said["text"]) or found[0]["id"] != shown["id"]:
            refused.append(name)
        city.clock.turn(minutes=1)
    return refused


def test_a_name_that_sounds_rude_is_shown(city):
    assert not_shown(city, OURS) == []


def test_every_real_name_that_a_word_list_takes_for_abuse_is_shown(city):
    given = names()
    assert len(given) > 400
    assert not_shown(city, given) == []


def test_a_word_list_would_be_found(monkeypatch):
    """The naive way: refuse whatever holds a word of a list."""
    publish, words = Publishing.publish, ("cul", "con", "pute", "anus", "bite")

    def naive(publishing, kind, draft, **more):
        if any(word in draft.title.lower() for word in words):
            raise Invalid(Fault("/title", "value_error"))
        return publish(publishing, kind, draft, **more)

    monkeypatch.setattr(Publishing, "publish", naive)
    assert not_shown(open_city(), OURS)
