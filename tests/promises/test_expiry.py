"""R9: what has ended is neither shown nor accepted from that very second on, whoever came by to clean up."""

from dataclasses import replace
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from chalicelib.board import service
from chalicelib.board.model import Query, Where
from chalicelib.board.search import search
from chalicelib.errors import Conflict
from chalicelib.listings.model import DAY_S, Listing
from tests.oracle import Oracle
from tests.samples import CENTRE, HOUR_S, a_draft, a_house, a_person, new_key, settle

PARIS = ZoneInfo("Europe/Paris")
NIGHTS = {
    "the clock is put forward": datetime(2026, 3, 29, 1, 55, tzinfo=PARIS),
    "the clock is put back": datetime(2026, 10, 25, 1, 55, tzinfo=PARIS),
    "a leap day begins": datetime(2028, 2, 28, 23, 55, tzinfo=PARIS),
    "a leap day ends": datetime(2028, 2, 29, 23, 55, tzinfo=PARIS),
}
WINDOW_S = 3 * HOUR_S
"""The listings of a night end within so long from its beginning."""


class Night:
    """Listings that end all through a night in which no schedule runs."""

    def __init__(self, begins, seed, listings=60, proposals=12):
        self.random, self.begins = Random(seed), int(begins.timestamp())
        self.house = a_house()
        self.house.now.now = self.now = self.begins - 10 * DAY_S
        self.house.__dict__["city"] = replace(
            self.house.city,
            limits=replace(
                self.house.city.limits, offer_days=14, listings_per_day=999, proposals_per_day=999
            ),
        )
        names = ("monique", "yusuf")
        self.monique, self.yusuf = (settle(self.house, a_person(name, asks_per_week=50)) for name in names)
        self.listings = {
            each.id: each
            for _ in range(listings // 2)
            for each in (self.post("need", self.monique), self.post("offer", self.yusuf))
        }
        self.house.now.now = self.now = self.begins
        self.matches = self.propose(proposals)

    def post(self, kind, by):
        """Post what ends at any second of the night: by its need or at the end of its lifetime."""
        at = self.random.randrange(WINDOW_S)
        posted, needed_by = self.begins + at - 14 * DAY_S, None
        if self.random.random() < 0.5:
            posted, needed_by = self.now, self.begins + at
        draft = a_draft(needed_by=needed_by, capacity=3)
        return self.house.publishing.publish(kind, draft, by=by, key=new_key(), print_="print", now=posted)[0]

    def propose(self, count):
        needs, offers = (
            [each for each in self.listings.values() if each.kind == kind] for kind in ("need", "offer")
        )
        asked = []
        for need, offer in zip(needs, offers, strict=True):
            if min(need.expires_at, offer.expires_at) > self.begins and len(asked) < count:
                told = self.house.matching.propose(
                    need.id, offer.id, by=self.monique, message="", key=new_key(), now=self.begins
                )
                asked.append(told.match)
        return asked

    def ended(self, now):
        """What ended, told by subtraction alone."""
        return {each.id for each in self.listings.values() if each.expires_at - now <= 0}

    def read(self):
        """Read in every way at some second of the night; return how many answers are wrong."""
        now = self.begins + self.random.randrange(WINDOW_S + 60)
        ended = self.ended(now)
        query = Query(
            Where(kind=self.random.choice((None, "need", "offer")), state=None),
            near=CENTRE,
            radius_m=self.random.choice((None, 900)),
            order=self.random.choice(("distance", "newest", "ending")),
            limit=100,
        )
        page = self.house.board.search(query, now)
        standing = {
            each.id
            for each in self.listings.values()
            if each.id not in ended and query.where.kind in (None, each.kind)
        }
        wrong = {hit.card.id for hit in page.hits} != standing
        wrong += page.total != len(standing) or sum(page.facets.values()) != len(standing)
        listing = self.house.publishing.get(self.random.choice([*self.listings]))
        wrong += (listing.shown_state(now) == "expired") != (listing.id in ended)
        return wrong + self.ranked(listing, ended, now)

    def ranked(self, listing, ended, now):
        """Rank what fits a listing; return whether it or any that is ranked had ended."""
        try:
            found = self.house.matching.candidates(listing, self.house.board, limit=50, now=now)
        except Conflict:
            return listing.id not in ended
        return listing.id in ended or any(one.card.id in ended for one in found)

    def accept(self):
        """Say yes to every proposal at some second of the night; return how many answers are wrong."""
        wrong = 0
        for match in self.matches:
            now = self.begins + self.random.randrange(WINDOW_S)
            ended, yes = bool(self.ended(now) & {match.need, match.offer}), True
            try:
                self.house.matching.accept(match.id, by=self.yusuf.id, answer="", key=new_key(), now=now)
            except Conflict:
                yes = False
            wrong += yes == ended
        return wrong


def wrong_answers(reads, seed=1):
    """Return how many of so many reads, and of the accepts after them, took what had ended for standing."""
    nights = [Night(begins, seed + number) for number, begins in enumerate(NIGHTS.values())]
    wrong = sum(nights[number % len(nights)].read() for number in range(reads))
    wrong += sum(night.accept() for night in nights)
    for night in nights:
        assert all(row["state"] != "expired" for row in night.house.tables.scan("listings"))
    return wrong


def test_nothing_that_ended_is_shown_or_accepted_though_nobody_cleaned_up():
    assert wrong_answers(400) == 0


@pytest.mark.soak
def test_nothing_that_ended_is_shown_or_accepted_in_ten_thousand_reads():
    assert sum(wrong_answers(2_000, seed) for seed in range(5)) == 0


def wait_to_be_swept(monkeypatch):
    monkeypatch.setattr(Listing, "stands_at", lambda listing, _now: listing.state == "open")


def show_what_was_not_swept(monkeypatch):
    monkeypatch.setattr(service, "search", lambda replica, query, _now: search(replica, query, 0))


def say_what_is_stored(monkeypatch):
    monkeypatch.setattr(Listing, "shown_state", lambda listing, _now: listing.state)


@pytest.mark.parametrize("spoil", [wait_to_be_swept, show_what_was_not_swept, say_what_is_stored])
def test_a_city_that_waits_for_its_housekeeping_is_found_out(monkeypatch, spoil):
    spoil(monkeypatch)
    assert wrong_answers(40) > 0


@pytest.mark.parametrize("night", NIGHTS)
def test_a_listing_stands_for_its_last_second_and_not_the_one_after(night):
    end = int(NIGHTS[night].timestamp()) + 40 * 60
    for posted, draft in ((end - HOUR_S, a_draft(needed_by=end)), (end - 14 * DAY_S, a_draft())):
        house = a_house()
        monique = settle(house, a_person("monique"))
        house.now.now = posted
        need, _ = house.publishing.publish("need", draft, by=monique, key=new_key(), print_="", now=posted)
        assert need.expires_at == end
        for now, stands in ((end - 1, True), (end, False), (end + HOUR_S, False)):
            house.now.now = now
            page = house.board.search(Query(), now)
            assert (need.id in {hit.card.id for hit in page.hits}) == stands
            assert (house.publishing.get(need.id).shown_state(now) == "open") == stands


def test_a_board_made_anew_of_the_tables_shows_nothing_that_ended():
    night = Night(NIGHTS["the clock is put forward"], seed=9)
    for now in range(night.begins, night.begins + WINDOW_S, 1_200):
        night.house.board.rebuild(now)
        oracle = Oracle(each.card(PARIS) for each in night.listings.values())
        hits, total, *_ = oracle.search(Query(Where(state=None), limit=100), now)
        page = night.house.board.search(Query(Where(state=None), limit=100), now)
        assert ([hit.card.id for hit in page.hits], page.total) == ([hit[0] for hit in hits], total)


def test_housekeeping_tells_each_author_once_and_renewing_makes_it_stand_again():
    night = Night(NIGHTS["a leap day ends"], seed=4, listings=20, proposals=0)
    house, over = night.house, night.begins + WINDOW_S
    for now in range(night.begins, over + 600, 300):
        house.publishing.expire_due(now)
        house.publishing.remind_due(now)
    ends = [row for row in house.tables.scan("notices") if row["template"] == "listing_expired"]
    assert len(ends) == len(night.listings)
    again = next(each for each in night.listings.values() if each.draft.needed_by is None)
    house.now.now = over
    house.publishing.renew(again.id, by=again.author, key=new_key(), now=over)
    assert [hit.card.id for hit in house.board.search(Query(), over).hits] == [again.id]
