"""Windows against the clock on the wall, minute by minute: what a resident would count on a calendar."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.listings.windows import (
    ANY_TIME,
    DAY_MINUTES,
    SLOT_MINUTES,
    SLOTS_A_DAY,
    SLOTS_A_WEEK,
    Dated,
    Weekly,
    Windows,
    overlap,
    slots_of,
)
from chalicelib.wallclock import instant

PARIS = ZoneInfo("Europe/Paris")
ZONES = [
    PARIS,
    ZoneInfo("Europe/Lisbon"),
    ZoneInfo("America/Sao_Paulo"),
    ZoneInfo("Australia/Lord_Howe"),
    ZoneInfo("Asia/Kathmandu"),
]
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
HOUR = 60

times = st.integers(0, DAY_MINUTES - 1)
changes = st.sampled_from([SPRING, AUTUMN, date(2024, 2, 29), date(2018, 11, 4), date(2026, 4, 5)])
days = st.dates(date(2016, 1, 1), date(2036, 12, 31)) | st.builds(
    lambda day, shift: day + timedelta(days=shift), changes, st.integers(-1, 1)
)
zones = st.sampled_from(ZONES)


def minutes_of(window, zone):
    """Every minute at which the clock on the wall shows a time within the window."""
    first = datetime(window.day.year, window.day.month, window.day.day)  # noqa: DTZ001
    last = first + timedelta(days=window.until <= window.start)
    low, high = first + timedelta(minutes=window.start), last + timedelta(minutes=window.until)
    begin = int(first.replace(tzinfo=zone).timestamp()) - 2 * 3_600
    minutes = (begin + 60 * count for count in range((24 + 24 + 4) * 60))
    return [at for at in minutes if low <= datetime.fromtimestamp(at, zone).replace(tzinfo=None) < high]


@given(day=days, start=times, until=times, zone=zones)
@example(SPRING, 90, 150, PARIS)
@example(SPRING, 150, 240, PARIS)
@example(AUTUMN, 135, 165, PARIS)
@example(date(2018, 11, 3), 22 * HOUR, 0, ZoneInfo("America/Sao_Paulo"))
@settings(max_examples=60)
def test_a_dated_window_lasts_from_its_first_minute_on_the_wall_to_its_last(day, start, until, zone):
    window = Dated(day, start, until)
    begin, end = window.span(zone)
    minutes = minutes_of(window, zone)
    if not minutes:
        assert end <= begin
        assert [fault.code for fault in Windows(dated=(window,)).faults(zone)] == ["window_never_occurs"]
        return
    assert (begin, end) == (minutes[0], minutes[-1] + 60)
    assert not list(Windows(dated=(window,)).faults(zone))


def test_the_naive_span_is_caught_on_both_nights():
    def naive(window, zone):
        midnight = datetime(window.day.year, window.day.month, window.day.day, tzinfo=zone)
        return tuple(int(midnight.timestamp()) + 60 * minute for minute in (window.start, window.until))

    for day in (SPRING, AUTUMN):
        window = Dated(day, 9 * HOUR, 12 * HOUR)
        minutes = minutes_of(window, PARIS)
        assert naive(window, PARIS) != (minutes[0], minutes[-1] + 60) == window.span(PARIS)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 7), (AUTUMN, 9), (date(2024, 2, 29), 8)])
def test_a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn(day, hours):
    eve = day - timedelta(days=1)
    start, until = Dated(eve, 22 * HOUR, 6 * HOUR).span(PARIS)
    assert until - start == hours * 3_600


def test_the_hour_that_the_clock_skips_is_no_window():
    skipped = Dated(SPRING, 2 * HOUR + 5, 2 * HOUR + 55)
    fault = next(Windows(dated=(Dated(SPRING, 60, 90), skipped)).faults(PARIS))
    assert (fault.pointer, fault.code) == ("/windows/dated/1", "window_never_occurs")


def test_a_time_the_clock_skips_is_the_moment_it_skips():
    change = int(datetime(2026, 3, 29, 3, tzinfo=PARIS).timestamp())
    assert {
        instant(SPRING, 2 * HOUR + minute, PARIS, fold=fold) for minute in (1, 59) for fold in (0, 1)
    } == {change}


def test_a_time_the_clock_repeats_is_twice():
    first, second = (instant(AUTUMN, 2 * HOUR + 30, PARIS, fold=fold) for fold in (0, 1))
    assert second - first == 3_600


def test_the_day_that_an_island_left_out_is_no_window():
    apia, left_out = ZoneInfo("Pacific/Apia"), date(2011, 12, 30)
    start, until = Dated(left_out, 9 * HOUR, 17 * HOUR).span(apia)
    assert until <= start


def test_a_window_of_the_leap_day_ends_in_march():
    start, until = Dated(date(2028, 2, 29), 22 * HOUR, 2 * HOUR).span(PARIS)
    assert until - start == 4 * 3_600
    assert datetime.fromtimestamp(until, PARIS).date() == date(2028, 3, 1)


@given(weekday=st.integers(0, 6), start=times, until=times)
def test_a_weekly_window_has_the_half_hours_it_touches(weekday, start, until):
    length = (until - start) % DAY_MINUTES or DAY_MINUTES
    touched = {
        (weekday * DAY_MINUTES + start + minute) % (7 * DAY_MINUTES) // SLOT_MINUTES
        for minute in range(length)
    }
    assert Weekly(weekday, start, until).slots == sum(1 << slot for slot in touched)


def test_a_sunday_night_runs_into_monday():
    mask = Weekly(6, 23 * HOUR, HOUR).slots
    assert mask == 0b11 | 0b11 << (SLOTS_A_WEEK - 2)


def test_no_window_at_all_is_any_time_but_a_dated_one_alone_is_no_half_hour():
    assert Windows().slots == ANY_TIME
    assert Windows(dated=(Dated(SPRING, 600, 660),)).slots == 0
    assert Windows(weekly=(Weekly(0, 0, 30), Weekly(0, 30, 60))).slots == 0b11


def test_dated_windows_become_spans_in_order_each_once():
    late, early = Dated(AUTUMN, 600, 660), Dated(SPRING, 600, 660)
    assert Windows(dated=(late, early, late)).spans(PARIS) == (early.span(PARIS), late.span(PARIS))


@given(
    day=days,
    second=st.integers(0, 86_399),
    seconds=st.integers(1, 3 * 86_400),
    zone=zones,
)
@settings(max_examples=60)
def test_a_span_has_the_half_hours_that_the_wall_shows_meanwhile(day, second, seconds, zone):
    start = int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) + second
    touched = set()
    for at in (*range(start, start + seconds, 60), start + seconds - 1):
        local = datetime.fromtimestamp(at, zone)
        touched.add(local.weekday() * SLOTS_A_DAY + (local.hour * 60 + local.minute) // SLOT_MINUTES)
    assert slots_of((start, start + seconds), zone) == sum(1 << slot for slot in touched)


def test_a_span_of_a_week_has_every_half_hour():
    assert slots_of((0, 7 * 86_400), PARIS) == ANY_TIME
    assert slots_of((0, 7 * 86_400 - 1_800), PARIS) != ANY_TIME


spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 10)).map(lambda at: (at[0], sum(at))), max_size=4
)


@given(spans, spans)
def test_spans_overlap_when_they_have_a_second_in_common(some, others):
    seconds, theirs = ({at for span in each for at in range(*span)} for each in (some, others))
    assert overlap(some, others) == overlap(others, some) == bool(seconds & theirs)
