"""Who is asked when: waves, and what ends them."""

from dataclasses import replace

import pytest

from chalicelib.asking import service, waves
from chalicelib.asking.model import Asking
from chalicelib.asking.shown import show_asking
from chalicelib.cities.asking import Wave
from chalicelib.errors import Conflict
from chalicelib.notices.hours import Quiet
from tests.asking import Neighbourhood
from tests.samples import HOUR_S

WAVES = (Wave(2, 60, 20, 1_000), Wave(2, 120, 30, 2_000), Wave(3, 240, 60, 10_000))


@pytest.fixture
def town():
    town = Neighbourhood()
    town.waves(*WAVES)
    return town


def test_a_new_need_is_asked_for_in_the_next_round_and_once(town):
    helpers, need = town.helpers(3), town.need()
    town.round()
    assert len(town.asked(need)) == 2
    assert town.mails("asked_to_help") == town.asked(need)
    for _ in range(3):
        town.round(minutes=1)
    assert len(town.asked(need)) == 2
    assert {match.state for match in town.matches(need).values()} == {"proposed"}
    assert sorted(len(town.house.people.get(helper.id).asked) for helper in helpers) == [0, 1, 1]


def test_the_first_round_ever_asks_for_all_that_is_on_the_board(town):
    town.helpers(4)
    town.clock.turn(days=-3)
    old = town.need()
    town.clock.turn(days=3)
    town.round()
    assert town.asked(old)


def test_the_next_wave_begins_when_the_wait_is_over_and_looks_farther(town):
    near, far = town.helpers(2), town.helper("far", away_m=1_500)
    need = town.need()
    town.round()
    assert set(town.asked(need)) == {helper.id for helper in near}
    town.round(minutes=59)
    assert len(town.asked(need)) == 2
    town.round(minutes=1)
    assert town.asked(need)[2:] == [far.id]


def test_an_urgent_need_waits_less(town):
    town.helpers(4)
    need = town.need(urgency="high")
    town.round()
    town.round(minutes=20)
    assert len(town.asked(need)) == 4


def test_when_everybody_of_a_wave_has_said_no_the_next_one_does_not_wait(town):
    town.helpers(4)
    need = town.need()
    town.round()
    for helper in town.asked(need):
        town.decline(need, town.house.people.get(helper))
    town.round(minutes=1)
    assert len(town.asked(need)) == 4


def test_one_no_does_not_begin_the_next_wave(town):
    town.helpers(4)
    need = town.need()
    town.round()
    town.decline(need, town.first(need))
    town.round(minutes=1)
    assert len(town.asked(need)) == 2


def test_a_wave_where_nobody_is_goes_on_to_the_next_at_once(town):
    far, need = town.helper("far", away_m=3_500), town.need()
    town.round()
    assert town.asked(need) == [far.id]
    assert town.asking(need).wave == 3


def test_a_wave_stops_when_the_need_is_served(town):
    town.helpers(6)
    need = town.need()
    town.round()
    town.accept(need, town.first(need))
    town.rounds_for(10 * 60)
    assert len(town.asked(need)) == 2
    assert town.asking(need).state == "served"


def test_a_need_for_two_goes_on_until_both_places_are_taken(town):
    town.helpers(8)
    need = town.need(capacity=2)
    town.round()
    assert len(town.asked(need)) == 3
    town.accept(need, town.first(need))
    town.round(hours=1)
    assert len(town.asked(need)) > 3


def test_a_place_that_becomes_free_is_asked_for_again_and_nobody_twice(town):
    town.helpers(4)
    need = town.need()
    town.round()
    first = town.first(need)
    town.accept(need, first)
    town.round(minutes=1)
    town.cancel(need, first)
    town.round(hours=2)
    town.rounds_for(3 * 60)
    assert len(town.asked(need)) == len(set(town.asked(need))) == 4


def test_nobody_is_asked_above_their_weekly_limit(town):
    busy = town.helper("busy", asks_per_week=2)
    needs = [town.need() for _ in range(4)]
    town.round()
    town.rounds_for(8 * 60)
    assert sum(busy.id in town.asked(need) for need in needs) == 2


def test_of_equals_the_least_asked_is_asked_first(town):
    town.helpers(6, asks_per_week=9)
    first, second = town.need(), town.need()
    town.round()
    assert not set(town.asked(first)) & set(town.asked(second))


def test_the_older_of_two_needs_comes_first_and_each_is_asked_for_once_before_any_twice(town):
    town.helpers(2, asks_per_week=1)
    needs = []
    for _ in range(3):
        needs.append(town.need())
        town.clock.turn(seconds=5)
    town.round()
    assert [len(town.asked(need)) for need in needs] == [1, 1, 0]


