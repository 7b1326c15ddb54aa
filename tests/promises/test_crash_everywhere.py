"""R5: whichever call is the last of a process, the same request sent again ends in the same state.

Each path is run once undisturbed to count its calls, then for each call once with the process killed before
it and once with it killed after it; then a new process is sent the same request, and time passes.
"""

from collections.abc import Callable
from copy import copy, deepcopy
from itertools import count
from typing import NamedTuple

import pytest

from chalicelib.people.model import Block
from chalicelib.storage.agenda import due
from chalicelib.taps import Tap, seal
from tests.city import a_listing
from tests.trouble import (
    Blow,
    Killed,
    begin_rounds,
    deliver,
    differences,
    facts,
    mail_event,
    restart,
    rows_of,
    settle,
    told,
    told_twice,
    troubled_city,
    well,
)

ANA, BOB, EVE, MOD, COO = (f"{name}@example.org" for name in ("ana", "bob", "eve", "mod", "coo"))
KEY = "the-same-key"
WHEN = ("killed before", "killed after")
UNTIL_THE_END = (13, 25, 49, *(24,) * 10, 10)
"""Hours after which every need of the world has ended."""


class World:
    """A city in which everything can happen next, to be copied for each try."""

    def __init__(self):
        self.city = city = troubled_city()
        begin_rounds(city)
        self.tokens = {who: city.sign_in(who) for who in (ANA, BOB, EVE, MOD, COO)}
        self._make(MOD, "moderator")
        self._make(COO, "coordinator")
        self.attempts = {
            who: city.post("/v1/sign-in", {"email": who}).json["attempt"]
            for who in (ANA, "new@example.org", "other@example.org")
        }
        self.needs = [self._publish("need", ANA, f"Besoin {n}", 3) for n in range(6)]
        self.offers = [self._publish("offer", BOB, f"Offre {n}", 3) for n in range(6)]
        self.held = [self._publish("need", EVE, f"Garde {n}", 1, category="childcare") for n in range(2)]
        self.dogs = [self._publish("need", who, "Chien", 1, category="pets") for who in (EVE, MOD)]
        for number in range(5):
            self._publish("offer", f"helper-{number}@example.org", "Promenades", 2, category="pets")
        self._ask_as_often_as_one_likes(BOB)
        self.proposed = [self._propose(n) for n in (0, 1)]
        self.accepted = [self._propose(n) for n in (2,)]
        self.small = self._publish("need", ANA, "Petit besoin", 1)
        self.queue = [self._propose(n, self.small) for n in (0, 1, 2)]
        for match in (*self.accepted, *self.queue[:2]):
            assert city.post(f"/v1/matches/{match}/accept", token=self.tokens[BOB]).status == 200
        self.agreed = [self._agree(n) for n in (4, 5)]
        settle(city, until=city.clock.now + 600)

    def _agree(self, number):
        match = self._propose(number)
        self.city.exchange("confirmed")
        assert self.city.post(f"/v1/matches/{match}/accept", token=self.tokens[BOB]).status == 200
        self.city.exchange("direct")
        return match

    def copy(self):
        city = troubled_city()
        city.tables.tables._rows = deepcopy(self.city.tables.tables._rows)
        city.mailbox.mails = list(self.city.mailbox.mails)
        city.clock.now = self.city.clock.now
        return city

    def _publish(self, kind, by, title, capacity, **fields):
        fields = {"title": title, "capacity": capacity, "reach_m": 3_000, **fields}
        return self.city.publish(kind, by, **fields)["id"]

    def _propose(self, number, need=None):
        pair = {"need": need or self.needs[number], "offer": self.offers[number]}
        asked = self.city.post("/v1/matches", pair, token=self.tokens[ANA])
        assert asked.status == 201, asked.text
        return asked.json["id"]

    def _make(self, who, role):
        (row,) = [row for row in self.city.tables.scan("people") if row.get("email") == who and "role" in row]
        self.city.tables.put("people", {**row, "role": role})

    def _ask_as_often_as_one_likes(self, who):
        token = self.tokens[who]
        change = {"asks_per_week": 20, "asks_per_season": 200}
        headers = {"If-Match": self.city.get("/v1/me", token=token).etag}
        assert self.city.call("PATCH", "/v1/me", change, token=token, headers=headers).status == 200


