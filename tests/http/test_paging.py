"""Pages while others write: what did not change is seen once, in every order; and no cursor is made up."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from random import Random
from threading import Event, Thread

import pytest

from tests.city import a_listing, open_city
from tests.document import the_document
from tests.tampering import tampered

ORDERS = {
    "distance": {"near": "47.7486,7.3393"},
    "newest": {"order": "newest"},
    "ending": {"order": "ending"},
    "relevance": {"order": "relevance", "text": "courses"},
    "within": {"near": "47.75,7.34", "radius_m": "2500", "order": "ending"},
    "needs": {"kind": "need", "category": ["groceries", "meals"], "order": "newest"},
}
LISTINGS = 60
A_CITY = 20
"""Walks through one city, then the next opens."""


class Writers:
    """People who publish, edit, renew and withdraw; `touched` are the listings they had a hand in."""

    def __init__(self, chance):
        self.city, self.chance = open_city(), chance
        self.touched, self.mine = set(), {}
        self._days = 0
        for _ in range(LISTINGS):
            self.publish()

    def publish(self):
        author = f"author-{len(self.mine) // 10}@example.org"
        place = {"point": {"lat": 47.7486 + self._near(), "lon": 7.3393 + self._near()}}
        made = self.city.publish(
            self.chance.choice(("need", "offer")),
            author,
            place=place,
            title=self.chance.choice(("Courses", "Des courses au marché", "Repas")),
            text=self.chance.choice(("Courses du mardi", "Un repas chaud")),
            category=self.chance.choice(("groceries", "meals", "pharmacy")),
        )
        self.mine[made["id"]] = author
        self.touched.add(made["id"])
        self.city.clock.turn(seconds=self.chance.choice((0, 0, 1, 30)))

    def write(self):
        """Do one thing to one listing, or publish one."""
        if self.chance.random() < 0.3:
            return self.publish()
        listing, author = self.chance.choice(list(self.mine.items()))
        self.touched.add(listing)
        token = self.city.sign_in(author)
        how = self.chance.choice(("edit", "renew", "withdraw"))
        if how != "edit":
            return self.city.post(f"/v1/listings/{listing}/{how}", token=token)
        tag = self.city.get(f"/v1/listings/{listing}").etag
        change = {"title": self.chance.choice(("Autres courses", "Autre chose"))}
        return self.city.call(
            "PATCH", f"/v1/listings/{listing}", change, token=token, headers={"If-Match": tag}
        )

    def _near(self):
        return self.chance.uniform(-0.01, 0.01)


def everything(city, asked):
    """Return the ids of all that a question finds while nobody writes."""
    return list(walk(city, asked, 100, lambda: None))


def walk(city, asked, limit, between):
    """Yield the ids of every page of a question, with something done between two of them."""
    cursor = None
    while True:
        query = {**asked, "limit": limit, **({"cursor": cursor} if cursor else {})}
        page = city.get("/v1/listings", query=query)
        assert page.status == 200, page.text
        yield from (hit["id"] for hit in page.json["listings"])
        cursor = page.json["next"]
        if cursor is None:
            return
        link = page.headers["link"]
        assert link.endswith('>; rel="next"')
        between()


def by_offset(city, asked, limit, between):
    """The naive way: skip as many as were seen."""
    seen = 0
    while page := everything(city, asked)[seen : seen + limit]:
        yield from page
        seen += limit
        between()


def faults(walks, seed, way=walk):
    """Return the listings that a walk skipped or repeated although nobody touched them."""
    chance, wrong = Random(seed), []
    for number in range(walks):
        if number % A_CITY == 0:
            writers = Writers(chance)
        asked = ORDERS[list(ORDERS)[number % len(ORDERS)]]
        writers.touched.clear()
        before = everything(writers.city, asked)
        seen = list(way(writers.city, asked, chance.randint(1, 9), writers.write))
        untouched = [each for each in before if each not in writers.touched]
        wrong += [("skipped", number, each) for each in untouched if each not in seen]
        wrong += [("repeated", number, each) for each in untouched if seen.count(each) > 1]
        if [each for each in dict.fromkeys(seen) if each in untouched] != untouched:
            wrong.append(("in another order", number))
    return wrong


def test_a_walk_while_others_write_skips_nothing_and_repeats_nothing():
    assert faults(len(ORDERS) * 2, seed=1) == []


@pytest.mark.soak
def test_five_hundred_walks_while_others_write_skip_nothing_and_repeat_nothing():
    assert faults(504, seed=2) == []


def test_pages_by_offset_would_be_found():
    assert {what for what, *_ in faults(len(ORDERS), seed=1, way=by_offset)} >= {"skipped", "repeated"}


@pytest.mark.parametrize("asked", ORDERS.values(), ids=ORDERS)
def test_a_walk_while_another_thread_writes_skips_nothing_and_repeats_nothing(asked):
    writers, over = Writers(Random(5)), Event()
    before = everything(writers.city, asked)
    writers.touched.clear()

    def keep_writing():
        while not over.is_set():
            writers.write()
            if len(writers.mine) > 90:
                return

    thread = Thread(target=keep_writing)
    thread.start()
    try:
        seen = list(walk(writers.city, asked, 5, lambda: None))
    finally:
        over.set()
        thread.join()
    untouched = [each for each in before if each not in writers.touched]
    assert [each for each in seen if each in untouched] == untouched


def cursors():
    """Return a city, and the cursors it gave: where each is good, and for whom."""
    city = Writers(Random(4)).city
    monique, yusuf = (city.sign_in(f"author-{number}@example.org") for number in (0, 1))
    given = []
    for asked in ORDERS.values():
        page = city.get("/v1/listings", query={**asked, "limit": 3}).json
        given.append(("/v1/listings", {**asked, "limit": 3}, None, page["next"]))
    for token in (monique, yusuf):
        page = city.get("/v1/me/listings?limit=3", token=token).json
        given.append(("/v1/me/listings", {"limit": 3}, token, page["next"]))
    need = city.publish("need", "lea@example.org", capacity=9)["id"]
    for number in range(3):
        offer = city.publish("offer", f"helper-{number}@example.org")["id"]
        pair = {"need": need, "offer": offer}
        assert city.post("/v1/matches", pair, token=city.sign_in("lea@example.org")).status == 201
    token = city.sign_in("lea@example.org")
    page = city.get("/v1/matches?limit=2", token=token).json
    given.append(("/v1/matches", {"limit": 2}, token, page["next"]))
    assert all(cursor for *_, cursor in given)
    return city, given


def accepted(tries, seed, secrets=None):
    """Return the tampered cursors that were not answered 400."""
    city, given = cursors()
    chance, wrong = Random(seed), []
    for number in range(tries):
        path, query, token, cursor = chance.choice(given)
        others = [each for *_, each in given if each != cursor]
        bad = chance.choice(others) if number % 10 == 0 else tampered(cursor, chance)
        reply = city.get(path, query={**query, "cursor": bad}, token=token)
        assert the_document().misfits("GET", path, reply) == []
        if (reply.status, reply.json.get("code")) != (400, "cursor_invalid"):
            wrong.append((path, bad, reply.status))
    return wrong


def test_a_cursor_that_was_tampered_with_is_refused():
    assert accepted(200, seed=1) == []


@pytest.mark.soak
def test_a_thousand_cursors_that_were_tampered_with_are_refused():
    assert accepted(1_000, seed=2) == []


def test_a_cursor_without_a_seal_would_be_found(monkeypatch):
    import json

    def naive_seal(secrets, purpose, position):
        return urlsafe_b64encode(json.dumps(position).encode()).decode()

    def naive_unseal(secrets, purpose, cursor):
        try:
            return json.loads(urlsafe_b64decode(cursor))
        except ValueError:
            return [0, 0, ""]

    for noun in ("board", "listings", "matching"):
        monkeypatch.setattr(f"chalicelib.{noun}.routes.seal", naive_seal)
        monkeypatch.setattr(f"chalicelib.{noun}.routes.unseal", naive_unseal)
    assert accepted(50, seed=1)


def test_a_cursor_is_good_for_its_own_question_and_person_only():
    city, given = cursors()
    for path, query, token, cursor in given:
        assert city.get(path, query={**query, "cursor": cursor}, token=token).status == 200
    elsewhere = open_city(key="e" * 32)
    assert elsewhere.get("/v1/listings", query={**given[0][1], "cursor": given[0][3]}).status == 400
    for query in ({"kind": "need"}, {"near": "47.7,7.3"}, {"order": "ending"}):
        assert (
            city.get("/v1/listings", query={**ORDERS["newest"], **query, "cursor": given[1][3]}).status == 400
        )
    own = next(each for each in given if each[0] == "/v1/me/listings")
    yusuf = city.sign_in("author-1@example.org")
    assert city.get(own[0], query={**own[1], "cursor": own[3]}, token=yusuf).status == 400


@pytest.mark.parametrize("path", ["/v1/me/listings", "/v1/matches"])
def test_ones_own_pages_hold_each_thing_once_newest_first(path):
    city, seen, cursor = open_city(), [], None
    lea = "lea@example.org"
    need = city.publish("need", lea, capacity=9)["id"]
    for number in range(6):
        city.clock.turn(seconds=number % 2)
        offer = city.publish("offer", f"helper-{number}@example.org")["id"]
        city.post("/v1/matches", {"need": need, "offer": offer}, token=city.sign_in(lea))
        city.post("/v1/needs", a_listing(), token=city.sign_in(lea))
    noun = path.rpartition("/")[2]
    whole = city.get(f"{path}?limit=50", token=city.sign_in(lea)).json[noun]
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = city.get(path, query=query, token=city.sign_in(lea)).json
        seen += page[noun]
        cursor = page["next"]
        if cursor is None:
            break
    assert [each["id"] for each in seen] == [each["id"] for each in whole]
    assert len({each["id"] for each in seen}) == len(seen) >= 6