def test_a_new_helper_is_asked_for_the_oldest_need_however_many_fit_better(town):
    old = town.publish("need", town.monique, away_m=900)
    for number in range(55):
        town.clock.turn(minutes=1)
        town.need(town.helper(f"seeker-{number}", offer=False))
    town.round(minutes=1)
    yusuf = town.helper("yusuf", away_m=0, asks_per_week=1)
    town.round(minutes=1)
    assert town.asked(old) == [yusuf.id]


def test_after_the_last_wave_a_need_is_handed_over_and_who_is_left_is_asked_all_the_same(town):
    town.waves(Wave(1, 60, 20, 10_000))
    town.helpers(2)
    need = town.need()
    town.round()
    town.decline(need, town.first(need))
    town.round(minutes=1)
    assert len(town.asked(need)) == 2
    assert town.mails("need_unanswered") == [town.monique.id]


def test_the_more_urgent_need_comes_first(town):
    only = town.helper("only", asks_per_week=1)
    calm = town.need()
    town.clock.turn(seconds=5)
    urgent = town.need(urgency="high")
    town.round()
    assert (town.asked(urgent), town.asked(calm)) == ([only.id], [])


@pytest.mark.parametrize(
    "said",
    [
        {"paused_until": 1 << 40},
        {"willing": ("pets",)},
        {"asks_per_week": 0},
        {"muted": ("asked",)},
        {"mail": "bounced"},
        {"mail": "complained"},
    ],
)
def test_who_must_not_be_asked_is_passed_over(town, said):
    town.helper("unwilling", away_m=10, **said)
    willing, need = town.helper("willing", away_m=900), town.need()
    town.round()
    assert town.asked(need) == [willing.id]


def test_who_sleeps_is_asked_when_they_wake_and_their_wave_is_not_lost(town):
    sleeper = town.helper("sleeper", away_m=10, quiet=Quiet(9 * 60, 12 * 60))  # it is ten o'clock
    awake, need = town.helper("awake"), town.need()
    town.round()
    assert town.asked(need) == [awake.id]
    town.round(minutes=59)
    assert town.asked(need) == [awake.id]
    for _ in range(4):
        town.round(minutes=20)
    assert sleeper.id in town.asked(need)


def test_a_wave_in_which_all_sleep_begins_when_the_first_wakes(town):
    late = town.helper("late", quiet=Quiet(8 * 60, 15 * 60))
    early = town.helper("early", quiet=Quiet(8 * 60, 13 * 60))
    need = town.need()
    town.rounds_for(175, every=5)
    assert town.asked(need) == []
    assert town.asking(need).wave == 1
    town.round(minutes=5)
    assert town.asked(need) == [early.id]
    assert town.asking(need).due_at == town.clock.now + HOUR_S
    assert late.id not in town.asked(need)


@pytest.mark.parametrize("act", ["decline", "cancel"])
def test_a_seeker_is_not_mailed_the_no_of_whom_the_city_asked(town, act):
    yusuf, need = town.helper("yusuf"), town.need()
    town.round()
    told = getattr(town, act)(need, yusuf)
    assert told.notices == ()
    town.rounds_for(8 * 60)
    assert town.mails("need_unanswered") == [town.monique.id]


def test_a_seeker_is_not_mailed_the_silence_of_whom_the_city_asked(town):
    town.helper("yusuf")
    town.need()
    town.round()
    town.clock.turn(hours=49)
    assert town.house.matching.tend_due(town.clock.now).done == 1
    assert town.mails("match_lapsed") == []


@pytest.mark.parametrize("act", ["decline", "cancel"])
def test_a_seeker_who_joined_in_is_mailed_the_no(town, act):
    yusuf, need = town.helper("yusuf"), town.need()
    town.round()
    (match,) = town.matches(need).values()
    town.propose(need, match.offer, message="Samedi ?")
    (mail,) = getattr(town, act)(need, yusuf).notices
    assert mail.to == town.monique.id


def test_who_has_to_do_with_the_need_already_is_not_asked_by_the_city(town):
    yusuf = town.helper("yusuf")
    need, second = town.need(), town.offer(yusuf)
    town.propose(need, second.id)
    town.rounds_for(8 * 60)
    assert town.asked(need) == []
    assert len(town.matches(need)) == 1


def test_the_city_asks_a_helper_once_for_a_need_whatever_they_offer(town):
    yusuf = town.helper("yusuf")
    for _ in range(3):
        town.offer(yusuf)
    need = town.need()
    town.rounds_for(8 * 60)
    assert town.asked(need) == [yusuf.id]


