"""R9: what has ended is neither shown nor accepted from that very second on, whoever came by to clean up."""

from dataclasses import replace
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from chalicelib.board.model import Query, Where
from chalicelib.errors import Conflict
from chalicelib.listings.card import Card
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
            limits=replace(self.house.city.limits, listings_per_day=999, proposals_per_day=999),
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
        """Read in every way at some second of the night; return how often an ended listing was shown."""
        now = self.begins + self.random.randrange(WINDOW_S + 60)
        ended = self.ended(now)
        board, one = self.house.board, self.random.choice([*self.listings])
        query = Query(
            Where(kind=self.random.choice((None, "need", "offer")), state=None),
            near=CENTRE,
            radius_m=self.random.choice((None, 900)),
            order=self.random.choice(("distance", "newest", "ending")),
            limit=100,
        )
        page = board.search(query, now)
        shown = len(ended & {hit.card.id for hit in page.hits})
        standing = [
            each
            for each in self.listings.values()
            if each.id not in ended and query.where.kind in (None, each.kind)
        ]
        assert page.total == sum(page.facets.values()) == len(standing)
        assert {hit.card.id for hit in page.hits} == {each.id for each in standing}
        listing = self.house.publishing.get(one)
        shown += (listing.shown_state(now) != "expired") == (one in ended)
        return shown + self.candidates(listing, ended, now)

    def candidates(self, listing, ended, now):
        try:
            found = self.house.matching.candidates(listing, self.house.board, limit=50, now=now)
        except Conflict:
            assert listing.id in ended
            return 0
        return len(ended & {one.card.id for one in found}) + (listing.id in ended)

    def accepted(self):
        """Say yes to every proposal at some second of the night; return how many were ended and accepted."""
        wrong = 0
        for match in self.matches:
            now = self.begins + self.random.randrange(WINDOW_S)
            ended = bool(self.ended(now) & {match.need, match.offer})
            try:
                self.house.matching.accept(match.id, by=self.yusuf.id, answer="", key=new_key(), now=now)
            except Conflict:
                assert ended
            else:
                wrong += ended
        return wrong


def shown_or_accepted(reads, seed=1):
    """Return how many of so many reads showed what had ended, and how many accepts took it."""
    shown = accepted = 0
    nights = [Night(begins, seed + number) for number, begins in enumerate(NIGHTS.values())]
    for number in range(reads):
        shown += nights[number % len(nights)].read()
    for night in nights:
        accepted += night.accepted()
        assert not [row for row in night.house.tables.scan("listings") if row["state"] == "expired"]
    return shown, accepted


def test_nothing_that_ended_is_shown_or_accepted_though_nobody_cleaned_up():
    assert shown_or_accepted(600) == (0, 0)


@pytest.mark.soak
def test_nothing_that_ended_is_shown_or_accepted_in_ten_thousand_reads():
    for seed in range(5):
        assert shown_or_accepted(2_000, seed) == (0, 0)


def test_a_city_that_waits_for_its_housekeeping_is_found_out(monkeypatch):
    monkeypatch.setattr(Listing, "stands_at", lambda listing, _now: listing.state == "open")
    monkeypatch.setattr(Listing, "shown_state", lambda listing, _now: listing.state)
    monkeypatch.setattr(Card, "stands_at", lambda card, _now: card.on_board)
    with pytest.raises(AssertionError):
        shown_or_accepted(40)


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
