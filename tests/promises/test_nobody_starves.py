"""R13: over ninety simulated days nobody is asked above their own limits, and no older need is passed over.

Each time the city asks, what stands in the tables at that moment is looked at: could an older need, as urgent
at least, that wants a helper and has none who may still answer, have had the one who is asked?
"""

from collections import Counter, defaultdict
from random import Random

import pytest

from chalicelib.asking import service
from chalicelib.asking.dynamodb import DynamoAskings, _asking
from chalicelib.asking.service import Asker
from chalicelib.asking.turns import Turn
from chalicelib.cities.model import URGENCIES
from chalicelib.errors import DomainError
from chalicelib.listings.rows import read_listing
from chalicelib.matching.dynamodb import _match
from chalicelib.matching.ranking import Fit, fit
from chalicelib.notices.hours import Quiet
from chalicelib.people.dynamodb import read_person
from chalicelib.people.model import SEASON_S, WEEK_S, helper_of
from chalicelib.places.model import distance_m
from tests.asking import Neighbourhood
from tests.samples import new_key

DAY_MINUTES = 1_440
TICK_MINUTES = 120
CATEGORIES = ("groceries", "groceries", "meals", "pharmacy")
QUIET = (None, None, Quiet(20 * 60, 8 * 60), Quiet(12 * 60, 14 * 60))


class Watched:
    """Looks, before each asking is stored, at what it passes over and at how often the helper was asked."""

    def __init__(self, askings, look):
        self.askings, self.look = askings, look

    def __getattr__(self, name):
        return getattr(self.askings, name)

    def ask(self, asking, proposal):
        self.look(proposal.match)
        return self.askings.ask(asking, proposal)


class Days:
    """A town with few helpers and many needs, lived day after day."""

    def __init__(self, seed, *, helpers=24, needs_a_day=4):
        self.random, self.town, self.needs_a_day = Random(seed), Neighbourhood(), needs_a_day
        house = self.town.house
        store = Watched(DynamoAskings(house.tables), self.look)
        house.asking = Asker(store, house.matching, house.board, house.city)
        self.passed_over, self.offers, self.asks, self.limits = [], [], defaultdict(list), {}
        for number in range(helpers):
            self._settle(number)
        self.house, self.seen, self.left = house, set(), []

    def live(self, days):
        for tick in range(days * DAY_MINUTES // TICK_MINUTES):
            self.town.clock.turn(minutes=TICK_MINUTES)
            if tick % 100 == 0:
                self._keep_the_offers()
                self.seen |= {*self.states}
            if self.random.random() < self.needs_a_day * TICK_MINUTES / DAY_MINUTES:
                self._post()
            self._answers()
            self.house.matching.tend_due(self.town.clock.now)
            outcome = self.house.asking.ask_due(self.town.clock.now)
            assert outcome.failed == 0
            self.left.append(outcome.left)
        return self

    def _settle(self, number):
        limit, quiet = self.random.choice((1, 2, 3)), self.random.choice(QUIET)
        season = self.random.choice((16, 13 * limit))
        chosen = {"asks_per_week": limit, "asks_per_season": season, "quiet": quiet}
        person = self.town.helper(f"helper-{number}", offer=False, **chosen)
        self.limits[person.id] = {WEEK_S: limit, SEASON_S: season}
        away, category = self.random.randrange(3_500), self.random.choice(CATEGORIES)
        self.town.clock.turn(seconds=1)
        capacity = self.random.choice((5, 20, 50))
        self.offers.append(self.town.offer(person, away_m=away, category=category, capacity=capacity))

    def _post(self):
        self.town.clock.turn(seconds=self.random.randrange(1, 60))
        urgency = self.random.choice(("normal", "normal", "high"))
        seeker = self.town.helper(f"seeker-{self.random.random()}", offer=False)
        self.town.need(seeker, category=self.random.choice(CATEGORIES), urgency=urgency)

    def _keep_the_offers(self):
        for offer in self.offers:
            said = {"by": offer.author, "key": new_key(), "now": self.town.clock.now}
            self.house.publishing.renew(offer.id, **said)

    def _answers(self):
        for row in list(self.house.tables._rows["matches"].values()):
            if row["state"] != "proposed" or self.random.random() > 0.05:
                continue
            act, value = self.random.choice(
                (("accept", ()), ("decline", ("no_time",)), ("decline", ("other",)))
            )
            more = {"answer": ""} if act == "accept" else {}
            said = {"by": row["helper"], "key": "answer", "now": self.town.clock.now}
            try:
                getattr(self.house.matching, act)(f"{row['pk']}-{row['sk']}", *value, **said, **more)
            except DomainError:
                continue

    # What is looked at when somebody is asked

    def look(self, match):
        now = self.town.clock.now
        self.asks[match.helper].append(now)
        needs = {need.id: need for need in map(read_listing, self._rows("listings")) if need.kind == "need"}
        mine = needs[match.need]
        offer = read_listing(self.house.tables._rows["listings"][match.offer,])
        helper = read_person(self.house.tables._rows["people"][match.helper, "me"])
        matches = defaultdict(list)
        for each in map(_match, self._rows("matches")):
            matches[each.need].append(each)
        for other in map(_asking, self._rows("askings", "asked")):
            need, known = needs[other.need], matches[other.need]
            wants = self._before(need, mine) and self._wants(other, need, known)
            fresh = match.helper not in {each.helper for each in known}
            if wants and fresh and self._could(need, other, offer, helper, now):
                self.passed_over.append((need.id, match.need, match.helper, now))

    def _rows(self, noun, having="pk"):
        return [row for row in self.house.tables._rows[noun].values() if having in row]

    def _before(self, need, mine):
        city = self.house.city
        urgent, least = (
            URGENCIES.index(city.urgency_of(each.draft.category, each.draft.urgency)) for each in (need, mine)
        )
        return urgent >= least and need.published_at < mine.published_at

    def _wants(self, asking, need, matches):
        """Say whether the need stands and nobody who was asked may still answer."""
        stands = need.stands_at(self.town.clock.now) and need.left > 0
        return stands and asking.state != "over" and not any(each.state == "proposed" for each in matches)

    def _could(self, need, asking, offer, helper, now):
        waves = self.house.city.asking.waves
        radius = min(waves[asking.wave - 1].radius_m, need.draft.reach_m)
        apart = distance_m(need.cell.centre, offer.cell.centre)
        zone = self.house.city.zone
        seeker = helper_of(read_person(self.house.tables._rows["people"][need.author, "me"]))
        cards = (need.card(zone), offer.card(zone))
        found = fit(*cards, helper_of(helper), seeker=seeker, distance=apart, units=0, zone=zone, now=now)
        return apart <= radius and isinstance(found, Fit)

    @property
    def above_the_limit(self):
        """Return the helpers who were asked more often, in a week or a season, than they chose."""
        return [
            helper
            for helper, asks in self.asks.items()
            for span_s, most in self.limits[helper].items()
            if any(sum(at - span_s < each <= at for each in asks) > most for at in asks)
        ]

    @property
    def never_looked_at(self):
        """Return the needs of more than a day ago that have no asking."""
        posted = self.town.clock.now - 86_400
        needs = [each for each in map(read_listing, self._rows("listings")) if each.kind == "need"]
        known = {row["pk"] for row in self._rows("askings", "asked")}
        return [need.id for need in needs if need.published_at < posted and need.id not in known]

    @property
    def states(self):
        return Counter(row["state"] for row in self._rows("askings", "asked"))


def test_in_ninety_days_nobody_is_asked_too_often_and_no_older_need_is_passed_over():
    days = Days(1, helpers=12, needs_a_day=1).live(90)
    assert sum(map(len, days.asks.values())) > 100
    assert days.above_the_limit == []
    assert days.passed_over == []
    assert days.seen == {"served", "unanswered", "over", "asking"}


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(8))
def test_in_many_ninety_days_nobody_is_asked_too_often_and_no_older_need_is_passed_over(seed):
    days = Days(seed, helpers=40, needs_a_day=6).live(90)
    assert days.above_the_limit == []
    assert days.passed_over == []


