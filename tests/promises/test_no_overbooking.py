"""R1: no offer is over-booked and no need over-served, however many say yes at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from threading import Barrier

import pytest

from chalicelib.errors import Conflict, Unavailable
from chalicelib.listings.rows import listing_item, read_listing
from chalicelib.matching.dynamodb import DynamoMatches, _item, _match
from chalicelib.matching.service import Matching
from chalicelib.storage.tables import Tables, connect
from chalicelib.storage.transaction import Put
from tests.engines import fresh_city, ministack
from tests.samples import NOW, a_house, a_listing, a_match, an_id

REGION = "eu-west-3"
CONNECTIONS = 4
PATIENCE = 20
"""How often somebody who is told to come again does."""


class Naive(DynamoMatches):
    """Reads, decides, and writes what it decided, whatever stands by then."""

    def save(self, match, *, listings=(), notices=()):
        writes = [Put("matches", _item(match)), *(Put("listings", listing_item(each)) for each in listings)]
        self.tables.commit(writes)


class Crowd:
    """Offers and needs with few places, and proposals of them that everybody answers at once."""

    def __init__(self, engine, store, *, offers, accepts, seed):
        self.random, city = Random(seed), fresh_city(engine.dynamodb)
        house = a_house()
        self.tables = [
            Tables(connect(REGION), city, lambda: NOW * 1_000, lambda _: None) for _ in range(CONNECTIONS)
        ]
        for tables in self.tables:
            assert tables.connection.client
        self.doors = [
            Matching(store(tables, house.city.zone), house.people, house.city) for tables in self.tables
        ]
        self.listings = [
            *(self._listing("offer", number, 1 + number % 5) for number in range(offers)),
            *(self._listing("need", number, 1 + number % 3) for number in range(2 * offers)),
        ]
        self.matches = self._proposals(accepts)
        self._store()
        self.answers = Counter()

    def race(self, threads):
        """Let so many say yes at once; one in four of those who got a place gives it back."""
        barrier, shares = (
            Barrier(threads, timeout=60),
            [self.matches[turn::threads] for turn in range(threads)],
        )

        def answer_all(turn):
            random = Random(turn)
            barrier.wait()
            return [self._answer(self.doors[turn % CONNECTIONS], match, random) for match in shares[turn]]

        with ThreadPoolExecutor(threads) as pool:
            for answers in pool.map(answer_all, range(threads)):
                self.answers.update(answers)

    def _answer(self, door, match, random):
        said = _insist(lambda: door.accept(match.id, by=match.helper, answer="", key="yes", now=NOW))
        if said == "accepted" and random.random() < 0.25:
            by = random.choice((match.helper, match.seeker))
            _insist(lambda: door.cancel(match.id, "other", by=by, key="no", now=NOW))
        return said

    def wrong(self):
        """Return the listings with more matches than places, and those that miscount what is left."""
        taken, rows = Counter(), self.tables[0]
        for match in map(_match, rows.scan("matches")):
            if match.state == "accepted":
                taken.update((match.need, match.offer))
        found = [read_listing(row) for row in rows.scan("listings")]
        over = [each.id for each in found if taken[each.id] > each.draft.capacity]
        return over, [each.id for each in found if each.left + taken[each.id] != each.draft.capacity]

    def states(self):
        return Counter(row["state"] for row in self.tables[0].scan("matches"))

    def _listing(self, kind, number, capacity):
        name = f"{kind} {number}"
        return a_listing(id=an_id(name), kind=kind, author=an_id(f"author of {name}"), capacity=capacity)

    def _proposals(self, accepts):
        """Return proposals of pairs, those of an offer near each other: so they meet."""
        offers = [each for each in self.listings if each.kind == "offer"]
        needs = [each for each in self.listings if each.kind == "need"]
        each = -(-accepts // len(offers))
        pairs = [(need, offer) for offer in offers for need in self.random.sample(needs, each)]
        return [
            a_match(need=need.id, offer=offer.id, seeker=need.author, helper=offer.author)
            for need, offer in pairs[:accepts]
        ]

    def _store(self):
        puts = [Put("listings", listing_item(each)) for each in self.listings]
        puts += [Put("matches", _item(each)) for each in self.matches]
        for start in range(0, len(puts), 100):
            self.tables[0].commit(puts[start : start + 100])


def _insist(act):
    """Return the state of the match, or why it was refused."""
    for _ in range(PATIENCE):
        with suppress(Unavailable):
            try:
                return act().match.state
            except Conflict as refused:
                return refused.code
    raise AssertionError("nobody answers")


@pytest.fixture(scope="module")
def engine():
    with ministack() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value) if value else patch.delenv(name, raising=False)
        yield running


def assert_no_place_is_given_twice(crowd):
    assert crowd.wrong() == ([], [])
    assert sum(crowd.answers.values()) == len(crowd.matches)
    assert {*crowd.answers} == {"accepted", "listing_full"}
    states = crowd.states()
    assert states["accepted"] + states["cancelled"] == crowd.answers["accepted"]
    assert states["cancelled"]


@pytest.mark.parametrize("threads", [8, 32])
def test_no_place_is_given_twice(engine, threads):
    crowd = Crowd(engine, DynamoMatches, offers=15, accepts=300, seed=threads)
    crowd.race(threads)
    assert_no_place_is_given_twice(crowd)


@pytest.mark.soak
def test_no_place_of_500_offers_is_given_twice_to_10_000_who_say_yes(engine):
    crowd = Crowd(engine, DynamoMatches, offers=500, accepts=10_000, seed=1)
    crowd.race(32)
    assert_no_place_is_given_twice(crowd)
    print(dict(crowd.answers), dict(crowd.states()))  # noqa: T201


@pytest.mark.parametrize("threads", [8, 32])
def test_who_reads_and_then_writes_is_caught(engine, threads):
    crowd = Crowd(engine, Naive, offers=15, accepts=300, seed=threads)
    crowd.race(threads)
    over, miscounted = crowd.wrong()
    assert over
    assert miscounted
