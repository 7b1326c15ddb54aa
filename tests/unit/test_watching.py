"""A city's watch: what is wrong is told once, again after a day, and no more when it is over."""

import json
from dataclasses import dataclass, field, replace

import pytest

from chalicelib.settings import Settings, Watched, function_name
from chalicelib.watching.cloudwatch import CloudWatchSigns
from chalicelib.watching.dynamodb import DynamoMemory
from chalicelib.watching.model import DAY_S, HOUR_S, Sight
from chalicelib.watching.service import Watch
from infra.memory import MemoryTables
from tests.fakes import Mailbox

NOW = 1_772_442_000
SCHEDULES = {"send_notices": 60, "purge": 3_600}


@dataclass
class Seen:
    """Signs that are set by hand."""

    sight: Sight = field(default_factory=Sight)
    asked: list = field(default_factory=list)

    def between(self, start, end):
        self.asked.append((start, end))
        return replace(self.sight, ran=dict.fromkeys(SCHEDULES, end) | dict(self.sight.ran))


@pytest.fixture
def signs():
    return Seen()


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def watch(signs, mailbox):
    memory = DynamoMemory(MemoryTables("mulhouse", lambda: NOW * 1000))
    return Watch(signs, memory, mailbox, "mulhouse", "ops@example.org", SCHEDULES)


def test_nothing_is_said_of_a_city_that_is_well(watch, mailbox):
    for hour in range(48):
        assert watch.look(NOW + hour * HOUR_S) == ()
    assert mailbox.mails == []


def test_what_is_wrong_is_told_once_then_daily_and_again_after_it_was_over(watch, signs, mailbox):
    signs.sight = Sight(dead_letters=2)
    for hour in range(24):
        watch.look(NOW + hour * HOUR_S)
    assert len(mailbox.mails) == 1
    assert "2 dead letters" in mailbox.mails[0][0].text
    watch.look(NOW + DAY_S)
    assert len(mailbox.mails) == 2
    signs.sight = Sight()
    watch.look(NOW + DAY_S + HOUR_S)
    signs.sight = Sight(dead_letters=1)
    watch.look(NOW + DAY_S + 2 * HOUR_S)
    assert len(mailbox.mails) == 3


def test_a_new_fault_is_told_beside_one_that_was_told_already(watch, signs, mailbox):
    signs.sight = Sight(failed=1)
    watch.look(NOW)
    signs.sight = Sight(failed=1, throttled=5)
    assert watch.look(NOW + HOUR_S) == ("failed", "throttled")
    assert "turned away" in mailbox.mails[1][0].text
    assert "5xx" not in mailbox.mails[1][0].text


@pytest.mark.parametrize(
    ("mails", "told"),
    [
        ({"sent": 100, "bounced": 3}, ()),
        ({"sent": 100, "bounced": 4}, ("bounces",)),
        ({"sent": 10, "bounced": 2}, ()),
        ({"sent": 1_250, "complained": 1}, ()),
        ({"sent": 1_249, "complained": 1}, ("complaints",)),
    ],
)
def test_mails_that_come_back_are_counted_against_those_that_went(watch, signs, mails, told):
    signs.sight = Sight(mails=mails)
    assert watch.look(NOW) == told


def test_mails_are_counted_over_a_day_and_no_longer(watch, signs):
    signs.sight = Sight(mails={"sent": 10, "bounced": 3})
    assert watch.look(NOW) == ("bounces",)
    signs.sight = Sight(mails={"sent": 1})
    assert watch.look(NOW + 23 * HOUR_S) == ("bounces",)
    assert watch.look(NOW + 25 * HOUR_S) == ()


def test_a_schedule_that_stopped_is_noticed_whatever_else_runs(watch, signs):
    watch.look(NOW)
    signs.sight = Sight(ran={"send_notices": NOW - 60})
    assert watch.look(NOW + HOUR_S) == ("quiet-send_notices",)
    signs.sight = Sight(ran={"purge": NOW - 60})
    assert watch.look(NOW + 3 * HOUR_S) == ("quiet-purge",)


