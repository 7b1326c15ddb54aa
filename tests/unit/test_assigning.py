"""All at once: who is asked by the hour, what it leaves, and what it says of who is left."""

from dataclasses import replace

import pytest

from chalicelib.asking import assigning
from chalicelib.assignment.checker import Rejected
from chalicelib.cities.asking import Wave
from chalicelib.people.model import WEEK_S
from tests.asking import Neighbourhood

WAVES = (Wave(1, 60, 20, 200), Wave(1, 120, 30, 400))


@pytest.fixture
def town():
    """A town whose waves look so near that they find nobody."""
    town = Neighbourhood()
    town.waves(*WAVES)
    return town


def assign(town, **turn):
    town.clock.turn(**turn)
    return town.house.asking.assign(town.clock.now)


def test_it_serves_most_needs_where_the_best_for_each_would_not(town):
    both = town.helper("both", away_m=500, asks_per_week=1)
    town.helper("one", away_m=2_000, said={"reach_m": 2_100}, asks_per_week=1)
    far = town.publish("need", town.monique, away_m=-500, reach_m=10_000)
    near = town.need()
    outcome = assign(town)
    assert (outcome.needs, outcome.options, outcome.served, outcome.asked) == (2, 3, 2, 2)
    assert town.asked(far) == [both.id]
    assert len(town.asked(near)) == 1


def test_a_match_keeps_the_terms_of_its_score(town):
    town.helper("one", away_m=800)
    need = town.need()
    assign(town)
    (match,) = town.matches(need).values()
    assert sum(match.terms.values()) > 500
    assert match.terms["asked"] == 120


def test_it_acts_again_only_after_as_many_hours_as_the_city_says(town):
    town.helper("one", away_m=800)
    town.need()
    assert assign(town).asked == 1
    other = town.need(town.helper("other", offer=False))
    assert assign(town, hours=1).needs == 0
    assert assign(town, minutes=57).asked == 1
    assert town.asked(other)


def test_a_need_that_waits_for_an_answer_is_left_alone_and_nobody_is_asked_twice(town):
    town.helpers(3, away_m=800)
    need = town.need()
    assign(town)
    assert assign(town, hours=3).needs == 0
    town.decline(need, town.first(need))
    assign(town, hours=3)
    assert len(town.asked(need)) == len(set(town.asked(need))) == 2


def test_waves_and_assignment_together_ask_nobody_twice_and_nobody_too_often(town):
    town.waves(Wave(2, 60, 20, 1_000), Wave(2, 60, 20, 5_000), assign_hours=1)
    helpers = town.helpers(6, away_m=800, asks_per_week=2)
    needs = [town.need() for _ in range(8)]
    for _ in range(30):
        town.round(minutes=20)
        town.house.asking.assign(town.clock.now)
    for need in needs:
        assert len(town.asked(need)) == len(set(town.asked(need)))
    for helper in helpers:
        assert len(town.house.people.get(helper.id).asked) <= 2


def test_the_weekly_limit_is_never_passed_and_a_week_later_counts_anew(town):
    only = town.helper("only", away_m=800, asks_per_week=1, said={"reach_m": 10_000})
    first, second = town.need(), town.need(town.helper("other", offer=False))
    assign(town)
    assign(town, hours=3)
    assert sorted([town.asked(first), town.asked(second)]) == [[], [only.id]]
    assign(town, seconds=WEEK_S)
    assert town.asked(first) == town.asked(second) == [only.id]


def test_the_more_urgent_need_is_served_and_the_other_is_told_who_would_lose(town):
    town.helper("only", away_m=800, asks_per_week=1)
    calm = town.need()
    urgent = town.need(town.helper("other", offer=False), urgency="high")
    assign(town)
    assert town.asked(urgent)
    assert town.asked(calm) == []
    certificate = town.asking(calm).certificate
    assert (certificate["why"], certificate["loser"], certificate["part"]) == (
        "costs_another",
        urgent.id,
        "urgent",
    )


def test_who_has_waited_for_days_counts_as_urgent(town):
    old = town.need()
    town.clock.turn(days=4)
    town.helper("only", away_m=800, asks_per_week=1)
    fresh = [town.need(town.helper(f"fresh {number}", offer=False)) for number in range(5)]
    assign(town)
    assert town.asked(old)
    assert not any(town.asked(need) for need in fresh)