@pytest.fixture(scope="module")
def world():
    return World()


def post(path, body=None, *, who=None):
    return lambda world, city: city.post(path(world), body, token=world.tokens.get(who), key=KEY)


def on_listing(verb, which, body=None, *, who=ANA):
    return post(lambda world: f"/v1/listings/{which(world)}/{verb}", body, who=who)


def on_match(verb, which, body=None, *, who=BOB):
    return post(lambda world: f"/v1/matches/{which(world)}/{verb}", body, who=who)


def open_by_code(who):
    def act(world, city):
        attempt = world.attempts[who]
        return city.post("/v1/sessions", {"attempt": attempt, "code": city.house.door.code(attempt)}, key=KEY)

    return act


def open_by_link(world, city):
    attempt = world.attempts["other@example.org"]
    return city.post("/v1/sessions", {"token": f"{attempt}.{city.house.door.link_secret(attempt)}"}, key=KEY)


def change_me(world, city):
    headers = {"If-Match": '"1"'}
    return city.call("PATCH", "/v1/me", {"name": "Ana"}, token=world.tokens[EVE], headers=headers)


def edit(world, city):
    path, headers = f"/v1/listings/{world.needs[0]}", {"If-Match": '"1"'}
    return city.call("PATCH", path, {"title": "Autrement"}, token=world.tokens[ANA], headers=headers)


def sign_out(path):
    return lambda world, city: city.call("DELETE", path, token=world.tokens[EVE])


def propose(need, offer, who):
    def act(world, city):
        pair = {"need": world.needs[need], "offer": world.offers[offer]}
        return city.post("/v1/matches", pair, token=world.tokens[who], key=KEY)

    return act


def tap(action, subject, person, about=""):
    def act(world, city):
        until = city.clock.now + 86_400
        sealed = Tap(action, subject(world), city.house.secrets.blind(person), until, about)
        page = "unsubscribe" if action == "unsubscribe" else "tap"
        path = f"/{page}/{seal(city.house.secrets, sealed)}"
        return city.post(path, raw=b"message=Demain&reason=other", key=False)

    return act


def tap_renew(world, city):
    listing = city.house.publishing.get(world.needs[3])
    if listing.receipts:  # the first try renewed it: the link says so
        return None
    return tap("renew", lambda _: listing.id, ANA, str(listing.expires_at))(world, city)


def event(kind, **detail):
    """Let the provider speak of a mail whose answer was lost."""

    def lose_an_answer(city):
        row = of_the_mail(city)
        unsure = {"state": "unsure", **due("send", city.clock.now + 600, row["pk"])}
        city.tables.put("notices", {**row, **unsure})

    def act(_world, city):
        deliver(city, mail_event(kind, of_the_mail(city)["pk"], "provider-1", **detail))

    return Prepared(lose_an_answer, act)


def of_the_mail(city):
    sent = [row for row in rows_of(city.tables, "notices") if row["to"] and row["state"] != "carried"]
    return min(sent, key=lambda row: row["pk"])


def on_desk(verb, which, body=None):
    return post(lambda world: f"/v1/coordination/matches/{which(world)}/{verb}", body, who=COO)


def unblock():
    """Take back the one block there is."""

    def block(city):
        mine = city.house.people.get(city.house.secrets.blind(ANA))
        city.house.people.save(mine.blocking(city.house.secrets.blind(BOB), "match", city.clock.now))

    def act(world, city):
        mine, bob = map(city.house.secrets.blind, (ANA, BOB))
        path = f"/v1/me/blocks/{Block(bob, 'match', 0).id_for(mine)}"
        return city.call("DELETE", path, token=world.tokens[ANA])

    return Prepared(block, act)