class TestTwoOffersOfOneHelper:
    @pytest.fixture
    def need(self, town):
        """The city asked Yusuf for it; of his other offer the seeker asked him, and to that he said no."""
        self.yusuf = town.helper("yusuf")
        town.offer(self.yusuf)
        offers = town.house.publishing.listings.of_author(self.yusuf.id, before=None, limit=2)
        need = town.need()
        town.round()
        (asked,) = town.asking(need).asked
        self.other = next(offer.id for offer in offers if offer.id != asked.offer)
        said = {"by": town.monique, "message": "", "key": "own", "now": town.clock.now}
        match = town.house.matching.propose(need.id, self.other, **said).match
        town.house.matching.decline(match.id, "no_time", by=self.yusuf.id, key="no", now=town.clock.now)
        return need

    def test_a_no_to_the_one_does_not_end_the_wave_that_asked_for_the_other(self, town, need):
        town.helper("far", away_m=1_500)
        town.round(minutes=1)
        assert town.asked(need) == [self.yusuf.id]

    def test_their_answer_to_the_city_is_shown_and_no_other(self, town, need):
        shown = show_asking(town.house.asking.progress(need), town.house.city, town.clock.now)
        assert (shown["waiting"], shown["declined"]) == (1, 0)

    def test_the_desk_has_the_reason_of_each(self, town, need):
        town.rounds_for(8 * 60)
        passed = town.asking(need).outcome.passed
        assert {each.why for each in passed if each.offer == self.other} == {"declined"}
        assert {each.why for each in passed if each.offer != self.other} == {"no_answer"}


@pytest.mark.parametrize("who_blocks", ["seeker", "helper"])
def test_nobody_is_asked_across_a_block(town, who_blocks):
    yusuf, other = town.helper("yusuf"), town.helper("other", away_m=900)
    sides = (town.monique, yusuf) if who_blocks == "seeker" else (yusuf, town.monique)
    town.house.people.save(sides[0].blocking(sides[1].id, "match", town.clock.now))
    need = town.need()
    town.rounds_for(8 * 60)
    assert town.asked(need) == [other.id]


def test_the_citys_asking_leaves_the_seeker_their_own_proposals(town):
    town.house.city = replace(town.house.city, limits=replace(town.house.city.limits, proposals_per_day=1))
    town.helpers(2)
    need, last = town.need(), town.helper("last", away_m=3_500)
    town.round()
    offer = next(iter(town.house.publishing.listings.of_author(last.id, before=None, limit=1)))
    assert town.propose(need, offer.id).match.proposer == "seeker"


def test_a_seeker_who_asks_whom_the_city_asked_adds_their_word_and_nobody_is_asked_twice(town):
    yusuf, need = town.helper("yusuf"), town.need()
    town.round()
    (match,) = town.matches(need).values()
    for _ in range(2):
        told = town.propose(need, match.offer, message="Samedi ?")
        assert (told.match.id, told.match.message, told.notices) == (match.id, "Samedi ?", ())
    with pytest.raises(Conflict, match="already_asked"):
        town.propose(need, match.offer, message="Samedi ?", key="another")
    assert town.mails("asked_to_help") == [yusuf.id]
    assert len(town.house.people.get(yusuf.id).asked) == 1


def test_a_helper_erased_or_an_offer_withdrawn_in_mid_wave_is_passed_over(town):
    helpers, need = town.helpers(4), town.need()
    board = town.house.asking.board.still(town.clock.now)
    town.house.asking.board.still = lambda now: board
    gone, withdrawn = helpers[:2]
    del town.house.tables._rows["people"][gone.id, "me"]
    (offer,) = town.house.publishing.listings.of_author(withdrawn.id, before=None, limit=1)
    town.house.publishing.withdraw(offer.id, by=withdrawn.id, key="gone", now=town.clock.now)
    outcome = town.round()
    assert outcome.failed == 0
    assert set(town.asked(need)) == {helper.id for helper in helpers[2:]}


