"""A city to try engines on: the same seed gives the same days, the same residents, the same answers."""

from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from chalicelib.cities.model import load_city
from chalicelib.settings import CITIES
from infra.simulate.figures import figures
from infra.simulate.habits import Habits, read_habits
from infra.simulate.history import Ask, History, Limit
from infra.simulate.network import Schedule
from infra.simulate.replies import Replies
from infra.simulate.running import ENGINES, OURS, run
from infra.simulate.world import Size, world
from tests.city import DATA

SMALL = Size(residents=50, needs=30, days=6)


def a_world(seed=7, size=SMALL):
    city = load_city(CITIES / "mulhouse.json")
    start = int(datetime(2026, 3, 2, tzinfo=city.zone).timestamp())
    return world(city, Habits(), seed=seed, size=size, start=start)


@cache
def days_of(engine, seed=7):
    return run(a_world(seed), engine, lambda _day: None)


def came(engine):
    return figures(days_of(engine), a_world().city.zone)


def test_the_days_have_something_in_them():
    for engine in ENGINES:
        found = came(engine)
        assert 0 < found.met < found.needs == SMALL.needs, engine
        assert found.mails > found.asks > 0
        assert {reply.word for reply in days_of(engine).replies} >= {"yes", "no"}


def test_a_city_is_drawn_from_its_seed_alone():
    assert a_world() == a_world() != a_world(8)


@pytest.mark.parametrize("peer", ["nearest", "least_asked"])
def test_whoever_asks_a_resident_for_a_need_is_answered_the_same(peer):
    """Common random numbers: of those asked no oftener than they chose, by two engines."""
    ours, theirs = (
        {(r.need, r.helper): r.word == "no" for r in days_of(engine).replies} for engine in (OURS, peer)
    )
    both = ours.keys() & theirs.keys()
    assert {ours[pair] for pair in both} == {True, False}
    assert {pair: ours[pair] for pair in both} == {pair: theirs[pair] for pair in both}


def test_what_a_resident_says_hangs_on_no_order():
    tried = a_world()
    pairs = [(resident, need) for resident in tried.residents[:20] for need in tried.needs[:20]]
    said = [
        [Replies(tried, History({})).word(*pair, tried.start) for pair in order]
        for order in (pairs, pairs[::-1])
    ]
    assert said[0] == said[1][::-1]
    assert {*said[0]} == {"yes", "no", None}


def test_residents_asked_far_above_what_they_chose_grow_weary():
    tried = a_world()
    resident = next(each for each in tried.residents if each.offers and each.silence < 0.3)
    calm, weary = (History({resident.number: Limit(1, 8)}) for _ in range(2))
    for _ in range(200):
        weary.ask(Ask(tried.start, 0, resident.number))
    answered = [
        sum(Replies(tried, each).word(resident, need, tried.start) is not None for need in tried.needs)
        for each in (calm, weary)
    ]
    assert answered[0] > SMALL.needs / 2 > answered[1] == 0


def test_nobody_is_asked_above_what_they_chose_and_a_network_that_does_is_caught():
    assert came(OURS).above_limit == 0
    assert came("random_50").above_limit > 50
    assert came("random_50").most_in_week > 2 * came(OURS).most_in_week


def test_nobody_waits_unasked_for_long_and_an_engine_that_sleeps_is_caught(monkeypatch):
    assert came(OURS).longest_idle_h <= 24
    monkeypatch.setattr("infra.simulate.peers.Asker._plan", lambda _self: None)
    asleep = figures(run(a_world(), "nearest", lambda _day: None), a_world().city.zone)
    assert (asleep.asks, asleep.met) == (0, 0)
    assert asleep.longest_idle_h > 48


def test_ticks_that_find_nothing_can_be_left_out(monkeypatch):
    size = Size(residents=30, needs=12, days=1)
    shown = run(a_world(5, size), OURS, lambda _day: None)

    def every(schedule, _tables, earliest):
        return -(-max(schedule.last + 1, earliest) // schedule.every_s) * schedule.every_s

    monkeypatch.setattr(Schedule, "next_at", every)
    full = run(a_world(5, size), OURS, lambda _day: None)
    assert shown.asks
    assert (full.asks, full.replies, full.mails) == (shown.asks, shown.replies, shown.mails)


def test_without_data_the_habits_are_stated():
    assert read_habits(Path("/nowhere")) == Habits()
    assert Habits().sources == ()


def test_habits_of_real_matches_are_shares_and_say_where_they_are_from():
    folder = DATA / "ppe_getusppe"
    if not folder.is_dir():
        pytest.skip("the data of GetUsPPE is not here")
    found = read_habits(folder)
    assert {name for name, _ in found.sources} >= {"yes", "places", "arrivals", "answer_sigma"}
    assert all(0 < each < 1 for each in (*found.yes, found.seeker_cancels, found.seeker_vanishes))
    assert 0.6 < sum(found.yes) / len(found.yes) < 0.9
    assert (len(found.arrivals), min(found.places)) == (90, 1)
