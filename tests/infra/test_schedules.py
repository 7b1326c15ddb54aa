import logging
from threading import Event
from threading import enumerate as enumerate_threads

import pytest
from chalice import Chalice, Cron, Rate

from infra.schedules import Runner, Schedule, schedules_of, tick


def test_what_the_application_schedules_runs_on_its_rate_with_the_event_of_eventbridge():
    app, seen = Chalice("sample"), []
    app.schedule(Rate(5, unit=Rate.MINUTES), name="expire")(seen.append)
    app.schedule("rate(1 hour)", name="remind")(seen.append)
    app.on_cw_event({"source": ["aws.ses"]}, name="mail")(seen.append)
    expire, remind = schedules_of(app)
    assert (expire.every_s, remind.every_s) == (300, 3600)
    tick(remind)
    (event,) = seen
    assert event.detail_type == "Scheduled Event"
    assert event.resources[0].endswith("rule/remind")
    assert event.context.function_name == "sample-remind"


def test_a_schedule_that_no_rate_says_is_refused():
    app = Chalice("sample")
    app.schedule(Cron(0, 3, "*", "*", "?", "*"), name="nightly")(print)
    with pytest.raises(ValueError, match="nightly"):
        schedules_of(app)


def test_a_failing_tick_is_logged_and_left_to_the_next(caplog):
    schedule = Schedule("broken", 60, lambda: 1 // 0, due=0)
    with caplog.at_level(logging.ERROR):
        tick(schedule)
    assert "broken failed" in caplog.text
    assert schedule.due > 0


def test_each_schedule_runs_at_once_and_none_after_the_stop():
    first, second = Event(), Event()
    runner = Runner([Schedule("a", 3600, first.set), Schedule("b", 3600, second.set)])
    runner.start()
    assert first.wait(10)
    assert second.wait(10)
    runner.stop()
    assert "schedules" not in [thread.name for thread in enumerate_threads()]