def tick(*rounds):
    """Run rounds one after another, each so many minutes after the start; trouble comes in the last."""
    *earlier, (minutes, last) = rounds

    def run_the_earlier(city):
        start = city.clock.now
        for at, job in earlier:
            city.clock.now = start + at * 60
            job(city.house, city.clock.now)
        settle(city, until=start + minutes * 60 - 1_800)
        city.clock.now = start + minutes * 60 - 1_800
        begin_rounds(city)
        city.clock.turn(minutes=30)

    return Prepared(run_the_earlier, lambda _world, city: (last(city.house, city.clock.now), None)[1])


class Prepared(NamedTuple):
    """A path that begins after something happened undisturbed."""

    prepare: Callable
    act: Callable


def begun(world, name):
    """Return the world in which the path begins, and its act."""
    path = PATHS[name]
    if not isinstance(path, Prepared):
        return world, path
    begun = copy(world)
    begun.city = world.copy()
    path.prepare(begun.city)
    return begun, path.act


def asking(act, *, hours=(), refuses=False):
    """Let the city ask before each of the turns of its clock, and have all say no; then act, with trouble."""

    def prepare(city):
        for job in ("ask", "assign"):  # as if no round had ever been
            city.tables.tables._rows["jobs"].pop((job,), None)
        for turn in hours:
            assert city.house.asking.ask_due(city.clock.now).failed == 0
            city.clock.turn(hours=turn)
        if refuses:
            for row in [row for row in rows_of(city.tables, "matches") if row["state"] == "proposed"]:
                match, said = f"{row['pk']}-{row['sk']}", {"by": row["helper"], "key": "no"}
                city.house.matching.decline(match, "no_time", now=city.clock.now, **said)
        settle(city)

    return Prepared(prepare, act)


def forgetting():
    """Begin when the askings of needs that ended long ago are due to be forgotten."""
    ended = asking(None, hours=(*UNTIL_THE_END, 1))

    def prepare(city):
        ended.prepare(city)
        city.clock.now = max(row["due_at"] for row in rows_of(city.tables, "askings") if "asked" in row) + 60
        city.tables.put("jobs", {"pk": "purge-askings", "at": city.clock.now - 1_800})

    def act(_world, city):
        assert city.house.asking.purge_due(city.clock.now).failed == 0

    return Prepared(prepare, act)


def ask(_world, city):
    assert city.house.asking.ask_due(city.clock.now).failed == 0


def assign(_world, city):
    assert city.house.asking.assign(city.clock.now).failed == 0


def expire(house, now):
    house.publishing.expire_due(now)


def remind(house, now):
    house.publishing.remind_due(now)


def tend(house, now):
    house.matching.tend_due(now)


def send(house, now):
    house.dispatcher.send_due(now)


def forget(house, now):
    house.publishing.purge_due(now)
    house.matching.purge_due(now)
    house.dispatcher.purge(now)


DAY = 1_440
REMINDED = 14 * DAY - 14 * DAY // 3
"""When a need of two weeks is reminded of: a third of them before its end."""