def test_a_schedule_that_an_upgrade_added_and_that_never_runs_is_noticed(watch, mailbox):
    watch.look(NOW)
    upgraded = replace(watch, schedules={**SCHEDULES, "assign_helpers": 60, "ask_round": HOUR_S})
    assert upgraded.look(NOW + HOUR_S) == ()
    assert upgraded.look(NOW + 2 * HOUR_S) == ("quiet-assign_helpers",)
    assert upgraded.look(NOW + 4 * HOUR_S) == ("quiet-ask_round", "quiet-assign_helpers")
    assert "assign_helpers has not run for 60 minutes" in mailbox.mails[0][0].text


def test_a_schedule_that_never_ran_in_a_new_city_is_noticed(watch, signs):
    signs.between = lambda *_: Sight()
    assert watch.look(NOW) == ()
    assert watch.look(NOW + HOUR_S) == ("quiet-send_notices",)


def test_a_tick_delivered_twice_or_from_the_past_looks_once(watch, signs):
    watch.look(NOW)
    assert watch.look(NOW) == ()
    assert watch.look(NOW - HOUR_S) == ()
    assert len(signs.asked) == 1


def test_looks_follow_each_other_without_a_gap_and_without_a_line_seen_twice(watch, signs):
    for hour in (0, 1, 3, 4):
        watch.look(NOW + hour * HOUR_S)
    starts, ends = zip(*signs.asked, strict=True)
    assert list(starts[1:]) == list(ends[:-1])


class _Logs:
    """Two pages of the functions' log, none of the other; times are in milliseconds."""

    def __init__(self, lines):
        self.lines = lines

    def filter_log_events(self, **asked):
        if asked["logGroupName"] == "access":
            lines = [line for line in self.lines if "status" in line]
        elif "nextToken" not in asked:
            return {"events": [], "nextToken": "more"}
        else:
            lines = [line for line in self.lines if "status" not in line]
        return {
            "events": [
                {"timestamp": 5_000, "message": json.dumps(line), "logStreamName": line.get("stream", "")}
                for line in lines
            ]
            + [{"timestamp": 5_000, "message": "not JSON"}]
        }


def test_one_failure_that_three_tell_of_is_one():
    stream = "2026/11/25/entraide-mulhouse-purge[$LATEST]0a1b"
    signs = CloudWatchSigns("eu-west-3", "log", "access", "queue")
    lines = [
        {"level": "ERROR", "function": "purge", "message": "unhandled"},
        {"level": "ERROR", "errorType": "JobFailed", "stream": stream},
        {"type": "platform.report", "record": {"status": "error"}, "stream": stream},
        {"level": "INFO", "function": "mail_events", "message": "mail_bounced"},
        {"status": 500},
        {"status": 429},
        {"status": 500, "integration": "429"},
        {"status": 404},
    ]
    signs.__dict__["_logs"] = _Logs(lines)
    signs._waiting = lambda: 0
    sight = signs.between(0, 10)
    assert sight.errors == {"purge": 1}
    assert sight.ran == {"purge": 5, "mail_events": 5}
    assert sight.mails == {"bounced": 1}
    assert (sight.failed, sight.throttled) == (1, 2)


def test_the_environment_says_what_is_watched_and_where_the_key_is():
    told = {
        "ENTRAIDE_OPS_ADDRESS": "ops@example.org",
        "ENTRAIDE_DEAD_LETTERS": "queue",
        "ENTRAIDE_LOG": "log",
        "ENTRAIDE_ACCESS_LOG": "access",
        "ENTRAIDE_SCHEDULES": "purge=3600,send_notices=60",
    }
    assert Watched.from_env(told).schedules == SCHEDULES
    kept = Settings.from_env({"ENTRAIDE_SIGNING_KEY_NAME": "/entraide/mulhouse/signing-key"})
    assert (kept.signing_key, kept.signing_key_name) == (b"", "/entraide/mulhouse/signing-key")
    with pytest.raises(RuntimeError, match="32"):
        Settings.from_env({})
    named = {"ENTRAIDE_CITY": "mulhouse", "AWS_LAMBDA_FUNCTION_NAME": "entraide-mulhouse-purge"}
    assert function_name(named) == "purge"
