"""What is personal stays with whom it belongs to: canaries in every field, and nobody else hears them."""

import json
import re
from base64 import urlsafe_b64decode
from traceback import format_exception
from urllib.parse import unquote

import pytest

from chalicelib import observability
from chalicelib.api import operation
from chalicelib.listings import routes as listings
from chalicelib.listings.shown import show_own_listing
from chalicelib.observability import logger
from tests.city import a_listing, open_city
from tests.document import the_document

SEEKER, HELPER = "kanari.seeker@canary-mail.example", "kanari.helper@canary-mail.example"
LAT, LON = 47.7486417, 7.3393528
HERE = {"point": {"lat": LAT, "lon": LON}}
CANARIES = {
    "address": "kanari.",
    "domain": "canary-mail",
    "name": "Canarella",
    "latitude": "47.74864",
    "longitude": "7.33935",
    "street": "Sauvage",
    "message": "sifflotis",
    "answer": "gazouillis",
    "reason": "roucoulade",
    "key": "canary-key",
    "relation": "neighbour",
    "consent": "by phone",
}
"""No number of a cell begins so: its middle and edges are other numbers."""


def canaries_in(text):
    """Return which canaries a text holds, as they are or written as URLs and tokens write them."""
    parts = re.split(r"[^A-Za-z0-9_-]+", text)
    read = [text, unquote(text), *(decoded for part in parts if (decoded := _decoded(part)))]
    return {name for name, canary in CANARIES.items() if any(canary in each for each in read)}


def _decoded(part):
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
    except ValueError:
        return ""


class Story:
    """Two people who meet, every private field of theirs a canary."""

    def __init__(self):
        self.city = city = open_city(held=("childcare",))
        self.keys = iter(range(1000))
        self.seeker, self.helper = city.sign_in(SEEKER), city.sign_in(HELPER)
        self.paths = []
        for token, place in ((self.seeker, HERE), (self.helper, {"address": "rue du Sauvage"})):
            me = {"name": "Canarella", "place": place}
            etag = city.get("/v1/me", token=token).etag
            self.call("PATCH", "/v1/me", me, token=token, headers={"If-Match": etag})
        behalf = {"relation": "neighbour", "consent": "by phone"}
        private = {"place": HERE, "on_behalf_of": behalf}
        self.need = self.post("/v1/needs", a_listing(**private), self.seeker).json["id"]
        near = {"address": "rue du Sauvage"}
        self.offer = self.post("/v1/offers", a_listing(place=near), self.helper).json["id"]
        held = self.post("/v1/needs", a_listing(category="childcare", **private), self.seeker).json["id"]
        refusal = {"reason": "roucoulade"}
        self.post(f"/v1/held/{held}/refuse", refusal, city.moderator())
        pair = {"need": self.need, "offer": self.offer, "message": "sifflotis"}
        self.match = self.post("/v1/matches", pair, self.seeker).json["id"]
        self.taps = [path for who in (SEEKER, HELPER) for path in city.links(who)]
        self.post(f"/v1/matches/{self.match}/accept", {"message": "gazouillis"}, self.helper)
        self.wait_for_a_coordinator()

    def wait_for_a_coordinator(self):
        """Let the two agree once more, where a coordinator confirms, and one block the other in the end."""
        city = self.city
        self.coordinator = city.coordinator()
        pair = {
            kind: self.post(f"/v1/{kind}s", a_listing(place=HERE), who).json["id"]
            for kind, who in (("need", self.seeker), ("offer", self.helper))
        }
        self.agreed = self.post("/v1/matches", {**pair, "message": "sifflotis"}, self.seeker).json["id"]
        city.exchange("confirmed")
        self.post(f"/v1/matches/{self.agreed}/accept", {"message": "gazouillis"}, self.helper)
        self.desk = city.get("/v1/coordination/agreed", token=self.coordinator)
        self.waiting = city.get(f"/v1/matches/{self.agreed}", token=self.seeker)
        self.post(f"/v1/matches/{self.match}/block", {}, self.seeker)

    def call(self, method, path, body=None, **more):
        reply = self.city.call(method, path, body, **more)
        assert reply.status < 300, reply.text
        self.paths += [path, reply.headers.get("location", ""), reply.headers.get("link", "")]
        return reply

    def post(self, path, body, token):
        return self.call("POST", path, body, token=token, key=f"canary-key-{next(self.keys)}")

    def public(self):
        """Yield every answer that anybody, or any resident, can have."""
        lea = self.city.sign_in("lea@example.org")
        for path in (f"/v1/listings/{self.need}", f"/v1/listings/{self.offer}"):
            yield self.city.get(path)
        for query in (
            "",
            "?format=geojson",
            "?near=47.75,7.34",
            "?state=matched&state=open",
            "?text=courses",
        ):
            for asked in (
                self.city.get(f"/v1/listings{query}"),
                self.city.get(f"/v1/listings{query}", token=lea),
            ):
                assert asked.status == 200
                yield asked
        mine = self.city.publish("offer", "lea@example.org", reach_m=10_000)["id"]
        yield self.city.get(f"/v1/me/listings/{mine}/candidates", token=lea)
        for private in (f"/v1/me/listings/{self.need}", f"/v1/matches/{self.match}", "/v1/held"):
            refused = self.city.get(private, token=lea)
            assert refused.status in (403, 404)
            yield refused