class TestUnanswered:
    def test_after_the_last_wave_the_seeker_is_told_once_and_the_desk_has_every_reason(self, town):
        yes, no = town.helper("silent"), town.helper("no", away_m=1_500)
        town.helper("paused", paused_until=1 << 40)
        town.helper("far", away_m=3_500, said={"reach_m": 1_000})
        town.helper("mute", muted=("asked",))
        need = town.need()
        town.round()
        town.rounds_for(60)
        town.decline(need, no, "not_able")
        town.rounds_for(8 * 60)
        assert town.mails("need_unanswered") == [town.monique.id]
        (progress,) = town.house.asking.unanswered(town.clock.now)
        assert progress.asking.outcome.totals == {
            "no_answer": 1, "declined": 1, "helper_paused": 1, "too_far": 1, "helper_unreachable": 1,
        }  # fmt: skip
        (declined,) = [each for each in progress.asking.outcome.passed if each.why == "declined"]
        assert declined.said == "not_able"
        assert yes.id in town.asked(need)

    def test_a_need_with_nobody_near_waits_its_last_wave_before_its_author_is_told(self, town):
        need = town.need()
        town.round()
        assert town.mails("need_unanswered") == []
        town.rounds_for(4 * 60)
        assert town.mails("need_unanswered") == [town.monique.id]
        assert town.asking(need).state == "unanswered"

    @pytest.mark.parametrize(("urgency", "pace"), [("high", "soon"), ("normal", "calm")])
    def test_that_nobody_could_help_is_urgent_only_if_the_need_is(self, town, urgency, pace):
        town.need(urgency=urgency)
        town.rounds_for(5 * 60)
        (told,) = town.notices("need_unanswered")
        assert told["pace"] == pace

    def test_who_renews_a_need_or_is_asked_for_anew_is_told_anew(self, town):
        need = town.need()
        town.rounds_for(5 * 60)
        coordinate = {"key": "again", "now": town.clock.now}
        town.house.asking.ask_again(need.id, None, **coordinate)
        town.rounds_for(5 * 60)
        renewal = {"by": town.monique.id, "key": "renew", "now": town.clock.now}
        town.house.publishing.renew(need.id, **renewal)
        town.rounds_for(5 * 60)
        assert town.mails("need_unanswered") == [town.monique.id] * 3

    def test_somebody_new_is_asked_at_once_and_nobody_is_told_twice(self, town):
        need = town.need()
        town.rounds_for(5 * 60)
        town.clock.turn(minutes=5)
        new = town.helper("new", away_m=3_500)
        town.round()
        assert town.asked(need) == [new.id]
        town.rounds_for(12 * 60)
        assert town.asking(need).state == "unanswered"
        assert town.mails("need_unanswered") == [town.monique.id]

    def test_a_coordinator_lets_it_begin_anew_as_far_as_they_say(self, town):
        far = town.helper("far", away_m=3_500)
        need = town.need(reach_m=2_000)
        town.rounds_for(5 * 60)
        assert town.asking(need).state == "unanswered"
        asking = town.house.asking
        for _ in range(2):
            asking.ask_again(need.id, 5_000, key="again", now=town.clock.now)
        assert asking.unanswered(town.clock.now) == []
        with pytest.raises(Conflict, match="not_unanswered"):
            asking.ask_again(need.id, 5_000, key="another", now=town.clock.now)
        town.round()
        assert town.asked(need) == [far.id]

    def test_a_renewed_need_starts_anew_and_asks_nobody_again(self, town):
        first = town.helper("first")
        need = town.need()
        town.rounds_for(8 * 60)
        town.clock.turn(minutes=5)
        second = town.helper("second", away_m=900)
        town.house.publishing.renew(need.id, by=town.monique.id, key="renew", now=town.clock.now)
        town.round(minutes=1)
        assert town.asked(need) == [first.id, second.id]
        assert (town.asking(need).wave, town.asking(need).told) == (1, False)


