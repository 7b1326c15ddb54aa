"""No input breaks the city: requests invented from its document are answered as the document says."""

import re
from random import Random

import pytest

from chalicelib.api import bodies
from tests.city import open_city
from tests.document import Document, the_document
from tests.invented import Inventor

A_CITY = 1_000
"""Requests to one city; then the next one opens, so that tables stay small."""
MAILED = {"code": r"\b(\d{6})\b", "token": r"/sign-in/(\S+)"}
EXCHANGES = ("confirmed", "direct")
COUNTED = {"open_session", "start_sign_in"}
"""What a refusal may leave behind: that it was tried."""


PEOPLE = [f"{name}@example.org" for name in ("monique", "yusuf", "lea")]


def enter(city):
    """Return new tokens of the residents, of a moderator and of a coordinator."""
    city.tokens.clear()
    return [*map(city.sign_in, PEOPLE), city.moderator(), city.coordinator()]


def inhabited(exchange):
    """Return a city whose residents each have something to their name."""
    city = open_city(held=("childcare",))
    city.exchange(exchange)
    for person in PEOPLE:
        city.publish("need", person)
        city.publish("offer", person, reach_m=10_000)
        city.publish("need", person, category="childcare")
    return city


def ask(requests, seed, document):
    """Return what went wrong in so many requests, and how often each answer came."""
    chance, wrong, seen = Random(seed), [], {}
    for number in range(requests):
        if number % A_CITY == 0:
            city = inhabited(EXCHANGES[number // A_CITY % 2])
            inventor = Inventor(document, chance, enter(city))
        made = inventor.request()
        commits = city.tables.commits
        reply = city.call(made.method, made.url, raw=made.raw, headers=made.headers, key=False)
        operation = document.operations[made.method, document.template(made.path)]["operationId"]
        seen[operation, reply.status] = seen.get((operation, reply.status), 0) + 1
        stored = city.tables.commits != commits and operation not in COUNTED
        faults = (*document.misfits(made.method, made.path, reply), *faults_of(operation, reply, stored))
        wrong += [f"{fault} -- {made}" for fault in faults]
        inventor.learn(reply)
        city.clock.turn(minutes=chance.choice((0, 0, 0, 0, 0, 0, 1, 30)))
        if number % 100 == 0:
            city.tick()
            city.house.asking.ask_due(city.clock.now)
        if reply.status == 204:
            inventor.tokens = enter(city)
        if operation == "start_sign_in":
            learn_from_mail(inventor, city.mailbox.mails[-1][0].text)
    return wrong, seen


def faults_of(operation, reply, stored):
    if reply.status >= 500:
        yield f"{operation} failed"
    if reply.status >= 400 and stored:
        yield f"{operation} refused and stored"


def learn_from_mail(inventor, text):
    for name, pattern in MAILED.items():
        if found := re.search(pattern, text):
            inventor.know(name, found[1])


def check(requests, seed):
    wrong, seen = ask(requests, seed, the_document())
    assert wrong == []
    return seen


def test_no_request_made_up_from_the_document_breaks_the_city():
    seen = check(600, seed=1)
    reached = {operation for operation, status in seen if status < 300}
    assert len(reached) >= 15, "most requests must get past the door, or nothing was tried"


@pytest.mark.soak
def test_no_request_of_a_hundred_thousand_breaks_the_city():
    seen = check(100_000, seed=2)
    everything = {operation["operationId"] for operation in the_document().operations.values()}
    assert {operation for operation, status in seen if status < 300} == everything


def test_a_date_nobody_can_say_back_would_be_found(monkeypatch):
    monkeypatch.setattr(bodies, "LAST_YEAR", 9_999)
    said = the_document().said
    publishing = Document({**said, "paths": {"/v1/needs": said["paths"]["/v1/needs"]}})
    wrong, _ = ask(600, 1, publishing)
    assert any("publish_need failed" in each for each in wrong)


def test_an_answer_outside_the_document_would_be_found():
    said = the_document().said
    without = {**said["components"]["schemas"]["MeShown"]}
    without["properties"] = {name: each for name, each in without["properties"].items() if name != "muted"}
    schemas = {**said["components"]["schemas"], "MeShown": without}
    wrong, _ = ask(300, 1, Document({**said, "components": {"schemas": schemas}}))
    assert any("'muted' was unexpected" in each for each in wrong)