@pytest.fixture
def story():
    return Story()


def whole(reply):
    return json.dumps(reply.headers, ensure_ascii=False) + reply.text


def logged(caplog):
    return "\n".join(str(record.__dict__) for record in caplog.records)


def test_a_canary_is_seen_by_whom_it_belongs_to(story):
    own = story.city.get(f"/v1/me/listings/{story.need}", token=story.seeker)
    assert canaries_in(own.text) == {"latitude", "longitude", "relation", "consent"}
    assert canaries_in(story.city.get("/v1/me", token=story.seeker).text) >= {"address", "domain", "name"}
    match = story.city.get(f"/v1/matches/{story.match}", token=story.helper)
    assert canaries_in(match.text) == {"name", "message", "answer"}


def test_no_public_answer_holds_a_canary(story):
    for reply in story.public():
        assert canaries_in(whole(reply)) == set()


def test_no_answer_to_the_other_side_holds_more_than_a_name_and_what_was_written_to_them(story):
    for token in (story.seeker, story.helper):
        for path in (f"/v1/matches/{story.match}", "/v1/matches"):
            assert canaries_in(story.city.get(path, token=token).text) <= {"name", "message", "answer"}


def test_a_coordinator_reads_what_anybody_may_and_no_answer_goes_before_their_word(story):
    assert story.desk.json["matches"]
    assert canaries_in(whole(story.desk)) == set()
    assert canaries_in(story.waiting.text) == {"name", "message"}


def test_a_list_of_blocks_holds_a_name_and_nothing_that_finds_anybody(story):
    blocks = story.city.get("/v1/me/blocks", token=story.seeker)
    assert canaries_in(blocks.text) == {"name"}
    helper = story.city.house.door.who(story.helper, now=story.city.clock.now)[0]
    assert helper.id not in blocks.text


def test_no_mail_tells_one_side_where_to_find_the_other(story):
    for mail, _ in story.city.mailbox.mails:
        own = {"address", "domain", "street", "latitude", "longitude"}
        assert canaries_in(mail.subject + mail.text + mail.html) & own == set(), mail.subject


def test_no_url_holds_a_canary(story):
    links = [link for mail, _ in story.city.mailbox.mails for link in re.findall(r"https?://\S+", mail.text)]
    links += [mail.unsubscribe or "" for mail, _ in story.city.mailbox.mails]
    assert len(links) > 10
    for url in (*links, *story.paths):
        assert canaries_in(url) == set(), url


def test_no_page_behind_a_link_holds_more_than_its_mail_did(story):
    story = Story()
    assert story.taps
    for path in story.taps:
        assert canaries_in(story.city.get(path).text) <= {"name", "message"}


def test_no_log_line_holds_a_canary(caplog):
    with caplog.at_level("DEBUG"):
        list(Story().public())
    assert len(caplog.records) > 10
    assert canaries_in(logged(caplog)) == set()


