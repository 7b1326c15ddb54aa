"""A notice's life, and the hours in which nobody is written to."""

from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.errors import Conflict
from chalicelib.notices.hours import Quiet
from chalicelib.notices.model import (
    KEPT_S,
    LEASE_S,
    MOST_ATTEMPTS,
    MOVES,
    RETRY_S,
    SETTLE_S,
    TEMPLATES,
    Notice,
    State,
    Topic,
    notice,
)
from tests.samples import NOW, an_id

STATES = get_args(State)
PARIS = ZoneInfo("Europe/Paris")
ZONES = [PARIS, ZoneInfo("Europe/Lisbon"), ZoneInfo("Australia/Lord_Howe")]

ACTS = {
    "claim": (lambda notice: notice.claimed(NOW), "claimed", {"waiting", "unsure"}),
    "carry": (lambda notice: notice.carried(NOW, "lead"), "carried", {"waiting"}),
    "send": (lambda notice: notice.sent(NOW, "provider-1"), "sent", {"waiting", "claimed", "unsure"}),
    "put off": (lambda notice: notice.put_off(NOW + 9), "waiting", {"waiting", "claimed", "unsure"}),
    "keep for the digest": (
        lambda notice: notice.for_digest(NOW + 9),
        "waiting",
        {"waiting", "claimed", "unsure"},
    ),
    "fail": (lambda notice: notice.failed(NOW), "waiting", {"waiting", "claimed", "unsure"}),
    "lose the answer": (lambda notice: notice.unsure(NOW), "unsure", {"claimed"}),
    "park": (lambda notice: notice.parked(NOW), "parked", {"claimed"}),
    "try again": (lambda notice: notice.again(NOW), "waiting", {"parked"}),
    "drop": (lambda notice: notice.dropped(NOW), "dropped", {"waiting", "unsure"}),
}


def a_notice(**fields):
    made = {"template": "match_accepted", "to": an_id("monique"), "subject": "match", "made_at": NOW}
    return Notice(**{"id": an_id("notice"), "due_at": NOW, **made} | fields)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_a_notice_moves_as_it_may_and_in_no_other_way(state, act):
    do, after, allowed = ACTS[act]
    standing = a_notice(state=state)
    if state not in allowed:
        with pytest.raises(Conflict, match="notice_not_waiting"):
            do(standing)
        return
    moved = do(standing)
    assert (moved.state, moved.version) == (after, standing.version + 1)


def test_every_move_of_the_table_is_made_by_some_act():
    made = {(state, after) for _, after, allowed in ACTS.values() for state in allowed}
    assert made == {(state, after) for state in MOVES for after in MOVES[state]}
    assert set(MOVES) == set(STATES)


@pytest.mark.parametrize("state", STATES)
def test_a_notice_is_over_when_nothing_more_can_become_of_it(state):
    assert a_notice(state=state).over == (state in ("sent", "carried", "dropped", "parked"))


def test_each_state_says_when_somebody_must_look_again():
    claimed = a_notice().claimed(NOW)
    assert claimed.due_at == NOW + LEASE_S
    assert claimed.unsure(NOW).due_at == NOW + SETTLE_S
    assert claimed.failed(NOW).due_at == NOW + RETRY_S
    assert claimed.put_off(NOW + 7).due_at == NOW + 7
    for over in (claimed.sent(NOW, "provider-1"), claimed.parked(NOW), a_notice().dropped(NOW)):
        assert over.due_at == NOW + KEPT_S
    assert claimed.sent(NOW, "provider-1").provider_id == "provider-1"


@pytest.mark.parametrize("loss", [Notice.failed, Notice.unsure])
def test_a_mail_is_tried_so_often_and_then_set_aside_for_a_person(loss):
    standing, tries = a_notice(), 0
    while not standing.over:
        standing, tries = loss(standing.claimed(NOW), NOW), tries + 1
    assert (standing.state, tries, standing.attempts) == ("parked", MOST_ATTEMPTS, MOST_ATTEMPTS)


def test_putting_off_is_not_a_try():
    assert a_notice().claimed(NOW).put_off(NOW).attempts == 0


def test_one_person_is_owed_one_notice_of_a_kind_about_a_subject():
    same = [notice("listing_ending", "monique", "listing", at, about="1").id for at in (NOW, NOW + 5)]
    other = [
        notice("listing_ending", "monique", "listing", NOW, about="2").id,
        notice("listing_ending", "yusuf", "listing", NOW, about="1").id,
        notice("listing_expired", "monique", "listing", NOW, about="1").id,
        notice("listing_ending", "monique", "other", NOW, about="1").id,
    ]
    assert len(set(same)) == 1
    assert len({*same, *other}) == 5


def test_every_template_has_a_topic():
    assert set(TEMPLATES.values()) == set(get_args(Topic))


quiets = st.builds(Quiet, st.integers(0, 1_439), st.integers(0, 1_439))
nights = [datetime(2026, 3, 29, tzinfo=PARIS), datetime(2026, 10, 25, tzinfo=PARIS)]
moments = st.builds(
    lambda night, second: int(night.timestamp()) + second,
    st.sampled_from([*nights, datetime(2028, 2, 29, tzinfo=PARIS), datetime(2026, 4, 5, tzinfo=PARIS)]),
    st.integers(-86_400, 2 * 86_400),
)


def is_quiet(quiet, at, zone):
    """What the clock on the wall says: minute by minute from when it begins, until it ends."""
    local = datetime.fromtimestamp(at, zone)
    hours = range(quiet.start, quiet.until + (1_440 if quiet.until < quiet.start else 0))
    minute = local.hour * 60 + local.minute
    return minute in hours or minute + 1_440 in hours


@given(quiet=quiets, at=moments, zone=st.sampled_from(ZONES))
@example(Quiet(22 * 60, 150), int(datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=PARIS).timestamp()), PARIS)
@example(Quiet(22 * 60, 150), int(datetime(2026, 3, 29, 1, 10, tzinfo=PARIS).timestamp()), PARIS)
@settings(max_examples=150)
def test_quiet_hours_end_at_the_first_minute_that_is_not_quiet(quiet, at, zone):
    over = quiet.over_at(at, zone)
    assert over >= at
    assert not is_quiet(quiet, over, zone)
    assert over == at or all(is_quiet(quiet, minute, zone) for minute in range(at, over, 60))
    assert over == at or is_quiet(quiet, over - 1, zone)


def test_hours_that_end_when_they_begin_are_no_hours():
    assert Quiet(600, 600).over_at(NOW, PARIS) == NOW


def test_a_quiet_night_is_an_hour_shorter_in_spring_and_longer_in_autumn():
    night = Quiet(22 * 60, 7 * 60)
    for day, hours in ((28, 8), (27, 9)):
        eve = int(datetime(2026, 3, day, 22, tzinfo=PARIS).timestamp())
        assert night.over_at(eve, PARIS) - eve == hours * 3_600
    eve = int(datetime(2026, 10, 24, 22, tzinfo=PARIS).timestamp())
    assert night.over_at(eve, PARIS) - eve == 10 * 3_600
