"""R6 and R7 of asking: rounds doubled, skipped, late or at once ask nobody twice and lose no need."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count
from random import Random
from threading import Barrier

import pytest

from chalicelib.asking.dynamodb import DynamoAskings, _asking, _item
from chalicelib.asking.service import Asker
from chalicelib.board.dynamodb import DynamoChangeLog
from chalicelib.board.service import LiveBoard
from chalicelib.cities.asking import Wave
from chalicelib.errors import DomainError, Unavailable
from chalicelib.matching.dynamodb import DynamoMatches, _match
from chalicelib.matching.service import Matching
from chalicelib.people.dynamodb import DynamoPeople, read_person
from chalicelib.storage.tables import Tables, connect
from chalicelib.storage.transaction import Put
from infra.memory import MemoryTables
from tests.asking import Neighbourhood
from tests.city import Clock
from tests.engines import fresh_city
from tests.samples import NOW, a_house
from tests.trouble import Killed, Luck, Unlucky, well

WAVES = (Wave(2, 60, 20, 1_000), Wave(2, 120, 30, 4_000))
FUNCTIONS = 6


def a_town(**parts):
    """Few helpers, who are asked twice a week, and more needs than they can help with."""
    town = Neighbourhood(**parts)
    town.waves(*WAVES, assign_hours=1)
    town.helpers(10, asks_per_week=2)
    for number in range(8):
        town.need(town.helper(f"seeker-{number}", offer=False))
    return town


def wrong(tables):
    """Return what must not be: asked twice, too often, or in one row and not in the other."""
    askings = [_asking(row) for row in tables.scan("askings") if "asked" in row]
    matches = {(match.need, match.offer) for match in map(_match, tables.scan("matches"))}
    people = [read_person(row) for row in tables.scan("people") if row["sk"] == "me"]
    asked = Counter(each.helper for asking in askings for each in asking.asked)
    mailed = Counter(row["to"] for row in tables.scan("notices") if row["template"] == "asked_to_help")
    yield from (asking.need for asking in askings if len(asking.helpers) < len(asking.asked))
    yield from (asking.need for asking in askings if len(asking.in_wave) > WAVES[asking.wave - 1].helpers)
    yield from (person.id for person in people if len(person.asked) > person.asks_per_week)
    yield from (person.id for person in people if len(person.asked) != asked[person.id])
    if matches != {(asking.need, each.offer) for asking in askings for each in asking.asked}:
        yield "matches"
    if mailed != asked:
        yield "mails"


@pytest.mark.parametrize("seed", range(5))
def test_rounds_skipped_doubled_and_late_ask_nobody_twice_and_lose_no_need(seed):
    random, town = Random(seed), a_town()
    for _ in range(40):
        town.clock.turn(minutes=random.choice((1, 1, 7, 61)))
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            assert town.house.asking.ask_due(town.clock.now).failed == 0
            if random.random() < 0.2:
                assert town.house.asking.assign(town.clock.now).failed == 0
    assert list(wrong(town.house.tables)) == []
    town.round(hours=24)
    needs = [row for row in town.house.tables._rows["listings"].values() if row["kind"] == "need"]
    assert all(town.house.tables.get("askings", {"pk": row["pk"]}) for row in needs)
    assert list(wrong(town.house.tables)) == []


def with_faults(seed):
    """Let rounds meet faults at one call in twenty; return how many, and what is wrong in the end."""
    clock, luck = Clock(), Luck(Random(seed), 0.05)
    tables = MemoryTables(clock_ms=lambda: clock.now * 1_000)
    unlucky = Unlucky(tables)
    town = a_town(tables=unlucky, now=clock)
    unlucky.fate = luck
    for _ in range(60):
        town.clock.turn(minutes=13)
        for act in (town.house.asking.ask_due, town.house.asking.assign):
            with suppress(Killed, Unavailable):
                act(town.clock.now)
        house = town.house
        town.house = a_house(tables=unlucky, now=town.clock)  # another process takes over
        town.house.city = house.city
    unlucky.fate = well
    town.round(hours=5)
    needs = [row["pk"] for row in tables.scan("listings") if row["kind"] == "need"]
    lost = [need for need in needs if tables.get("askings", {"pk": need}) is None]
    return sum(luck.met.values()), [*wrong(tables), *lost]


@pytest.mark.parametrize("seed", range(3))
def test_rounds_that_meet_faults_ask_nobody_twice_and_lose_no_need(seed):
    met, found = with_faults(seed)
    assert met > 20
    assert found == []


@pytest.mark.soak
def test_rounds_that_meet_a_thousand_faults_ask_nobody_twice_and_lose_no_need():
    met = 0
    for seed in count(100):
        faults, found = with_faults(seed)
        assert found == []
        met += faults
        if met >= 1_000:
            break


class Naive(DynamoAskings):
    """Reads, decides, and writes what it decided, whatever stands by then."""

    def ask(self, asking, proposal):
        with suppress(DomainError):
            super().ask(asking, proposal)
        stored = replace(asking, version=asking.version + 1)
        self.tables.commit([Put("askings", _item(stored))])
        return stored


def at_once(engine, store):
    """Let several functions run a round each at the same time, until none of them finds anything to do."""
    city = fresh_city(engine.dynamodb)
    tables = [
        Tables(connect("eu-west-3"), city, lambda: NOW * 1_000, lambda _: None) for _ in range(FUNCTIONS)
    ]
    for each in tables:
        assert each.connection.client
    town = a_town(tables=tables[0])
    rules = town.house.city
    askers = [
        Asker(
            store(each),
            Matching(DynamoMatches(each, rules.zone), DynamoPeople(each), rules),
            LiveBoard(DynamoChangeLog(each, rules.zone)),
            rules,
        )
        for each in tables
    ]
    barrier = Barrier(FUNCTIONS, timeout=60)

    def run(number):
        for turn in range(3):
            barrier.wait()
            act = askers[number].assign if number == 0 and turn == 1 else askers[number].ask_due
            with suppress(Unavailable):
                act(NOW + 60 * turn)

    with ThreadPoolExecutor(FUNCTIONS) as pool:
        list(pool.map(run, range(FUNCTIONS)))
    askers[0].ask_due(NOW + 600)
    return list(wrong(tables[0])), [row for row in tables[0].scan("askings") if "asked" in row]


def test_functions_that_ask_at_once_ask_nobody_twice_nor_too_often(engine):
    found, askings = at_once(engine, DynamoAskings)
    assert found == []
    assert len(askings) == 8
    assert sum(len(row["asked"]) for row in askings) >= 10


def test_a_round_that_reads_and_then_writes_is_caught(engine):
    found, _ = at_once(engine, Naive)
    assert found