def wrong_requests(token):
    """Yield requests of every operation with a canary where something else is wanted."""
    values = [
        *CANARIES.values(),
        SEEKER,
        list(CANARIES.values()),
        {"point": {"lat": LAT, "lon": "Canarella"}},
    ]
    schemas = the_document().said["components"]["schemas"]
    for (method, path), said in the_document().operations.items():
        real = re.sub(r"\{\w+\}", "a" * 16, path)
        yield method, real, None, {"Authorization": f"Bearer {token}x", "If-Match": "Canarella"}
        if "requestBody" not in said:
            continue
        name = said["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for value in values:
            body = dict.fromkeys(schemas[name]["properties"], value)
            yield method, real, body, {"Authorization": f"Bearer {token}", "If-Match": '"1"'}
            yield method, real, value, {"Authorization": f"Bearer {token}", "If-Match": '"1"'}


def test_no_refusal_holds_what_was_refused(story, caplog):
    refused = 0
    for method, path, body, headers in wrong_requests(story.seeker):
        reply = story.city.call(method, path, body, headers=headers, key="canary-key-again")
        if reply.status >= 400:
            refused += 1
            told = canaries_in(reply.text) - {"relation", "consent"}
            assert told <= ({"street"} if "address_ambiguous" in reply.text else set()), reply.text
    assert refused > 100
    assert canaries_in(logged(caplog)) == set()


@pytest.mark.parametrize("call", ["get", "get_all", "query", "commit"])
def test_no_failure_holds_what_failed(story, caplog, monkeypatch, call):
    """A failure quotes what it failed on: a key, a row, a condition."""

    def fail(*args, **kwargs):
        raise ValueError(f"{' '.join(CANARIES.values())} {args} {kwargs}")

    monkeypatch.setattr(story.city.tables, call, fail)
    failed = 0
    for method, path, body in (
        ("POST", "/v1/needs", a_listing(place=HERE)),
        ("POST", "/v1/sign-in", {"email": SEEKER}),
        ("GET", "/v1/listings?near=47.7486417,7.3393528", None),
        ("GET", "/v1/me", None),
        ("POST", f"/v1/matches/{story.match}/cancel", {"reason": "other"}),
        ("GET", story.taps[0], None),
    ):
        reply = story.city.call(method, path, body, token=story.seeker)
        if reply.status == 500:
            failed += 1
            assert canaries_in(whole(reply)) == set()
    assert failed
    assert canaries_in(logged(caplog)) == set()


def test_no_failure_of_a_schedule_holds_what_failed(caplog):
    """What a schedule raises is printed by the runtime, with what it says."""
    with pytest.raises(observability.JobFailed) as raised:
        observability.logged("expire_listings", lambda: {}[SEEKER])
    assert canaries_in("".join(format_exception(raised.value))) == set()
    assert canaries_in(logged(caplog)) == set()


def test_a_log_line_with_a_body_would_be_found(monkeypatch, caplog):
    naive = operation.Call.body
    monkeypatch.setattr(
        operation.Call, "body", lambda call, schema: logger().info(call.raw.decode()) or naive(call, schema)
    )
    Story()
    assert canaries_in(logged(caplog)) >= {"address", "name", "latitude", "message"}


def test_a_failure_logged_with_what_it_says_would_be_found(story, monkeypatch, caplog):
    monkeypatch.setattr(operation, "log_failure", lambda what, error, request_id: logger().error(str(error)))
    monkeypatch.setattr(story.city.tables, "get_all", lambda *_, **__: {}[SEEKER])
    assert story.city.get("/v1/me", token=story.seeker).status == 500
    assert canaries_in(logged(caplog)) == {"address", "domain"}


def test_a_public_answer_with_its_place_would_be_found(story, monkeypatch):
    monkeypatch.setattr(listings, "show_listing", show_own_listing)
    found = set().union(*(canaries_in(whole(reply)) for reply in story.public()))
    assert found == {"latitude", "longitude", "street", "relation", "consent"}


def test_a_canary_in_a_token_would_be_found():
    assert canaries_in("/tap/WyJrYW5hcmkuc2Vla2VyIl0.c2lnbmVk") == {"address"}
    assert canaries_in("/v1/x?e=kanari.seeker%40canary-mail.example") == {"address", "domain"}
