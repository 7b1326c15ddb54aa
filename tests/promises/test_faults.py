"""R4: nothing is lost and nothing doubled, whatever goes wrong between the city, its tables and its provider.

A story goes through every write path, each request sent again with the same key until it is answered, while
calls are throttled, fail, conflict, lose their answer or are the last of their process. What stands in the
end is what stands after the same story without trouble.
"""

from collections import Counter
from contextlib import suppress
from functools import cache
from itertools import count
from random import Random

import pytest

from chalicelib.errors import Unavailable
from chalicelib.notices.model import KEPT_S, TEMPLATES
from chalicelib.notices.repository import AnswerLost, Mail, NotSent, Throttled
from chalicelib.observability import JobFailed
from chalicelib.standing import Standing
from chalicelib.storage.tables import Tables, connect
from chalicelib.taps import Tap, seal
from infra.memory import MemoryTables
from tests.city import MONDAY, Clock, a_listing
from tests.engines import fresh_city
from tests.trouble import (
    MAIL_FAULTS,
    TABLE_FAULTS,
    Killed,
    Luck,
    Provider,
    Unlucky,
    begin_rounds,
    deliver,
    differences,
    facts,
    mail_event,
    restart,
    rounds,
    rows_of,
    sent_twice,
    settle,
    told,
    told_twice,
    troubled_city,
    well,
)
from tests.wire import FAULTS, Wired, no_waiting

REGION = "eu-west-3"
RATE = 0.12
QUICK, FULL = 300, 1_000
TRIES = 60
PASSING = ("asked_to_help", "offered_help", "place_free", "match_agreed", "match_accepted")
"""What is told only while it is so: within minutes of this story most of it is over."""
STEP_S = 20
"""How long a neighbour takes for each step; the schedules come by in the middle of it."""

LAPSED, FOLLOWED = 49.5, 73.5
REMINDED, ENDED = 14 * 24 * 2 / 3 + 1.5, 14 * 24 + 1.5
CLOSED = 33 * 24 + 2
"""Hours within the one after which something is due that began soon after the first hour."""


