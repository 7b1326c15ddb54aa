"""What a person may be asked, and how they prove to be themselves."""

from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Conflict, NotSignedIn
from chalicelib.people.model import (
    ASKS_PER_SEASON,
    LINK_S,
    MOST_TRIES,
    SEASON_S,
    SESSION_S,
    WEEK_S,
    Session,
    SignIn,
    asks_left,
    helper_of,
)
from tests.samples import NOW, a_person, an_id

ATTEMPT = SignIn(an_id("attempt"), "monique@example.org", "fr", NOW)


def refused(person, category="groceries", now=NOW):
    with pytest.raises(Conflict) as conflict:
        person.may_be_asked(category, now)
    return conflict.value.code


def test_who_says_nothing_may_be_asked_for_anything_thrice_a_week():
    person = a_person()
    for at in (NOW - 2, NOW - 1, NOW):
        person.may_be_asked("groceries", NOW)
        person = person.was_asked(at)
    assert refused(person) == "helper_asked_enough"


def test_an_ask_counts_for_a_week_to_the_second():
    person = a_person(asks_per_week=1).was_asked(NOW)
    assert refused(person, now=NOW + WEEK_S - 1) == "helper_asked_enough"
    person.may_be_asked("groceries", NOW + WEEK_S)


@given(st.lists(st.integers(0, 30 * 86_400), min_size=1, max_size=60).map(sorted), st.integers(0, 4))
def test_nobody_is_asked_more_often_in_any_week_than_they_chose(moments, most):
    person, asked = a_person(asks_per_week=most), []
    for moment in moments:
        at = NOW + moment
        lately = sum(at - WEEK_S < each <= at for each in asked)
        with nullcontext() if lately < most else pytest.raises(Conflict):
            person.may_be_asked("groceries", at)
            person = person.was_asked(at)
            asked.append(at)
    assert all(sum(at - WEEK_S < each <= at for each in asked) <= most for at in asked)
    assert len(person.asked) <= 13 * most


def test_an_ask_counts_for_a_season_to_the_second():
    person = a_person()
    for week in range(ASKS_PER_SEASON):
        person = person.was_asked(NOW + week * WEEK_S)
    last = NOW + (ASKS_PER_SEASON - 1) * WEEK_S
    assert refused(person, now=last + WEEK_S) == "helper_asked_enough"
    assert refused(person, now=NOW + SEASON_S - 1) == "helper_asked_enough"
    person.may_be_asked("groceries", NOW + SEASON_S)


@pytest.mark.parametrize(
    ("week", "season", "left"),
    [(7, 8, 3), (7, 9, 3), (7, 10, 4), (2, 8, 2), (20, 60, 20), (7, 1, 1), (7, 0, 0)],
)
def test_a_week_takes_no_more_than_a_third_of_a_season(week, season, left):
    assert asks_left(a_person(asks_per_week=week, asks_per_season=season), NOW) == left


def test_who_is_asked_once_too_often_by_a_clock_that_jumped_is_asked_no_more():
    person = a_person(asks_per_week=1, asks_per_season=2, asked=(NOW + 90, NOW + 91, NOW + 92))
    assert asks_left(person, NOW) == 0


@given(st.lists(st.integers(0, 400 * 86_400), min_size=1, max_size=60).map(sorted), st.integers(0, 7))
def test_nobody_is_asked_more_often_in_any_season_than_they_chose(moments, most):
    person, asked = a_person(asks_per_week=50, asks_per_season=most), []
    for moment in moments:
        at = NOW + moment
        if asks_left(person, at):
            person = person.was_asked(at)
            asked.append(at)
    assert all(sum(at - SEASON_S < each <= at for each in asked) <= most for at in asked)
    assert len(person.asked) <= most


def test_who_pauses_is_not_asked_until_the_very_second_it_is_over():
    person = a_person(paused_until=NOW + 10)
    assert refused(person, now=NOW + 9) == "helper_paused"
    person.may_be_asked("groceries", NOW + 10)


def test_who_is_willing_to_do_one_thing_is_asked_for_no_other():
    person = a_person(willing=("meals",))
    person.may_be_asked("meals", NOW)
    assert refused(person, "groceries") == "helper_not_willing"
    assert refused(a_person(willing=()), "meals") == "helper_not_willing"


def test_who_never_wants_to_be_asked_is_not():
    assert refused(a_person(asks_per_week=0)) == "helper_asked_enough"


def test_every_change_of_a_person_is_a_version():
    person = a_person()
    for changed in (
        person.changed(name="Momo"),
        person.muting(["asked"]),
        person.without_mail("bounced"),
        person.was_asked(NOW),
    ):
        assert changed.version == person.version + 1
    assert person.muting(["listing"]).muting(["asked", "listing"]).muted == ("asked", "listing")
    assert person.muting(["listing"]).muting(["listing"]).version == person.version + 1
    assert person.without_mail("complained").mail == "complained"


def test_ranking_learns_of_a_person_what_it_needs_and_nothing_else():
    helper = helper_of(a_person(asked=(NOW,), willing=("meals",)))
    assert (helper.asked, helper.willing, helper.version) == ((NOW,), ("meals",), 1)
    assert not {"email", "name", "place", "languages"} & set(type(helper).__slots__)


def test_a_link_is_good_for_a_quarter_of_an_hour_and_once():
    ATTEMPT.usable(NOW + LINK_S - 1)
    with pytest.raises(NotSignedIn, match="sign_in_expired"):
        ATTEMPT.usable(NOW + LINK_S)
    with pytest.raises(NotSignedIn, match="sign_in_used"):
        ATTEMPT.used("key").usable(NOW)


def test_a_code_is_tried_five_times():
    attempt = ATTEMPT
    for _ in range(MOST_TRIES):
        attempt = attempt.tried()
    assert (attempt.tries, attempt.version) == (MOST_TRIES, 1 + MOST_TRIES)
    with pytest.raises(NotSignedIn, match="code_locked"):
        attempt.tried()


def test_a_session_lasts_a_month_or_until_one_signs_out_everywhere():
    person = a_person()
    session = Session("digest", person.id, NOW, person.epoch)
    assert session.open_for(person, NOW + SESSION_S - 1)
    assert not session.open_for(person, NOW + SESSION_S)
    assert not session.open_for(person.changed(epoch=person.epoch + 1), NOW)
