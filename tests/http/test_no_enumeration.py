"""Nobody learns from the sign-in door whether an address has an account."""

from dataclasses import replace
from statistics import median
from time import perf_counter

import pytest

from chalicelib.people.service import Door
from tests.city import open_city

KNOWN = [f"known-{number}@example.org" for number in range(5)]
AN_HOUR = 20
"""Requests before the clock is turned an hour: an address may ask five times, a network sixty."""


@pytest.fixture
def settled(city):
    """A city whose residents differ in all that might show: quiet, muted, bounced, with a name or none."""
    return settle(city)


def settle(city):
    changes = (
        {},
        {"name": "Monique", "languages": ["de"]},
        {"quiet_hours": {"start": "00:00", "until": "23:59"}},
        {"muted": ["asked", "answered", "listing"], "asks_per_week": 0},
        {},
    )
    for email, change in zip(KNOWN, changes, strict=True):
        token = city.sign_in(email)
        tag = city.get("/v1/me", token=token).etag
        assert city.call("PATCH", "/v1/me", change, token=token, headers={"If-Match": tag}).status == 200
    person, _ = city.house.door.who(city.sign_in(KNOWN[-1]), now=city.clock.now)
    city.house.people.save(person.without_mail("bounced"))
    city.clock.turn(hours=1)
    return city


def ask(city, email):
    """Return what is seen and counted of asking for a mail."""
    calls, mails = city.tables.calls, len(city.mailbox.mails)
    began = perf_counter()
    reply = city.post("/v1/sign-in", {"email": email})
    took = perf_counter() - began
    body = {**reply.json, "attempt": len(reply.json["attempt"])} if reply.status == 202 else reply.json
    sent = [mail.subject for mail, _ in city.mailbox.mails[mails:]]
    headers = tuple(sorted((name, value) for name, value in reply.headers.items()))
    return (reply.status, str(body), headers, city.tables.calls - calls, tuple(sent)), took


def differences(city, asked):
    """Return what differs between known and unknown addresses: what is seen, and the medians of the times."""
    seen, times = {"known": set(), "unknown": set()}, {"known": [], "unknown": []}
    for number in range(asked):
        if number % AN_HOUR == 0:
            city.clock.turn(hours=1)
            for each in seen.values():
                each.clear()
        pair = (("known", KNOWN[number % len(KNOWN)]), ("unknown", f"unknown-{number}@example.org"))
        for who, email in pair if number % 2 else reversed(pair):
            what, took = ask(city, email)
            seen[who].add(what)
            times[who].append(took)
        if seen["known"] != seen["unknown"]:
            return seen, 0
    return {}, abs(median(times["known"]) - median(times["unknown"]))


def test_a_known_and_an_unknown_address_are_answered_alike(settled):
    seen, apart = differences(settled, asked=40)
    assert seen == {}
    assert apart < 0.005


@pytest.mark.soak
def test_a_thousand_addresses_half_of_them_known_are_answered_alike(settled):
    seen, apart = differences(settled, asked=500)
    assert seen == {}
    assert apart < 0.005


def test_past_its_limit_every_address_is_refused_alike(settled):
    told = {}
    for email in (KNOWN[0], "unknown@example.org"):
        told[email] = [ask(settled, email)[0] for _ in range(7)]
    known, unknown = told.values()
    assert known == unknown
    assert [status for status, *_ in known] == [202] * 5 + [429] * 2


def test_a_wrong_code_is_refused_alike(settled):
    told = []
    for email in (KNOWN[0], "unknown@example.org"):
        attempt = settled.post("/v1/sign-in", {"email": email}).json["attempt"]
        calls = settled.tables.calls
        reply = settled.post("/v1/sessions", {"attempt": attempt, "code": "000000"})
        told.append((reply.status, reply.text, settled.tables.calls - calls))
    assert told[0] == told[1]
    assert told[0][0] == 401


def test_the_spelling_of_an_address_shows_nothing_either(settled):
    seen = {ask(settled, email)[0] for email in (KNOWN[0].upper(), "  Unknown@Example.ORG".strip())}
    assert len(seen) == 1


def test_a_door_that_looks_first_would_be_found(monkeypatch):
    """The naive way asks whether there is an account, and owes a mail only then."""
    city, start = settle(open_city()), Door.start

    def naive(door, email, **more):
        known = door.people.get(door.secrets.blind(email))
        attempt, notice = start(door, email, **more)
        return attempt, notice if known else replace(notice, id="a" * 16)

    monkeypatch.setattr(Door, "start", naive)
    seen, _ = differences(city, asked=40)
    assert seen != {}


def test_a_door_that_takes_its_time_would_be_found(monkeypatch):
    city, start = settle(open_city()), Door.start

    def naive(door, email, **more):
        if email in KNOWN:
            began = perf_counter()
            while perf_counter() - began < 0.06:
                pass
        return start(door, email, **more)

    monkeypatch.setattr(Door, "start", naive)
    seen, apart = differences(city, asked=10)
    assert seen == {}
    assert apart > 0.005