REQUESTS = {
    "ask for a link": post(lambda _: "/v1/sign-in", {"email": "somebody@example.org"}),
    "open a known person's session by the code": open_by_code(ANA),
    "open a newcomer's session by the code": open_by_code("new@example.org"),
    "open a newcomer's session by the link": open_by_link,
    "say who one is": change_me,
    "sign out here": sign_out("/v1/sessions/current"),
    "sign out everywhere": sign_out("/v1/sessions"),
    "publish a need": post(lambda _: "/v1/needs", a_listing(), who=EVE),
    "publish an offer that is held": post(lambda _: "/v1/offers", a_listing(category="childcare"), who=EVE),
    "edit a listing": edit,
    "withdraw a listing": on_listing("withdraw", lambda world: world.needs[0]),
    "renew a listing": on_listing("renew", lambda world: world.needs[0]),
    "fulfil a listing": on_listing("fulfil", lambda world: world.needs[0], {"outcome": "helped_here"}),
    "release a held listing": post(lambda world: f"/v1/held/{world.held[0]}/release", who=MOD),
    "refuse a held listing": post(
        lambda world: f"/v1/held/{world.held[1]}/refuse", {"reason": "double"}, who=MOD
    ),
    "ask a helper": propose(3, 3, ANA),
    "come forward": propose(3, 3, BOB),
    "accept": on_match("accept", lambda world: world.proposed[0], {"message": "Demain 10h"}),
    "decline": on_match("decline", lambda world: world.proposed[0], {"reason": "no_time"}),
    "take back a proposal": on_match("cancel", lambda world: world.proposed[0], {"reason": "other"}, who=ANA),
    "cancel what was accepted": on_match("cancel", lambda world: world.accepted[0], {"reason": "other"}),
    "be late": on_match("accept", lambda world: world.queue[2], {"message": "Demain 10h"}),
    "give a place back to a queue": on_match("cancel", lambda world: world.queue[0], {"reason": "other"}),
    "block who asked": on_match("block", lambda world: world.proposed[0]),
    "block with whom it is agreed": on_match("block", lambda world: world.agreed[0], who=ANA),
    "unblock": unblock(),
    "confirm": on_desk("confirm", lambda world: world.agreed[0]),
    "refuse a match": on_desk("refuse", lambda world: world.agreed[1], {"reason": "Trop loin"}),
    "say how it went": on_match("outcome", lambda world: world.accepted[0], {"outcome": "went_well"}),
    "accept from the mail": tap("accept", lambda world: world.proposed[1], BOB),
    "decline from the mail": tap("decline", lambda world: world.proposed[1], BOB),
    "unsubscribe from the mail": tap("unsubscribe", lambda _: "asked", BOB, "asked"),
    "renew from the mail": tap_renew,
}

ROUNDS = {
    "lapse": tick((2 * DAY + 1, tend)),
    "look at a queue": tick((61, tend)),
    "ask how it went": tick((3 * DAY + 1, tend)),
    "close": tick((3 * DAY + 1, tend), (3 * DAY + 2, send), (33 * DAY + 2, tend)),
    "remind": tick((REMINDED + 1, remind)),
    "expire": tick((11 * DAY + 1, remind), (11 * DAY + 2, send), (14 * DAY + 1, expire)),
    "begin to ask": asking(ask),
    "ask in the next wave": asking(ask, hours=(13,)),
    "ask when all have said no": asking(ask, hours=(1,), refuses=True),
    "hand over what nobody answered": asking(ask, hours=(13, 25, 49)),
    "rest with a need that is gone": asking(ask, hours=UNTIL_THE_END),
    "assign all at once": asking(assign),
    "assign what the waves left": asking(assign, hours=(13,), refuses=True),
    "forget askings": forgetting(),
    "send": tick((2 * DAY + 1, tend), (2 * DAY + 2, send)),
    "send a digest": tick((2 * DAY + 1, tend), (2 * DAY + 2, send), (2 * DAY + 490, send)),
    "forget listings": tick((14 * DAY, remind), (14 * DAY, send), (104 * DAY + 1, forget)),
    "forget matches": tick((2 * DAY, tend), (2 * DAY, send), (92 * DAY + 1, forget)),
    "forget notices": tick((30 * DAY + 1, forget)),
    "snapshot": tick((5, lambda house, now: house.board.save_snapshot(now))),
    "the mail went": event("Send"),
    "the mail came back": event("Bounce", bounce={"bounceType": "Permanent"}),
    "the mail was unwanted": event("Complaint"),
}

