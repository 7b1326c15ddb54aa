"""What a history comes to, on histories made by hand."""

from zoneinfo import ZoneInfo

import pytest

from infra.simulate.draws import chance, lognormal, weighted
from infra.simulate.figures import above_limit, figures, jain, most_within
from infra.simulate.history import Ask, History, Limit, NeedStory, Reply, Sent
from infra.simulate.svg import Chart

HOUR_S, DAY_S = 3_600, 86_400
PARIS = ZoneInfo("Europe/Paris")
START = 1_772_406_000
"""Monday 2 March 2026, midnight in Paris."""


def a_history(limits=None, **lists):
    history = History(limits or {1: Limit(3, 8), 2: Limit(3, 8)})
    for need in lists.get("needs", ()):
        history.needs[need.number] = need
    for ask in lists.get("asks", ()):
        history.ask(ask)
    history.replies += lists.get("replies", ())
    history.mails += lists.get("mails", ())
    history.posts = lists.get("posts", 1)
    return history


def came(history):
    return figures(history, PARIS)


def test_a_need_is_met_when_as_many_came_as_it_wants():
    needs = [
        NeedStory(0, START, wants=1, kept_at=[START + 5]),
        NeedStory(1, START, wants=2, kept_at=[START + 5]),
        NeedStory(2, START, wants=1),
    ]
    assert (came(a_history(needs=needs)).met, came(a_history(needs=needs)).needs) == (1, 3)


def test_the_first_answer_is_the_first_of_anybody_and_a_median_over_needs():
    needs = [NeedStory(number, START, wants=1) for number in range(4)]
    replies = [
        Reply(START + 2 * HOUR_S, 0, 1, "no"),
        Reply(START + 4 * HOUR_S, 1, 1, "yes"),
        Reply(START + 9 * HOUR_S, 0, 2, "yes"),
        Reply(START + 9 * HOUR_S, 2, 2, "late"),
    ]
    found = came(a_history(needs=needs, replies=replies))
    assert (found.first_answer_h, found.first_yes_h) == (4.0, 6.5)
    assert (found.unanswered, found.late) == (1, 1)


def test_where_nobody_answers_there_is_no_median():
    found = came(a_history(needs=[NeedStory(0, START, wants=1)]))
    assert (found.first_answer_h, found.met_share, found.fairness) == (None, 0.0, 1.0)


@pytest.mark.parametrize(
    ("loads", "index"), [([4, 4, 4, 4], 1.0), ([8, 0, 0, 0], 0.25), ([], 1.0), ([2, 1], 0.9)]
)
def test_jain(loads, index):
    assert jain(loads) == pytest.approx(index)


def test_the_largest_load_is_of_any_seven_days_not_of_calendar_weeks():
    days = [5, 6, 7, 8, 30]
    assert most_within([START + day * DAY_S for day in days], 7 * DAY_S) == 4
    assert most_within([START, START + 7 * DAY_S], 7 * DAY_S) == 1
    assert most_within([], 7 * DAY_S) == 0


def test_asks_above_what_a_helper_chose_are_counted():
    within = [Ask(START + day * DAY_S, day, 1) for day in (0, 3, 6, 7)]
    assert above_limit(a_history(asks=within)) == 0
    assert above_limit(a_history(asks=[*within[:3], Ask(START + 7 * DAY_S - 1, 9, 1)])) == 1
    often = [Ask(START + day * DAY_S, day, 1) for day in range(0, 81, 10)]
    assert above_limit(a_history(asks=often)) == 1
    assert above_limit(a_history(asks=[*often[:8], Ask(START + 91 * DAY_S, 9, 1)])) == 0


def test_mails_are_counted_by_the_local_day_of_one_person():
    late = START + 23 * HOUR_S + 1_800
    mails = [Sent(late, 1), Sent(late + 3_000, 1), Sent(late, 2), Sent(late + 60, 1)]
    history = a_history(mails=mails, posts=2)
    history.events = 6
    found = came(history)
    assert (found.mails, found.mails_per_post, found.notices_per_post) == (4, 2.0, 3.0)
    assert found.most_mails_a_day == 2


def test_mails_are_counted_by_what_they_were_sent_for():
    leads = ["asked_to_help", "listing_ending", "asked_to_help"]
    found = came(a_history(mails=[Sent(START, 1, lead) for lead in leads], posts=2))
    assert found.mails_for == {"asked_to_help": 2, "listing_ending": 1}
    assert sum(found.mails_for.values()) == found.mails


def test_chance_belongs_to_the_question():
    assert chance(7, "heeds", 1, 2) == chance(7, "heeds", 1, 2) != chance(8, "heeds", 1, 2)
    drawn = [chance("spread", number) for number in range(4_000)]
    assert all(0 <= each < 1 for each in drawn)
    assert sum(drawn) / 4_000 == pytest.approx(0.5, abs=0.02)


def test_half_of_a_lognormal_lies_below_its_median():
    drawn = [lognormal(5.0, 1.2, number) for number in range(2_000)]
    assert sum(each < 5 for each in drawn) == pytest.approx(1_000, abs=70)


def test_weights_are_kept():
    drawn = [weighted((("rare", 1.0), ("often", 3.0)), number) for number in range(4_000)]
    assert drawn.count("often") == pytest.approx(3_000, abs=120)


def test_a_drawing_escapes_what_it_is_told_and_stays_in_its_frame():
    chart = Chart("<Needs> & more", "day", "needs", 10, 100)
    chart.line("ours", [(0, 0), (10, 100)])
    drawn = chart.drawn()
    assert "&lt;Needs&gt; &amp; more" in drawn
    assert 'points="70.0,345.0 570.0,50.0"' in drawn
