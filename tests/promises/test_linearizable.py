"""R2: what many who answer at once are told is what they would be told one after another.

Histories are recorded on a real engine and given to a checker that knows the rules and not the code: none
holds a place given twice, a refusal while there was a place, or a queue that was passed over.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random
from threading import Barrier

import pytest

from chalicelib.errors import Conflict, Unavailable
from chalicelib.listings.rows import listing_item
from chalicelib.matching.dynamodb import DynamoMatches, _item
from chalicelib.matching.service import Matching
from chalicelib.storage.tables import Tables, connect
from chalicelib.storage.transaction import Put
from tests.engines import fresh_city
from tests.linear import Pairs, Seen, explains
from tests.promises.test_no_overbooking import PATIENCE, REGION, Naive
from tests.samples import NOW, a_house, a_listing, a_match, a_person, an_id, settle

THREADS = 8
OPERATIONS = 50
ACTS = ("accept", "accept", "accept", "cancel", "read")
MODEL = Pairs(
    pairs=tuple((need, offer) for need in range(3) for offer in range(4)),
    needs=(1, 1, 2),
    offers=(1, 2, 1, 3),
)


class Town:
    """Three needs and four offers with few places, every two of them proposed, and a clock for who looks."""

    def __init__(self, city, doors, store):
        self.tables = [Tables(connection, city, lambda: NOW * 1_000, lambda _: None) for connection in doors]
        self.house = a_house()
        self.matchings = [
            Matching(store(tables, self.house.city.zone), self.house.people, self.house.city)
            for tables in self.tables
        ]
        self.clock = count()

    def begin(self, number):
        """Put everything there anew, under names of this history."""
        listings = [
            a_listing(
                id=an_id(f"{kind} {index} of {number}"),
                kind=kind,
                author=an_id(f"author of {kind} {index}"),
                capacity=places,
            )
            for kind, all_places in (("need", MODEL.needs), ("offer", MODEL.offers))
            for index, places in enumerate(all_places)
        ]
        needs, offers = listings[: len(MODEL.needs)], listings[len(MODEL.needs) :]
        self.matches = [
            a_match(
                need=needs[need].id,
                offer=offers[offer].id,
                seeker=needs[need].author,
                helper=offers[offer].author,
            )
            for need, offer in MODEL.pairs
        ]
        puts = [Put("listings", listing_item(each)) for each in listings]
        self.tables[0].commit(puts + [Put("matches", _item(each)) for each in self.matches])
        for author in {each.author for each in listings} - {
            row["pk"] for row in self.house.tables.scan("people")
        }:
            settle(self.house, a_person(id=author))

    def record(self, number):
        """Return what eight who do fifty things at once see."""
        self.begin(number)
        random, barrier = Random(number), Barrier(THREADS, timeout=60)
        todo = [(random.choice(ACTS), random.randrange(len(MODEL.pairs))) for _ in range(OPERATIONS)]

        def go(turn):
            barrier.wait()
            mine = todo[turn::THREADS]
            return [self.see(turn, act, match, f"{turn} {n}") for n, (act, match) in enumerate(mine)]

        with ThreadPoolExecutor(THREADS) as pool:
            return [seen for each in pool.map(go, range(THREADS)) for seen in each]

    def see(self, turn, act, number, key):
        door, match = self.matchings[turn % len(self.matchings)], self.matches[number]
        sent = next(self.clock)
        answer = insist(lambda: ask(door, act, match, key))
        return Seen(sent, next(self.clock), act, number, answer)


def ask(door, act, match, key):
    if act == "read":
        return door.get(match.id, by=match.helper).match.state
    if act == "cancel":
        return door.cancel(match.id, "other", by=match.seeker, key=key, now=NOW).match.state
    return door.accept(match.id, by=match.helper, answer="", key=key, now=NOW).match.state


def insist(act):
    for _ in range(PATIENCE):
        try:
            return act()
        except Conflict as refused:
            return refused.code
        except Unavailable:
            continue
    raise AssertionError("nobody answers")


@pytest.fixture(scope="module")
def doors(engine):
    connections = [connect(REGION) for _ in range(4)]
    for connection in connections:
        assert connection.client
    return connections


def unexplained(engine, doors, store, histories):
    """Return the histories that no order explains, by their number, and everything that was answered."""
    town = Town(fresh_city(engine.dynamodb), doors, store)
    found = [town.record(number) for number in range(histories)]
    answers = {seen.answer for history in found for seen in history if seen.act != "read"}
    return {number: history for number, history in enumerate(found) if not explains(MODEL, history)}, answers


def test_every_answer_could_have_been_given_one_after_another(engine, doors):
    wrong, answers = unexplained(engine, doors, DynamoMatches, 8)
    assert wrong == {}
    assert answers >= {"accepted", "queued", "cancelled", "offer_full", "match_over"}


@pytest.mark.soak
def test_every_answer_of_two_hundred_histories_could_have_been_given_one_after_another(engine, doors):
    wrong, _ = unexplained(engine, doors, DynamoMatches, 200)
    assert wrong == {}


def test_who_reads_and_then_writes_is_caught(engine, doors):
    wrong, _ = unexplained(engine, doors, Naive, 6)
    assert wrong


TWO_FOR_ONE = Pairs(pairs=((0, 0), (0, 1)), needs=(1,), offers=(1, 1))


@pytest.mark.parametrize(
    ("told", "fine"),
    [
        (("accepted", "queued"), True),
        (("accepted", "accepted"), False),
        (("queued", "queued"), False),
        (("offer_full", "accepted"), False),
    ],
)
def test_the_checker_knows_a_place_given_twice_and_a_place_refused(told, fine):
    at_once = [Seen(n, 9 + n, "accept", n, answer) for n, answer in enumerate(told)]
    assert explains(TWO_FOR_ONE, at_once) is fine


def test_the_checker_minds_what_came_before_what():
    late = [Seen(0, 1, "accept", 0, "queued"), Seen(2, 3, "accept", 1, "accepted")]
    assert not explains(TWO_FOR_ONE, late)
    assert explains(TWO_FOR_ONE, [late[0]._replace(answered=9), late[1]])
    read = Seen(4, 5, "read", 0, "proposed")
    assert explains(TWO_FOR_ONE, [late[0]._replace(answered=9), late[1], read])
    assert not explains(TWO_FOR_ONE, [late[0]._replace(answered=3), late[1], read])