def test_when_rounds_take_few_needs_each_no_older_one_is_passed_over_and_none_is_lost(monkeypatch):
    monkeypatch.setattr(service, "MOST", 2)
    days = Days(1, helpers=8, needs_a_day=2).live(10)
    assert sum(left > 0 for left in days.left) > 5
    assert days.passed_over == []
    assert days.never_looked_at == []


def test_a_round_that_takes_the_newest_that_are_due_is_caught(monkeypatch):
    first_come = service.first_come
    monkeypatch.setattr(service, "MOST", 2)
    monkeypatch.setattr(service, "first_come", lambda *given: first_come(*given)[::-1])
    monkeypatch.setattr("chalicelib.asking.waves.wanted_by", lambda *_, **__: [])
    assert Days(1, helpers=8, needs_a_day=2).live(10).passed_over


def test_who_takes_the_newest_first_is_caught(monkeypatch):
    order = Turn.order.fget

    def newest_first(turn):
        asked, urgent, published_at, need = order(turn)
        return asked, urgent, -published_at, need

    monkeypatch.setattr(Turn, "order", property(newest_first))
    monkeypatch.setattr("chalicelib.asking.waves.wanted_by", lambda *_, **__: [])
    assert Days(1, helpers=16, needs_a_day=6).live(20).passed_over


def test_who_counts_no_asks_is_caught(monkeypatch):
    monkeypatch.setattr("chalicelib.people.model.Person.may_be_asked", lambda *_: None)
    monkeypatch.setattr("chalicelib.people.model.asks_left", lambda *_: 1)
    monkeypatch.setattr("chalicelib.asking.choosing.asks_left", lambda *_: 1)
    assert Days(1, helpers=16, needs_a_day=4).live(10).above_the_limit
