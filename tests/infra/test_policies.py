"""Least privilege: each function may do what it is seen to do over a city's life, and nothing more."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from app import app
from chalicelib import wiring
from chalicelib.identity import Secrets
from chalicelib.notices.repository import AnswerLost
from chalicelib.storage.transaction import Change, ConditionCheck, Count, Delete, Put, table_of
from chalicelib.watching.dynamodb import DynamoMemory
from chalicelib.watching.model import Sight
from chalicelib.watching.service import Watch
from infra.events import Context, schedule_event
from infra.memory import MemoryTables
from infra.schedules import schedules_of
from tests.city import ROOT, open_city
from tests.fakes import Mailbox

POLICIES = {path.stem.removeprefix("policy-"): path for path in (ROOT / ".chalice").glob("policy-*.json")}
SEND = {("mail", "SendEmail"), ("mail", "SendRawEmail")}
"""The provider checks either action for a mail handed over whole."""
_ACTION = {
    Put: "PutItem",
    Change: "PutItem",
    Delete: "DeleteItem",
    Count: "UpdateItem",
    ConditionCheck: "ConditionCheckItem",
}


@dataclass
class WatchedTables(MemoryTables):
    """Tables that note who did what to them."""

    actor: str = ""
    used: Any = field(default_factory=lambda: defaultdict(set))

    def _note(self, noun, action):
        self.used[self.actor].add((noun, action))

    def get(self, noun, key, **how):
        self._note(noun, "GetItem")
        return super().get(noun, key, **how)

    def get_all(self, keys, **how):
        for noun, _ in keys:
            self._note(noun, "BatchGetItem")
        return super().get_all(keys, **how)

    def query(self, noun, condition, *, index=None, **how):
        self._note(_named(noun, index), "Query")
        return super().query(noun, condition, index=index, **how)

    def scan(self, noun, *, index=None):
        self._note(_named(noun, index), "Scan")
        return super().scan(noun, index=index)

    def put(self, noun, item):
        self._note(noun, "PutItem")
        super().put(noun, item)

    def commit(self, writes):
        for write in writes:
            self._note(table_of(write), _ACTION[type(write)])
        super().commit(writes)


def _named(noun, index):
    return noun if index is None else f"{noun}/index/{index}"


@dataclass
class WatchedMailbox(Mailbox):
    """A mailbox that notes who used it; `lost` keeps its answers from whoever sends."""

    tables: Any = None
    lost: bool = False

    def send(self, mail, notice_id):
        self.tables.used[self.tables.actor].update(SEND)
        answer = super().send(mail, notice_id)
        if self.lost:
            raise AnswerLost
        return answer


class WatchedSecrets(Secrets):
    """Secrets that note who had the key read for one."""

    def __init__(self, tables, key):
        super().__init__(key)
        self.tables = tables

    def _mac(self, *parts):
        self.tables.used[self.tables.actor].add(("key", "GetParameter"))
        return super()._mac(*parts)


@dataclass
class WatchedSigns:
    """Signs of a city where something is always wrong, and who read them."""

    tables: Any

    def between(self, _start, _end):
        self.tables.used[self.tables.actor] |= {("signs", "FilterLogEvents"), ("signs", "GetQueueAttributes")}
        return Sight(dead_letters=1)


def _watch(city):
    memory = DynamoMemory(city.tables)
    return Watch(
        WatchedSigns(city.tables), memory, city.mailbox, "mulhouse", "ops@example.org", {"purge": 3600}
    )


@pytest.fixture(scope="module")
def used():
    """Return what each function did while a city lived for most of a year."""
    city = open_city(tables=WatchedTables(clock_ms=lambda: city.clock.now * 1000))
    city.mailbox = city.house.__dict__["mailer"] = WatchedMailbox(tables=city.tables)
    city.house.__dict__["secrets"] = WatchedSecrets(city.tables, city.house.settings.signing_key)
    city.house.__dict__["watch"] = _watch(city)
    del city.house.__dict__["address_book"]  # the one in the city's own table instead
    try:
        _live(city)
    finally:
        wiring.install(None)
    return city.tables.used


def _live(city):
    city.tables.actor = "api_handler"
    need, token, match = _be_busy(city)
    _moderate(city)
    _coordinate(city)
    _lose_an_answer(city)
    _run(city, *_SCHEDULES)
    for actor in ("rebuild_board", "api_handler"):
        city.house.__dict__.pop("board")  # as a function that has just begun
        city.tables.actor = actor
        city.house.board.fresh(city.clock.now)
    _ask_again(city)
    city.clock.turn(days=6)
    city.post(f"/v1/listings/{need['id']}/renew", token=token)
    city.post(f"/v1/matches/{match}/tell", {"outcome": "went_well"}, token=token)
    assert city.call("DELETE", "/v1/sessions/current", token=token).status == 204
    city.tables.actor = "watch_city"
    app.handler_map["watch_city"]({}, Context("watch_city"))
    for _ in range(140):
        city.clock.turn(days=2)
        _run(city, *_SCHEDULES)


def _be_busy(city):
    need = city.publish("need", "monique@example.org")
    offer = city.publish("offer", "yusuf@example.org", reach_m=5000)
    token, other = city.sign_in("monique@example.org"), city.sign_in("yusuf@example.org")
    assert city.get("/v1/addresses", token=token, query={"q": "3 rue de la Paix"}).status == 200
    assert city.get(f"/v1/me/listings/{need['id']}/candidates", token=token).json["candidates"]
    asked = city.post("/v1/matches", {"need": need["id"], "offer": offer["id"]}, token=token)
    accept, *_ = city.links("yusuf@example.org")
    assert city.post(accept, raw=b"message=Oui", key=False).status == 200
    for path in ("/v1/me/listings", "/v1/matches", "/v1/me"):
        assert city.get(path, token=other).status == 200
    return need, token, asked.json["id"]


def _moderate(city):
    token = city.sign_in("samira@example.org")
    person = city.house.people.get(token.partition(".")[0])
    city.house.people.save(person.changed(role="moderator"))
    assert city.get("/v1/held", token=token).status == 200


def _coordinate(city):
    """Be queued, called too late for the first two, confirmed, and blocked; leave two more in the queue."""
    asking = city.sign_in("nora@example.org")
    need = city.publish("need", "nora@example.org")["id"]
    helpers = [f"helper-{number}@example.org" for number in range(5)]
    matches = []
    for helper in helpers:
        pair = {"need": need, "offer": city.publish("offer", helper)["id"]}
        matches.append(city.post("/v1/matches", pair, token=asking).json["id"])
    for helper, match in zip(helpers, matches, strict=True):
        assert city.post(f"/v1/matches/{match}/accept", token=city.sign_in(helper)).status == 200
    city.exchange("confirmed")
    reason = {"reason": "other"}
    assert city.post(f"/v1/matches/{matches[0]}/cancel", reason, token=asking).status == 200
    assert (
        city.post(f"/v1/matches/{matches[1]}/accept", token=city.sign_in(helpers[1])).json["state"]
        == "agreed"
    )
    desk = city.coordinator()
    assert len(city.get("/v1/coordination/agreed", token=desk).json["matches"]) == 1
    confirm = f"/v1/coordination/matches/{matches[1]}/confirm"
    assert city.post(confirm, token=desk).status == 200
    assert city.post(f"/v1/matches/{matches[1]}/block", token=asking).status == 200
    assert city.get("/v1/me/blocks", token=asking).json["blocks"]
    assert city.call("DELETE", "/v1/me/blocks/aaaaaaaaaaaaaaaa", token=asking).status == 204
    assert city.post(f"/v1/matches/{matches[1]}/cancel", reason, token=asking).status == 200


def _lose_an_answer(city):
    """Ask somebody who never answers, by a mail whose answer is lost and which comes back."""
    need, offer = city.publish("need", "lea@example.org"), city.publish("offer", "omar@example.org")
    token, city.mailbox.lost = city.sign_in("lea@example.org"), True
    asked = city.post("/v1/matches", {"need": need["id"], "offer": offer["id"]}, token=token)
    city.mailbox.lost, city.tables.actor = False, "mail_events"
    assert asked.status == 201
    for kind in ("Send", "Bounce"):
        event = _mail_event(kind, city.mailbox.mails[-1][1])
        app.handler_map["mail_events"](event, Context("mail_events"))


def _ask_again(city):
    """Let nobody answer a need until a coordinator has the city ask anew, and a helper decline another."""
    pets = city.publish("need", "lea@example.org", category="pets")["id"]
    walks = city.publish("need", "lea@example.org", category="gardening")["id"]
    city.publish("offer", "ali@example.org", category="gardening")
    for _ in range(10):
        _run(city, "ask_helpers", "send_notices")
        city.clock.turn(hours=9)
    city.tables.actor, token = "api_handler", city.sign_in("ali@example.org")
    (match,) = city.get("/v1/matches", token=token).json["matches"]
    assert match["need"] == walks
    assert city.post(f"/v1/matches/{match['id']}/cancel", {"reason": "other"}, token=token).status == 200
    assert city.get(f"/v1/me/listings/{pets}/asking", token=city.sign_in("lea@example.org")).status == 200
    desk = city.coordinator()
    assert city.get("/v1/coordination/unanswered", token=desk).json["needs"]
    assert city.post(f"/v1/coordination/unanswered/{pets}/ask-again", {}, token=desk).status == 200
    _run(city, "ask_helpers")
    city.tables.actor = "api_handler"


_SCHEDULES = tuple(schedule.name for schedule in schedules_of(app))


def _run(city, *names):
    wiring.install(city.house)
    for schedule in schedules_of(app):
        if schedule.name in names:
            city.tables.actor = schedule.name
            schedule.run()


def _mail_event(kind, notice):
    mail = {"messageId": "provider-1", "tags": {"notice": [notice]}}
    detail = {"eventType": kind, "mail": mail, "bounce": {"bounceType": "Permanent"}}
    return {**schedule_event("mail", 0.0), "source": "aws.ses", "detail": detail}


def test_every_function_has_a_written_policy():
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    assert config["autogen_policy"] is False
    assert set(config["lambda_functions"]) == set(POLICIES)
    handlers = {source.name for source in (*app.event_sources, *app.pure_lambda_functions)}
    assert set(POLICIES) == {"api_handler", *handlers}
    for name, function in config["lambda_functions"].items():
        assert function["iam_policy_file"] == POLICIES[name].name


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_function_may_do_what_it_does_and_nothing_more(name, used):
    assert _allowed(name) == used[name]


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_no_policy_reaches_beyond_the_city(name):
    for statement in _statements(name):
        assert statement["Effect"] == "Allow"
        for resource in _resources(statement):
            assert "${City}" in resource or resource.endswith("identity/${SenderIdentity}")
            assert "*" not in re.sub(
                r"(:log-group:/entraide/\$\{City\}(/access)?(:log-stream)?:)\*$", r"\1", resource
            )
        assert not any("*" in action for action in statement["Action"])


def _allowed(name):
    allowed = set()
    for statement in _statements(name):
        for action in statement["Action"]:
            service, _, operation = action.partition(":")
            for resource in _resources(statement):
                if service == "dynamodb":
                    allowed.add((resource.partition("table/entraide-${City}-")[2], operation))
                elif service == "ses":
                    allowed.add(("mail", operation))
                elif service == "ssm":
                    allowed.add(("key", operation))
                elif operation in ("FilterLogEvents", "GetQueueAttributes"):
                    allowed.add(("signs", operation))
    return allowed


def _statements(name):
    return json.loads(POLICIES[name].read_text(encoding="utf-8"))["Statement"]


def _resources(statement):
    given = statement["Resource"]
    return [each["Fn::Sub"] for each in (given if isinstance(given, list) else [given])]