class Story:
    """Two neighbours, a stranger and a moderator, and all they can do, one step after another."""

    def __init__(self, city, fate):
        self.city, self.fate, self.keys = city, fate, count(1)
        self.steps, self.tokens = count(1), {}

    def run(self):
        begin_rounds(self.city)
        self.suffer(self.fate)
        self.come_in()
        self.at(hours=1)
        self.meet()
        self.at(hours=2)
        self.part()
        self.at(hours=2.5)
        self.wait()
        self.at(hours=3)
        self.tap("unsubscribe", "listing", "ana", "listing")
        for hours in LAPSED, FOLLOWED, REMINDED, REMINDED + 1, ENDED, ENDED + 1, CLOSED:
            self.at(hours=hours)
            self.tick()
            self.tick()
        self.at(hours=CLOSED + 1)
        self.come_back()
        self.suffer(well)
        settle(self.city)

    def at(self, *, hours):
        """Let the trouble end, all that is owed be sent, and the clock show so many hours; then go on."""
        self.suffer(well)
        for _ in range(2):
            self.tick()
        settle(self.city, until=MONDAY + int(hours * 3_600))
        self.city.clock.now = MONDAY + int(hours * 3_600)
        begin_rounds(self.city)
        self.suffer(self.fate)

    def suffer(self, fate):
        self.city.tables.fate = self.city.mailbox.fate = fate

    def come_in(self):
        for who in ("ana", "bob", "mod", "coo"):
            self.sign_in(who, by_link=who == "bob")
        self.give_role("mod", "moderator")
        self.give_role("coo", "coordinator")
        self.patch("/v1/me", {"name": "Bob", "asks_per_week": 20, "asks_per_season": 200}, "bob")

    def meet(self):
        needs = [self.publish("need", "ana", f"Besoin {n}", capacity=3) for n in range(3)]
        offers = [self.publish("offer", "bob", f"Offre {n}", capacity=3) for n in range(3)]
        held = [self.publish("need", "ana", f"Garde {n}", category="childcare") for n in range(2)]
        self.post(f"/v1/held/{held[0]}/release", {}, "mod")
        self.post(f"/v1/held/{held[1]}/refuse", {"reason": "double"}, "mod")
        self.patch(f"/v1/listings/{needs[0]}", {"title": "Autrement"}, "ana")
        pairs = [(need, offer) for need in needs for offer in offers][:6]
        asked = [self.propose(need, offer, by) for (need, offer), by in zip(pairs, "aabaab", strict=True)]
        self.post(f"/v1/matches/{asked[0]}/accept", {"message": "Demain"}, "bob")
        self.tap("accept", asked[1], "bob")
        self.post(f"/v1/matches/{asked[2]}/accept", {}, "ana")
        self.post(f"/v1/matches/{asked[3]}/decline", {"reason": "no_time"}, "bob")
        self.needs, self.offers, self.asked = needs, offers, asked

    def part(self):
        self.post(f"/v1/matches/{self.asked[1]}/cancel", {"reason": "other"}, "ana")
        for who in ("ana", "bob"):
            self.post(f"/v1/matches/{self.asked[0]}/outcome", {"outcome": "went_well"}, who)
        self.post(f"/v1/listings/{self.needs[1]}/renew", {}, "ana")
        self.post(f"/v1/listings/{self.needs[2]}/withdraw", {}, "ana")
        self.post(f"/v1/listings/{self.offers[2]}/fulfil", {"outcome": "helped_here"}, "bob")
        self.insist(lambda: self.city.call("DELETE", "/v1/sessions", token=self.tokens["mod"]), {204, 401})

    def wait(self):
        """Be late and queued, be called, wait for a coordinator, and have enough of one another."""
        need = self.publish("need", "ana", "Petit besoin")
        offers = [self.publish("offer", "bob", f"Petite offre {n}", capacity=2) for n in range(3)]
        first, second, third = (self.propose(need, offer, "a") for offer in offers)
        for match in (first, second, third):
            self.post(f"/v1/matches/{match}/accept", {}, "bob")
        self.post(f"/v1/matches/{first}/cancel", {"reason": "other"}, "bob")
        self.city.exchange("confirmed")
        self.tap("accept", second, "bob", "1")
        self.post(f"/v1/coordination/matches/{second}/refuse", {"reason": "Trop loin"}, "coo")
        self.tap("accept", third, "bob", "1")
        self.post(f"/v1/coordination/matches/{third}/confirm", {}, "coo")
        self.post(f"/v1/matches/{third}/block", {}, "ana")
        self.post(f"/v1/matches/{third}/cancel", {"reason": "other"}, "bob")
        blocks = self.insist(lambda: self.city.get("/v1/me/blocks", token=self.tokens["ana"]), {200})
        path = f"/v1/me/blocks/{blocks.json['blocks'][0]['id']}"
        self.insist(lambda: self.city.call("DELETE", path, token=self.tokens["ana"]), {204})

    def come_back(self):
        """The provider has bad news of a mail to Ana, which it brings until it is taken."""
        ana = self.city.house.secrets.blind("ana@example.org")
        hers = {row["pk"] for row in rows_of(self.city.tables, "notices") if row["to"] == ana}
        told = min(notice for _, notice in self.city.mailbox.mails if notice in hers)
        event = mail_event("Bounce", told, "provider-1", bounce={"bounceType": "Permanent"})
        self.insist(lambda: deliver(self.city, event), None)

    def sign_in(self, who, *, by_link):
        email = f"{who}@example.org"
        attempt = self.post("/v1/sign-in", {"email": email}, None, {202}).json["attempt"]
        door = self.city.house.door
        by_code = {"attempt": attempt, "code": door.code(attempt)}
        body = {"token": f"{attempt}.{door.link_secret(attempt)}"} if by_link else by_code
        self.tokens[who] = self.post("/v1/sessions", body, None, {201}).json["token"]

    def give_role(self, who, role):
        self.suffer(well)
        key = {"pk": self.city.house.secrets.blind(f"{who}@example.org"), "sk": "me"}
        self.city.tables.put("people", {**self.city.tables.get("people", key), "role": role})
        self.suffer(self.fate)

    def publish(self, kind, who, title, **fields):
        body = a_listing(title=title, reach_m=3_000, **fields)
        return self.post(f"/v1/{kind}s", body, who, {200, 201}).json["id"]

    def propose(self, need, offer, by):
        who = {"a": "ana", "b": "bob"}[by]
        return self.post("/v1/matches", {"need": need, "offer": offer}, who, {201}).json["id"]

    def post(self, path, body, who, wanted=frozenset({200})):
        key = f"key-{next(self.keys):06d}"
        return self.insist(lambda: self.city.post(path, body, token=self.tokens.get(who), key=key), wanted)

    def patch(self, path, body, who):
        """Change something: who is told that it changed meanwhile looks, and finds their own change."""
        token, own = self.tokens[who], path.replace("/v1/listings/", "/v1/me/listings/")
        read = self.insist(lambda: self.city.get(own, token=token), {200})
        headers = {"If-Match": read.etag}
        self.insist(lambda: self.city.call("PATCH", path, body, token=token, headers=headers), {200, 412})

    def tap(self, action, subject, who, about=""):
        secrets, now = self.city.house.secrets, self.city.clock.now
        sealed = Tap(action, subject, secrets.blind(f"{who}@example.org"), now + 3_600, about)
        page = "unsubscribe" if action == "unsubscribe" else "tap"
        path = f"/{page}/{seal(secrets, sealed)}"
        self.insist(lambda: self.city.post(path, raw=b"", key=False), {200})

    def insist(self, act, wanted):
        """Do it again, with the same key, until somebody answers."""
        for _ in range(TRIES):
            try:
                reply = act()
            except Killed:
                restart(self.city)
            except JobFailed:  # an event that is not taken is brought again
                continue
            else:
                if wanted is None or reply.status in wanted:
                    self.city.clock.turn(seconds=STEP_S // 2)
                    if next(self.steps) % 6 == 0:
                        self.tick()
                    self.city.clock.turn(seconds=STEP_S // 2)
                    return reply
                assert reply.status == 503, reply.text
        raise AssertionError("nobody answers")

    def tick(self):
        """Bring what the provider says, and let each schedule run; who is killed is left to the next tick."""
        events, self.city.mailbox.events[:] = list(self.city.mailbox.events), []
        for event in events:
            try:
                deliver(self.city, event)
            except Killed:
                restart(self.city)
                self.city.mailbox.events.append(event)
            except JobFailed:
                self.city.mailbox.events.append(event)
        for act in rounds(self.city):
            try:
                act()
            except Killed:
                restart(self.city)
            except Unavailable:
                pass


@cache
def without_trouble():
    """Return the facts and the notices mailed of the story when nothing goes wrong."""
    city = troubled_city()
    Story(city, well).run()
    assert told_twice(city) == []
    return facts(city.tables, snapshots=False), {*told(city)}


def assert_nothing_lost_or_doubled(city):
    wanted, mailed = without_trouble()
    found = facts(city.tables, snapshots=False)
    late, early = over_before_they_were_told(found, wanted), told_before_they_were_over(city, found, wanted)
    for key in (*late, *early):
        found["notices"][key] = wanted["notices"][key]
    assert differences(found, wanted) == {}
    assert told_twice(city) == []
    assert {*told(city)} == (mailed - {notice for (notice,) in late}) | {notice for (notice,) in early}


def over_before_they_were_told(found, wanted):
    """Return what trouble kept back until it was over: nobody is told of it any more."""
    return [
        key
        for key, row in found["notices"].items()
        if row["template"] in PASSING
        and row["state"] == "dropped"
        and wanted["notices"][key]["state"] == "told"
    ]


def told_before_they_were_over(city, found, wanted):
    """Return what would have waited until it was over, but a mail that trouble held back took it along."""
    rows = {(row["pk"],): row for row in rows_of(city.tables, "notices")}
    return [
        key
        for key, row in rows.items()
        if row["template"] in PASSING
        and row["state"] == "carried"
        and (found["notices"][key]["state"], wanted["notices"][key]["state"]) == ("told", "dropped")
        and row["due_at"] - KEPT_S < overtaken_at(row, rows.values())
    ]


def overtaken_at(notice, others):
    """Return when something else became so of the same match: one side at least is owed word of that."""
    after = [
        each["made_at"]
        for each in others
        if each["subject"] == notice["subject"] and each["made_at"] > notice["made_at"]
    ]
    return min(after, default=notice["made_at"])


def in_memory(seed):
    city, luck = troubled_city(), Luck(Random(seed), RATE)
    Story(city, luck).run()
    assert_nothing_lost_or_doubled(city)
    return luck.met


def wired(engine, seed, clock):
    tables = Tables(connect(REGION), fresh_city(engine.dynamodb), lambda: clock.now * 1_000, lambda _: None)
    return Wired(tables, Random(seed))


def on_the_wire(engine, seed):
    clock = Clock()
    city, luck = troubled_city(wired(engine, seed, clock), clock), Luck(Random(seed), RATE)
    with no_waiting():
        Story(city, luck).run()
    assert_nothing_lost_or_doubled(city)
    return luck.met


def until_met(full, run):
    """Run one story after another until so many faults were met, and return them by kind."""
    met, seeds = Counter(), count(1)
    while sum(met.values()) < full:
        met += run(next(seeds))
    return met


def test_the_story_goes_through_every_state():
    found, mailed = without_trouble()
    listings, matches = found["listings"].values(), found["matches"].values()
    assert {row["state"] for row in listings} >= {"refused", "withdrawn", "fulfilled", "expired"}
    assert {row["state"] for row in matches} == {"done", "cancelled", "declined", "lapsed", "refused"}
    assert {row["template"] for row in found["notices"].values()} == {*TEMPLATES} - {"need_unanswered"}
    assert {row["state"] for row in found["notices"].values()} == {"told", "dropped"}
    assert len(mailed) > 20


def test_nothing_is_lost_or_doubled_over_tables_in_memory():
    met = until_met(QUICK, in_memory)
    assert {kind.partition(": ")[2] for kind in met} >= {*TABLE_FAULTS}


def test_a_mail_that_trouble_held_back_takes_along_what_is_so_by_then():
    city = troubled_city()
    Story(city, Luck(Random(11), RATE)).run()
    assert told_before_they_were_over(city, facts(city.tables, snapshots=False), without_trouble()[0])
    assert_nothing_lost_or_doubled(city)


def test_a_city_that_tells_what_is_over_is_caught(monkeypatch):
    wanted, _ = without_trouble()
    monkeypatch.setattr(Standing, "untrue", lambda _city, _notices: frozenset())
    city = troubled_city()
    Story(city, well).run()
    found = facts(city.tables, snapshots=False)
    over = [key for key, row in wanted["notices"].items() if row != found["notices"][key]]
    assert {found["notices"][key]["template"] for key in over} >= {"match_agreed", "match_accepted"}
    assert told_before_they_were_over(city, found, wanted) == []


def test_nothing_is_lost_or_doubled_on_the_wire(engine):
    met = on_the_wire(engine, 1)
    assert sum(met.values()) > 20


def test_who_looks_on_meets_no_trouble(engine):
    tables = wired(engine, 1, Clock())
    tables.put("notices", {"pk": "a notice"})
    tables.fate = lambda _call, _faults: "unreachable"
    with no_waiting():
        assert [row["pk"] for row in rows_of(tables, "notices")] == ["a notice"]
        with pytest.raises(Unavailable):
            tables.get("notices", {"pk": "a notice"})


@pytest.mark.soak
def test_nothing_is_lost_or_doubled_by_a_thousand_faults_on_the_wire(engine):
    met = until_met(FULL, lambda seed: on_the_wire(engine, seed))
    assert {kind.partition(": ")[2] for kind in met} == {*FAULTS, *MAIL_FAULTS}


@pytest.mark.soak
def test_nothing_is_lost_or_doubled_by_ten_thousand_faults_in_memory():
    met = until_met(10 * FULL, in_memory)
    assert {kind.partition(": ")[2] for kind in met} == {*TABLE_FAULTS, *MAIL_FAULTS}


def test_a_need_put_under_an_id_of_its_own_and_mailed_at_once_is_caught():
    """The naive way: store, then tell; the phone sends it again when nobody answers."""
    tables, provider, ids = Unlucky(MemoryTables()), Provider(), count(1)
    tables.fate = provider.fate = Luck(Random(1), RATE)

    def publish(request):
        tables.put("listings", {"pk": f"need-{next(ids)}", "request": request})
        provider.send(Mail("ana@example.org", "", "", "", None), request)

    for number in range(1_500):
        while True:
            with suppress(Killed, Unavailable, Throttled, NotSent, AnswerLost):
                publish(f"request-{number}")
                break
    needs = Counter(row["request"] for row in tables.tables.scan("listings"))
    assert sum(needs.values()) - 1_500 > 50
    assert len(sent_twice(provider.mails)) > 50
