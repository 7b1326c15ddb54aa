"""R8: a request sent five times at once with one key has one effect, and one answer."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count, cycle
from threading import Barrier

import pytest

from chalicelib.errors import DomainError, Unavailable
from chalicelib.listings.rows import listing_item
from chalicelib.matching.dynamodb import _item as match_item
from chalicelib.people.dynamodb import added
from chalicelib.people.service import Door
from chalicelib.storage.tables import Tables, connect
from chalicelib.storage.transaction import Put
from tests.city import a_listing as a_body
from tests.city import open_city
from tests.engines import fresh_city
from tests.samples import NOW, a_draft, a_house, a_listing, a_match, a_person, an_id

REGION = "eu-west-3"
REPEATS = 5
PATIENCE = 20
MANY = 1_000_000


class Requests:
    """What residents ask for, each with all it needs already there: a key, what it does, what it changes."""

    def __init__(self, tables):
        self.tables, self.numbers = tables, count(1)
        self.puts, self.people = (
            [],
            [
                a_person(f"person {number}", asks_per_week=MANY, asks_per_season=3 * MANY)
                for number in range(8)
            ],
        )
        for person in self.people:
            tables.commit(added(person))
        self.expected = Counter()

    def many(self, total):
        kinds = cycle(
            [
                self._publish,
                self._propose,
                self._come_forward,
                *(self._of_match(*each) for each in _OF_MATCHES),
                *(self._of_listing(*each) for each in _OF_LISTINGS),
                self._ask_for_a_link,
                self._open(by_code=True),
                self._open(by_code=False),
            ]
        )
        made = [next(kinds)(f"key-{number:06d}") for number in range(total)]
        for start in range(0, len(self.puts), 50):
            self.tables.commit(self.puts[start : start + 50])
        return made

    def _publish(self, key):
        by = self.people[next(self.numbers) % 8]
        self.expected.update(listings=1, listing_versions=1, published=1)
        said = {"by": by, "key": key, "print_": key, "now": NOW}
        return lambda house: house.publishing.publish("need", a_draft(title=key), **said)[0]

    def _propose(self, key):
        need, offer = self._pair(key)
        self.expected.update(matches=1, match_versions=1, notices=1, proposed=1, asked=1)
        said = {"by": self.people[0], "message": "", "key": key, "now": NOW}
        return lambda house: house.matching.propose(need.id, offer.id, **said).match

    def _come_forward(self, key):
        need, offer = self._pair(key)
        self.expected.update(matches=1, match_versions=1, notices=1, proposed=1)
        said = {"by": self.people[1], "message": "", "key": key, "now": NOW}
        return lambda house: house.matching.propose(need.id, offer.id, **said).match

    def _of_match(self, verb, by, said, state, effect):
        def make(key):
            need, offer = self._pair(key)
            match = a_match(
                chosen=True,
                need=need.id,
                offer=offer.id,
                seeker=need.author,
                helper=offer.author,
                state=state,
            )
            self._put("matches", match_item(match))
            self.expected.update({"matches": 1, "match_versions": 2, **effect})
            who = self.people[0] if by == "seeker" else self.people[1]
            asked = {**said, "by": who.id, "key": key, "now": NOW}
            return lambda house: getattr(house.matching, verb)(match.id, **asked).match

        return make

    def _of_listing(self, verb, said, state, effect):
        def make(key):
            listing = self._listing(f"{verb} {key}", "need", self.people[2], state)
            self.expected.update({"listing_versions": 1, **effect})
            by = {} if state == "held" else {"by": self.people[2].id}
            asked = {**said, **by, "key": key, "now": NOW}

            if state == "held":
                return lambda house: getattr(house.desk, verb)(listing.id, **asked).listing
            return lambda house: getattr(house.publishing, verb)(listing.id, **asked)

        return make

    def _ask_for_a_link(self, key):
        self.expected.update(sign_ins=1, notices=1, mailed=1)
        said = {"language": "fr", "ip": "192.0.2.1", "key": key, "now": NOW}
        return lambda house: house.door.start(f"{key}@example.org", **said)[0]

    def _open(self, *, by_code):
        def make(key):
            door = _door(a_house(tables=self.tables))
            said = {"language": "fr", "ip": "192.0.2.1", "key": key, "now": NOW}
            attempt = door.start(f"{key}@example.org", **said)[0].id
            self.expected.update(sign_ins=1, notices=1, mailed=1, sessions=1, people=1, used=1)
            code, link = door.code(attempt), f"{attempt}.{door.link_secret(attempt)}"
            if by_code:
                return lambda house: house.door.open_by_code(attempt, code, key=key, now=NOW)
            return lambda house: house.door.open_by_link(link, key=key, now=NOW)

        return make

    def _pair(self, key):
        need = self._listing(f"need {key}", "need", self.people[0])
        return need, self._listing(f"offer {key}", "offer", self.people[1])

    def _listing(self, name, kind, author, state="open"):
        listing = a_listing(id=an_id(name), kind=kind, author=author.id, state=state, capacity=2, left=1)
        self._put("listings", listing_item(listing))
        self.expected.update(listings=1, listing_versions=1)
        return listing

    def _put(self, noun, item):
        self.puts.append(Put(noun, item))


_TAKEN = {"listing_versions": 2}
_OF_MATCHES = (
    ("accept", "helper", {"answer": "Demain"}, "proposed", {**_TAKEN, "notices": 2}),
    ("decline", "helper", {"reason": "no_time"}, "proposed", {"notices": 1}),
    ("cancel", "seeker", {"reason": "other"}, "accepted", {**_TAKEN, "notices": 1}),
    ("tell", "helper", {"outcome": "went_well"}, "accepted", {}),
)
_OF_LISTINGS = (
    ("withdraw", {}, "open", {}),
    ("fulfil", {"outcome": "helped_here"}, "open", {}),
    ("renew", {}, "open", {}),
    ("release", {}, "held", {"notices": 1}),
    ("refuse", {"reason": "double"}, "held", {"notices": 1}),
)


def effects(tables):
    """Return how much there is in the tables of what requests may do."""
    found = Counter()
    for row in tables.scan("listings"):
        found.update(listings=1, listing_versions=row["version"])
    for row in tables.scan("matches"):
        found.update(matches=1, match_versions=row["version"])
    for row in tables.scan("people"):
        if row["sk"] == "sign-in":
            found.update(sign_ins=1, used=int("used_by" in row))
        elif row["sk"] == "me":
            found.update(people=1, asked=len(row["asked"]))
        else:
            found.update(sessions=1)
    found.update(notices=sum(1 for _ in tables.scan("notices")))
    for row in tables.scan("limits"):
        name = row["pk"].partition("#")[0]
        counted = {"publish": "published", "propose": "proposed", "sign-in-from": "mailed"}.get(name)
        if counted and "count" in row:
            found[counted] += row["count"]
    return found


def _door(house):
    return Door(house.people, house.secrets, MANY)


def send_all_at_once(engine, total):
    """Send each request from five functions at the same time; return the answers of each, and the tables."""
    city = fresh_city(engine.dynamodb)
    houses = [_house(city) for _ in range(REPEATS)]
    requests = Requests(houses[0].tables)
    acts = requests.many(total)
    barrier, again = Barrier(REPEATS, timeout=60), Counter()

    def send(turn):
        answers = []
        for act in acts:
            barrier.wait()
            answers.append(_insist(lambda: act(houses[turn]), again))  # noqa: B023 — done at once
        return answers

    with ThreadPoolExecutor(REPEATS) as pool:
        answers = list(pool.map(send, range(REPEATS)))
    requests.expected["people"] += len(requests.people)
    return list(zip(*answers, strict=True)), requests, houses[0].tables, again["again"]


def _house(city):
    tables = Tables(connect(REGION), city, lambda: NOW * 1_000, lambda _: None)
    house = a_house(tables=tables)
    limits = replace(house.city.limits, listings_per_day=MANY, proposals_per_day=MANY)
    house.city = replace(house.city, limits=limits)
    house.door = _door(house)
    return house


def _insist(act, again):
    for _ in range(PATIENCE):
        try:
            return act()
        except Unavailable:
            again["again"] += 1
        except DomainError as refused:
            return refused.code
    raise AssertionError("nobody answers")


def assert_one_effect_and_one_answer(engine, total):
    answers, requests, tables, again = send_all_at_once(engine, total)
    for five in answers:
        assert all(answer == five[0] for answer in five), five
    assert effects(tables) == requests.expected
    return again


def test_sent_five_times_at_once_has_one_effect_and_one_answer(engine, monkeypatch):
    monkeypatch.setattr("chalicelib.people.service.IP_LIMIT_PER_HOUR", MANY)
    assert_one_effect_and_one_answer(engine, 45)


@pytest.mark.soak
def test_two_thousand_keys_sent_five_times_at_once_have_one_effect_each(engine, monkeypatch):
    monkeypatch.setattr("chalicelib.people.service.IP_LIMIT_PER_HOUR", MANY)
    print("told to come again:", assert_one_effect_and_one_answer(engine, 2_000))  # noqa: T201


def test_who_looks_for_the_key_and_then_acts_is_caught(engine):
    """The naive way: look whether the key is known, act, remember the key."""
    tables, ids, barrier = _house(fresh_city(engine.dynamodb)).tables, count(1), Barrier(REPEATS, timeout=60)

    def send(_):
        for number in range(20):
            barrier.wait()
            if tables.get("limits", {"pk": f"key {number}"}) is None:
                tables.put("listings", {"pk": f"listing {next(ids)}"})
                tables.put("limits", {"pk": f"key {number}"})

    with ThreadPoolExecutor(REPEATS) as pool:
        list(pool.map(send, range(REPEATS)))
    assert len(list(tables.scan("listings"))) > 20


MONIQUE, YUSUF, MOD = "monique@example.org", "yusuf@example.org", "mod@example.org"


@pytest.fixture
def town():
    """A city with two neighbours, a moderator, and something of each state."""
    city = open_city(held=("childcare",))
    tokens = {who: city.sign_in(who) for who in (MONIQUE, YUSUF, MOD)}
    key = {"pk": city.house.secrets.blind(MOD), "sk": "me"}
    city.tables.put("people", {**city.tables.get("people", key), "role": "moderator"})
    city.call(
        "PATCH",
        "/v1/me",
        {"asks_per_week": 9, "asks_per_season": 99},
        token=tokens[YUSUF],
        headers={"If-Match": '"1"'},
    )
    city.needs = [city.publish("need", MONIQUE, title=f"Besoin {n}")["id"] for n in range(5)]
    city.offers = [city.publish("offer", YUSUF, title=f"Offre {n}", reach_m=5_000)["id"] for n in range(3)]
    city.held = [city.publish("need", MONIQUE, category="childcare")["id"] for _ in range(2)]
    city.asked = [ask(city, city.needs[n], city.offers[n]).json["id"] for n in range(2)]
    assert city.post(f"/v1/matches/{city.asked[1]}/accept", token=tokens[YUSUF]).status == 200
    return city


def ask(city, need, offer, **more):
    body = {"need": need, "offer": offer, **more.pop("said", {})}
    return city.post("/v1/matches", body, token=city.sign_in(MONIQUE), **more)


def cases(city):
    """Return what is sent, by whom and where, and what else is then sent with the same key."""
    first, second = (f"/v1/matches/{match}" for match in city.asked)
    mine, (held, other) = f"/v1/listings/{city.needs[3]}", (f"/v1/held/{each}" for each in city.held)
    ask, pair = "/v1/matches", {"need": city.needs[2], "offer": city.offers[2]}
    other_pair = {**pair, "offer": city.offers[0]}
    need, offer, body = "/v1/needs", "/v1/offers", a_body()
    no, too_far = {"reason": "no_time"}, {"reason": "too_far"}
    partly, problem = {"outcome": "partly"}, {"outcome": "problem"}
    here, elsewhere = {"outcome": "helped_here"}, {"outcome": "helped_elsewhere"}
    return {
        "another need": (MONIQUE, need, body, need, a_body(title="Autre chose")),
        "an offer": (MONIQUE, need, body, offer, body),
        "another message": (MONIQUE, ask, pair, ask, {**pair, "message": "Bonjour"}),
        "another helper": (MONIQUE, ask, pair, ask, other_pair),
        "another answer": (YUSUF, f"{first}/accept", {}, f"{first}/accept", {"message": "Demain"}),
        "a no": (YUSUF, f"{first}/accept", {}, f"{first}/decline", no),
        "another reason": (YUSUF, f"{first}/decline", no, f"{first}/decline", too_far),
        "another end": (MONIQUE, f"{second}/cancel", {"reason": "other"}, f"{second}/outcome", partly),
        "another outcome": (YUSUF, f"{second}/outcome", partly, f"{second}/outcome", problem),
        "another way": (MONIQUE, f"{mine}/fulfil", here, f"{mine}/fulfil", elsewhere),
        "a withdrawal": (MONIQUE, f"{mine}/renew", {}, f"{mine}/withdraw", {}),
        "a renewal": (MONIQUE, f"{mine}/withdraw", {}, f"{mine}/renew", {}),
        "another ruling": (MOD, f"{held}/release", {}, f"{held}/refuse", {"reason": "double"}),
        "another refusal": (MOD, f"{other}/refuse", {"reason": "x"}, f"{other}/refuse", {"reason": "y"}),
    }


CASES = (
    "another need|an offer|another message|another helper|another answer|a no|another reason|another end|"
    "another outcome|another way|a withdrawal|a renewal|another ruling|another refusal"
).split("|")


@pytest.mark.parametrize("case", CASES)
def test_the_same_key_repeats_a_request_and_does_nothing_else(town, case):
    who, path, body, other_path, other_body = cases(town)[case]
    send = {"token": town.sign_in(who), "key": "one-key-for-all"}
    first = town.post(path, body, **send)
    assert first.status in (200, 201), first.text
    commits, mails = town.tables.commits, len(town.mailbox.mails)
    again = town.post(path, body, **send)
    assert (again.status in (200, 201), again.text) == (True, first.text)
    other = town.post(other_path, other_body, **send)
    assert (other.status, other.json["code"]) == (409, "key_reused")
    assert (town.tables.commits, len(town.mailbox.mails)) == (commits, mails)


def test_the_two_sides_of_a_match_may_happen_to_choose_the_same_key(town):
    match = f"/v1/matches/{town.asked[1]}"
    for who in (MONIQUE, YUSUF):
        said = {"token": town.sign_in(who), "key": "12345678"}
        assert town.post(f"{match}/outcome", {"outcome": "went_well"}, **said).status == 200
    assert town.get(match, token=town.sign_in(MONIQUE)).json["state"] == "done"


def test_a_key_of_somebody_else_is_another_key(town):
    first = town.post("/v1/needs", a_body(), token=town.sign_in(MONIQUE), key="12345678")
    second = town.post("/v1/needs", a_body(), token=town.sign_in(YUSUF), key="12345678")
    assert (first.status, second.status) == (201, 201)
    assert first.json["id"] != second.json["id"]


def test_a_key_of_nobody_yet_belongs_to_the_address_it_asks_a_link_for(town):
    asked = [
        town.post("/v1/sign-in", {"email": who}, key="12345678").json
        for who in "ab"
        for who in (f"{who}@example.org", f"{who}@example.org")
    ]
    assert asked[0] == asked[1]
    assert asked[2] == asked[3]
    assert asked[0]["attempt"] != asked[2]["attempt"]
    assert [len(town.mailbox.to(f"{who}@example.org")) for who in "ab"] == [1, 1]


def test_a_session_is_opened_once_by_a_key_and_by_no_other(town):
    attempt = town.post("/v1/sign-in", {"email": MONIQUE}).json["attempt"]
    right = {"attempt": attempt, "code": town.house.door.code(attempt)}
    first = town.post("/v1/sessions", right, key="12345678")
    assert town.post("/v1/sessions", right, key="12345678").text == first.text
    assert town.post("/v1/sessions", right, key="87654321").status == 401
    wrong = {**right, "code": f"{(int(right['code']) + 1) % 1_000_000:06d}"}
    assert town.post("/v1/sessions", wrong, key="12345678").status == 401