def test_a_need_that_nobody_fits_keeps_the_gates_that_were_shut(town):
    town.helper("paused", away_m=300, paused_until=1 << 40)
    town.helper("far", away_m=3_000, said={"reach_m": 500})
    need = town.need()
    assign(town)
    assert town.asking(need).certificate == {
        "why": "no_option",
        "gates": {"helper_paused": 1, "too_far": 1},
    }


@pytest.mark.parametrize("act", ["wave", "renewed", "again"])
def test_why_a_need_was_not_served_is_forgotten_when_somebody_is_asked_or_it_begins_anew(town, act):
    need = town.need()
    assign(town)
    assert town.asking(need).certificate["why"] == "no_option"
    if act == "wave":
        town.helper("new", away_m=100)
        town.round(minutes=1)
        assert len(town.asked(need)) == 1
    elif act == "renewed":
        town.clock.turn(minutes=5)
        town.house.publishing.renew(need.id, by=town.monique.id, key="renew", now=town.clock.now)
        town.round(minutes=1)
    else:
        town.rounds_for(180)
        town.house.asking.ask_again(need.id, None, key="again", now=town.clock.now)
    assert town.asking(need).certificate is None


def test_nothing_is_proposed_that_the_checker_does_not_accept(town, monkeypatch):
    town.helper("one", away_m=800)
    need = town.need()
    solve = assigning.solve

    def altered(problem):
        solution = solve(problem)
        return replace(solution, pairs=())

    monkeypatch.setattr(assigning, "solve", altered)
    with pytest.raises(Rejected):
        assign(town)
    assert town.asking(need).asked == ()
    monkeypatch.undo()
    assert assign(town).asked == 1


@pytest.fixture
def road(town):
    """Eight needs along a road, and as many helpers who reach them all."""
    town.helpers(8, away_m=800)
    seekers = [town.helper(f"seeker {number}", offer=False) for number in range(8)]
    return [town.publish("need", by, away_m=300 * at, reach_m=10_000) for at, by in enumerate(seekers)]


def asked_in_turn(town, needs, hours):
    """Assign every hour; return which needs were asked for in each hour, and how many had to wait."""
    turns, before = [], set()
    for _ in range(hours):
        outcome = assign(town, hours=1)
        asked = {at for at, need in enumerate(needs) if town.matches(need)}
        turns.append((sorted(asked - before), outcome.left))
        before = asked
    return turns


def test_more_needs_than_a_run_can_take_have_their_turn_area_by_area(town, road, monkeypatch):
    monkeypatch.setattr(assigning, "AREA", 2)
    monkeypatch.setattr(assigning, "BESIDE", 1)
    turns = asked_in_turn(town, road, 4)
    assert sorted(turns) == [([0, 1], 6), ([2, 3], 6), ([4, 5], 6), ([6, 7], 6)]


def test_as_many_needs_as_a_run_can_take_are_assigned_at_once(town, road, monkeypatch):
    monkeypatch.setattr(assigning, "AREA", 4)
    monkeypatch.setattr(assigning, "BESIDE", 4)
    assert asked_in_turn(town, road, 2) == [([*range(8)], 0), ([], 0)]


def test_a_need_beside_the_area_keeps_the_helper_that_it_needs_more(town, monkeypatch):
    monkeypatch.setattr(assigning, "AREA", 1)
    monkeypatch.setattr(assigning, "BESIDE", 1)
    only = town.helper("only", away_m=800, asks_per_week=1)
    calm = town.need()
    town.publish("need", town.helper("far", offer=False), away_m=-2_000, reach_m=500)
    urgent = town.publish(
        "need", town.helper("other", offer=False), away_m=100, reach_m=10_000, urgency="high"
    )
    for _ in range(3):
        assign(town, hours=1)
    assert (list(town.matches(calm)), list(town.matches(urgent))) == ([], [only.id])


def test_an_unanswered_need_is_tried_again_and_told_of_once(town):
    need = town.need()
    town.rounds_for(300)
    assert town.asking(need).state == "unanswered"
    town.helper("late", away_m=3_000, paused_until=town.clock.now + 60)
    town.round(minutes=30)
    assert town.asked(need) == []
    assign(town)
    assert town.asking(need).state == "asking"
    assert len(town.asked(need)) == 1
    town.rounds_for(400)
    assert town.asking(need).state == "unanswered"
    assert town.mails("need_unanswered") == [town.monique.id]


def test_a_clock_that_goes_back_does_not_stop_it(town):
    town.clock.turn(days=2)
    assign(town)
    town.clock.turn(days=-2)
    town.helper("one", away_m=800)
    need = town.need()
    assert assign(town).asked == 1
    assert town.asked(need)