class TestMoreThanOneRoundTakes:
    @pytest.fixture
    def needs(self, town, monkeypatch):
        """Five needs, the last of them urgent, in a city whose rounds take two."""
        monkeypatch.setattr(service, "MOST", 2)
        town.helpers(8)
        said = [{}, {}, {}, {}, {"urgency": "high"}]
        found = []
        for each in said:
            town.clock.turn(seconds=5)
            found.append(town.need(**each))
        return found

    def rounds(self, town, needs, many, **turn):
        """Return, of each round, which needs had been asked for by then and how many were left."""
        found = []
        for _ in range(many):
            left = town.round(**turn).left
            asked = [number for number, need in enumerate(needs) if town.asking(need)]
            found.append((asked, left))
        return found

    def test_the_urgent_and_the_oldest_come_first_and_the_others_in_the_rounds_after(self, town, needs):
        seen = [([0, 4], 3), ([0, 1, 2, 4], 1), ([0, 1, 2, 3, 4], 0)]
        assert self.rounds(town, needs, 3, minutes=5) == seen

    def test_what_waits_for_its_next_wave_loses_none_of_it(self, town, needs):
        self.rounds(town, needs, 3, minutes=5)
        town.clock.turn(hours=1)
        self.rounds(town, needs, 3, minutes=5)
        assert [town.asking(need).wave for need in needs] == [2] * 5

    def test_new_offers_are_looked_at_once_nothing_is_left(self, town, needs):
        town.rounds_for(12 * 60, every=5)
        new = town.helper("new", away_m=900, asks_per_week=9)
        town.rounds_for(30, every=5)
        assert all(new.id in town.asked(need) for need in needs)

    def test_a_round_that_takes_some_and_says_that_all_is_done_is_caught(self, town, needs, monkeypatch):
        everything = service.Asker._due

        def some(asker, board, since, now):
            due, new = everything(asker, board, since, now)
            return {need: due[need] for need in service.first_come(due, board, asker.city)[:2]}, new

        monkeypatch.setattr(service.Asker, "_due", some)
        assert self.rounds(town, needs, 5, minutes=5)[-1] != ([0, 1, 2, 3, 4], 0)

    def test_as_many_again_that_want_the_same_helpers_are_looked_at_and_the_oldest(self, town, monkeypatch):
        needs = [town.need() for _ in range(4)]
        town.rounds_for(8 * 60)
        monkeypatch.setattr(waves, "MOST", 2)
        town.helper("new", asks_per_week=9)
        outcome = town.round()
        assert (outcome.done, outcome.left) == (2, 0)
        assert sum(len(town.asked(need)) for need in needs) == 2


class TestClocks:
    def test_a_clock_that_jumps_ahead_skips_no_wave(self, town):
        town.helpers(8)
        need = town.need()
        town.round()
        town.round(hours=100)
        assert [each.wave for each in town.asking(need).asked] == [1, 1, 2, 2]
        town.round(minutes=1)
        assert len(town.asked(need)) == 4

    @pytest.mark.parametrize("hours", [1, 30])
    def test_a_clock_that_goes_back_loses_no_need_and_asks_nobody_twice_or_too_often(self, town, hours):
        helper = town.helper("helper", asks_per_week=1)
        town.clock.turn(hours=hours)
        ahead = town.need()
        town.round()
        assert town.asked(ahead) == [helper.id]
        town.clock.turn(hours=-hours)
        town.round()
        town.clock.turn(minutes=10)
        other = town.helper("other", asks_per_week=1)
        after = town.need()
        town.round()
        town.round(minutes=1)
        assert town.asked(after) == [other.id]
        assert len(town.asked(ahead)) == len(set(town.asked(ahead)))

    def test_a_need_stamped_by_a_clock_ahead_of_ours_is_found(self, town):
        town.helpers(2)
        town.round()
        town.clock.turn(minutes=3)
        need = town.need()
        town.clock.turn(minutes=-3)
        town.round()
        assert town.asking(need) is not None


def test_an_asking_asks_nobody_twice_whatever_it_is_told():
    asking = Asking("need", 0, 0).asking_one("yusuf", "offer", 1, wave_ends=2, due_at=2)
    with pytest.raises(Conflict, match="already_asked"):
        asking.asking_one("yusuf", "other", 1, wave_ends=2, due_at=2)


def test_the_asking_of_a_need_that_is_gone_is_forgotten_in_time(town):
    need = town.need()
    town.round()
    town.house.publishing.withdraw(need.id, by=town.monique.id, key="end", now=town.clock.now)
    town.clock.turn(days=2)
    town.round()
    assert town.asking(need).state == "over"
    town.clock.turn(days=91)
    assert town.house.asking.purge_due(town.clock.now).done == 1
    assert town.asking(need) is None


@pytest.mark.parametrize(
    ("days_ago", "language", "asked"),
    [(30, "fr", "far"), (30, "ar", "near"), (90, "fr", "far"), (91, "fr", "near")],
)
def test_of_equal_fits_the_one_asked_less_in_the_season_is_asked(town, days_ago, language, asked):
    town.waves(Wave(1, 60, 20, 10_000))
    before = town.clock.now - days_ago * 24 * HOUR_S
    near = town.helper("near", away_m=100, asked=(before,))
    far = town.helper("far", away_m=3_500, said={"languages": (language,)})
    need = town.need()
    town.round()
    assert town.asked(need) == [{"near": near, "far": far}[asked].id]


def test_whom_a_season_has_had_enough_of_is_not_asked(town):
    weeks = tuple(town.clock.now - week * 7 * 24 * HOUR_S for week in range(12, 4, -1))
    town.helper("often", asked=weeks, asks_per_season=len(weeks))
    need = town.need()
    town.round()
    assert town.asked(need) == []
    town.clock.turn(days=7)
    town.round()
    assert len(town.asked(need)) == 1
