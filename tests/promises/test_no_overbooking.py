"""R1: no offer is over-booked and no need over-served, however many say yes at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from random import Random
from threading import Barrier

import pytest

from chalicelib.errors import Conflict, Unavailable
from chalicelib.listings.rows import listing_item, read_listing
from chalicelib.matching.dynamodb import DynamoMatches, _item, _match
from chalicelib.matching.model import LOOK_S
from chalicelib.matching.service import Matching
from chalicelib.storage.tables import Tables, connect
from chalicelib.storage.transaction import Put
from tests.engines import fresh_city
from tests.samples import NOW, a_house, a_listing, a_match, a_person, an_id, settle

REGION = "eu-west-3"
CONNECTIONS = 4
PATIENCE = 20
"""How often somebody who is told to come again does."""


class Naive(DynamoMatches):
    """Reads, decides, and writes what it decided, whatever stands by then."""

    def save(self, match, *, listings=(), notices=(), person=None, called=None, seen=(), together=False):
        changed = (match,) if called is None else (match, called)
        writes = [Put("matches", _item(each)) for each in changed]
        self.tables.commit([*writes, *(Put("listings", listing_item(each)) for each in listings)])


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
            *(self._listing("need", number, 1 + (number % 4 == 0)) for number in range(2 * offers)),
        ]
        for author in {each.author for each in self.listings}:
            settle(house, a_person(id=author))
        self.matches = self._proposals(accepts)
        self._store()
        self.answers = Counter()

    def race(self, threads):
        """Let so many say yes at once; one in four of those who got a place gives it back in a while.

        Who is called by that, because they were queued, says yes again.
        """
        barrier, shares = (
            Barrier(threads, timeout=60),
            [self.matches[turn::threads] for turn in range(threads)],
        )

        def answer_all(turn):
            random = Random(turn)
            barrier.wait()
            door = self.doors[turn % CONNECTIONS]
            later, said = [], []
            for match in shares[turn]:
                said.append(_said(_insist(partial(_yes, door, match.id, match.helper))))
                if said[-1] == "accepted" and random.random() < 0.25:
                    later.append((match, random.choice((match.helper, match.seeker))))
                if later and random.random() < 0.1:
                    said += _give_back(door, *later.pop())
            return said + [each for gives in later for each in _give_back(door, *gives)]

        with ThreadPoolExecutor(threads) as pool:
            for answers in pool.map(answer_all, range(threads)):
                self.answers.update(answers)

    def wrong(self):
        """Return the listings with more matches than places, and those that miscount what is left."""
        taken, rows = Counter(), self.tables[0]
        for match in map(_match, rows.scan("matches")):
            if match.state == "accepted":
                taken.update((match.need, match.offer))
        found = [read_listing(row) for row in rows.scan("listings")]
        over = [each.id for each in found if taken[each.id] > each.draft.capacity]
        return over, [each.id for each in found if each.left + taken[each.id] != each.draft.capacity]

    def waits_in_vain(self):
        """Return the needs that, after a round, call nobody to a free place while who can come is queued."""
        assert self.doors[0].tend_due(NOW + LOOK_S).failed == 0
        rows = list(map(_match, self.tables[0].scan("matches")))
        left = {row["pk"]: row["left"] for row in self.tables[0].scan("listings")}
        called = {match.need for match in rows if match.state == "proposed" and match.calls}
        waiting = {match.need for match in rows if match.state == "queued" and left[match.offer]}
        return [need for need in waiting - called if left[need]]

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


def _yes(door, match_id, helper, again=""):
    return door.accept(match_id, by=helper, answer="", key=f"yes {again}", now=NOW)


def _give_back(door, match, by):
    """Yield what becomes of the yes of who is called, because they were queued, to the place given back."""
    told = _insist(lambda: door.cancel(match.id, "other", by=by, key="no", now=NOW))
    for mail in told.notices:
        if mail.template == "place_free":
            yes_again = partial(_yes, door, mail.subject, mail.to, mail.values["calls"])
            yield f"called: {_said(_insist(yes_again))}"


def _insist(act):
    """Return what was told of the match, or why it was refused."""
    for _ in range(PATIENCE):
        with suppress(Unavailable):
            try:
                return act()
            except Conflict as refused:
                return refused.code
    raise AssertionError("nobody answers")


def _said(told):
    return told if isinstance(told, str) else told.match.state


def assert_no_place_is_given_twice(crowd):
    assert crowd.wrong() == ([], [])
    first = {said: count for said, count in crowd.answers.items() if not said.startswith("called")}
    assert sum(first.values()) == len(crowd.matches)
    assert first.keys() == {"accepted", "queued", "offer_full"}
    assert crowd.answers["called: accepted"]
    states = crowd.states()
    assert states["accepted"] + states["cancelled"] == first["accepted"] + crowd.answers["called: accepted"]
    assert states["cancelled"]
    assert crowd.waits_in_vain() == []


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