PATHS = {**REQUESTS, **ROUNDS}
ASKING = {
    "begin to ask",
    "ask in the next wave",
    "ask when all have said no",
    "hand over what nobody answered",
    "rest with a need that is gone",
    "assign all at once",
    "assign what the waves left",
    "forget askings",
}


def undisturbed(world, act):
    """Return the facts and mails that the path ends in undisturbed, its calls and its answer."""
    city, blow = world.copy(), Blow()
    city.tables.fate = city.mailbox.fate = blow
    reply = act(world, city)
    calls = list(blow.calls)
    finish(city)
    return (facts(city.tables), {*told(city)}), calls, reply


def finish(city):
    city.tables.fate = city.mailbox.fate = well
    settle(city)


def killed(world, act, *blows):
    """Return the city after a process was killed at each of the blows in turn, and the last one was not."""
    city = world.copy()
    for at, fault in blows:
        city.tables.fate = city.mailbox.fate = Blow(at, fault)
        try:
            reply = act(world, city)
        except Killed:
            reply = None
        restart(city)
    city.tables.fate = city.mailbox.fate = well
    reply = act(world, city)
    finish(city)
    return city, reply


def assert_same(found, reply, wanted, answer):
    wanted_facts, wanted_told = wanted
    assert differences(facts(found.tables), wanted_facts) == {}
    assert told_twice(found) == []
    assert {*told(found)} == wanted_told
    if answer is None or reply is None or reply.status in (401, 412):  # it had been done: see the state
        return
    assert reply.status == (200 if answer.status == 201 and reply.status == 200 else answer.status)
    assert reply.text == answer.text


@pytest.mark.parametrize("name", PATHS)
def test_a_process_killed_at_any_call_changes_nothing_in_the_end(world, name):
    world, act = begun(world, name)
    wanted, calls, answer = undisturbed(world, act)
    assert answer is None or answer.status < 300, answer.text
    assert differences(wanted[0], facts(world.city.tables)) != {}
    for at, when in moments(name, calls):
        found, reply = killed(world, act, (at, when))
        assert_same(found, reply, wanted, answer)


def moments(name, calls):
    """Return when to kill: before and after each call; of a round that reads much, after each that writes."""
    if name not in ASKING:
        return [(at, when) for at in range(len(calls)) for when in WHEN]
    return [
        (0, "killed before"),
        *((at, "killed after") for at, call in enumerate(calls) if call == "commit"),
    ]


@pytest.mark.soak
@pytest.mark.parametrize("name", REQUESTS)
def test_two_processes_killed_one_after_the_other_change_nothing_in_the_end(world, name):
    world, act = begun(world, name)
    wanted, calls, answer = undisturbed(world, act)
    for first in range(len(calls)):
        for second in range(len(calls)):
            for when in WHEN:
                found, reply = killed(world, act, (first, when), (second, when))
                assert_same(found, reply, wanted, answer)


@pytest.mark.parametrize("naive", ["puts with an id of its own", "writes the mail after the fact"])
def test_a_path_that_is_not_one_transaction_with_its_key_is_caught(world, naive):
    ids = count(1)

    def publish(world, city):
        number = next(ids) if naive == "puts with an id of its own" else 0
        city.tables.put("listings", {"pk": f"naive-{number}", "version": 1})

    def publish_and_tell(world, city):
        if city.tables.get("listings", {"pk": "naive-0"}):
            return  # the id is the key's: it is done
        publish(world, city)
        city.tables.put("notices", {"pk": "naive-notice", "state": "sent"})

    act = publish if naive == "puts with an id of its own" else publish_and_tell
    wanted, calls, _ = undisturbed(world, act)
    caught = 0
    for at in range(len(calls)):
        for when in WHEN:
            ids = count(1)
            found, _ = killed(world, act, (at, when))
            caught += bool(differences(facts(found.tables), wanted[0]))
    assert caught
