"""What cannot be accepted is refused in the reader's words, all at once, and leaves nothing behind."""

import json
import re
from copy import deepcopy
from time import perf_counter

import pytest

from chalicelib.api import reading
from tests.city import CENTRE, a_listing, open_city
from tests.document import the_document

MONIQUE = "monique@example.org"
WRONG = {
    "title": "ab",
    "text": "",
    "category": "astrology",
    "place": {"point": {"lat": 91, "lon": "7.3"}},
    "reach_m": 1,
    "windows": {
        "weekly": [{"weekday": 7, "start": "25:00", "until": "10:00"}],
        "dated": [{"day": "2026-02-30"}],
    },
    "capacity": 2.5,
    "languages": ["français"],
    "urgency": "now",
    "on_behalf_of": {"relation": "mother"},
    "needed_by": "tomorrow",
    "colour": "blue",
    "a/b~c": 1,
}
POINTERS = {
    "/title",
    "/text",
    "/place/point/lat",
    "/place/point/lon",
    "/reach_m",
    "/windows/weekly/0/weekday",
    "/windows/weekly/0/start",
    "/windows/dated/0/day",
    "/windows/dated/0/start",
    "/windows/dated/0/until",
    "/capacity",
    "/languages/0",
    "/urgency",
    "/on_behalf_of/consent",
    "/needed_by",
    "/colour",
    "/a~1b~0c",
}


@pytest.fixture
def token(city):
    return city.sign_in(MONIQUE)


def resolves(body, pointer):
    """Tell whether the pointer names a member of the body, or one that is missing from an object in it."""
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in path:
        body = body[int(part)] if isinstance(body, list) else body[part]
    return isinstance(body, dict) or int(last) < len(body)


def test_every_field_that_is_wrong_is_named_at_once(city, token):
    reply = city.post("/v1/needs", WRONG, token=token)
    assert reply.status == 422
    assert {fault["pointer"] for fault in reply.json["errors"]} == POINTERS
    assert all(resolves(WRONG, fault["pointer"]) for fault in reply.json["errors"])
    assert all(fault["code"].isidentifier() and fault["detail"] for fault in reply.json["errors"])


def test_what_only_the_city_knows_to_be_wrong_is_named_at_once_too(city, token):
    body = a_listing(category="astrology", reach_m=50_000, needed_by="2026-01-01T00:00:00Z")
    body["place"] = {"point": {"lat": 48.85, "lon": 2.35}}
    body["windows"] = {"dated": [{"day": "2026-03-29", "start": "02:15", "until": "02:45"}]}
    faults = city.post("/v1/needs", body, token=token).json["errors"]
    assert {(fault["pointer"], fault["code"]) for fault in faults} == {
        ("/category", "category_unknown"),
        ("/place", "outside_city"),
        ("/reach_m", "less_than_equal"),
        ("/needed_by", "in_the_past"),
        ("/windows/dated/0", "window_never_occurs"),
    }


def english_in(text):
    return re.search(r"\b(the|is|not|should|must|please|input|value|valid)\b", text, re.IGNORECASE)


@pytest.mark.parametrize(("language", "title"), [("fr", "réponses"), ("de", "Angaben"), ("nl", "antwoorden")])
def test_a_refusal_speaks_the_readers_language(language, title):
    city = open_city(languages=("en", "fr", "de", "nl"))
    reply = city.post(
        "/v1/needs",
        WRONG,
        token=city.sign_in(MONIQUE),
        headers={"Accept-Language": f"{language}-XX, en;q=0.5"},
    )
    assert reply.headers["content-language"] == language
    assert title in reply.json["title"]
    said = [reply.json["title"], reply.json["detail"], *(fault["detail"] for fault in reply.json["errors"])]
    told = [text for text in said if "true, false" not in text]
    # Dutch and German share "is" with English.
    assert language != "fr" or not [text for text in told if english_in(text)]
    assert len({*told}) > 5
    assert not re.search(r"[{}]|None|<class", " ".join(told))


def test_a_refusal_stores_nothing(city, token):
    city.publish("need", MONIQUE)
    before = deepcopy(city.tables._rows)
    for method, path, body in (
        ("POST", "/v1/needs", WRONG),
        ("POST", "/v1/offers", a_listing(place={"point": {"lat": 0, "lon": 0}})),
        ("PATCH", "/v1/me", {"name": "", "languages": []}),
        ("POST", "/v1/matches", {"need": "x"}),
        ("POST", "/v1/sign-in", {"email": "nobody"}),
    ):
        reply = city.call(method, path, body, token=token, headers={"If-Match": '"1"'})
        assert reply.status == 422, reply.text
    assert city.tables._rows == before


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"title": "a",}',
        b"{'title': 'a'}",
        b'{"lat": NaN}',
        b'{"lat": Infinity}',
        b'{"lat": 1e999}',
        b'{"reach_m": 12345678901234567890}',
        b'{"title": "\\ud800"}',
        b'{"title": "\\udc00\\ud800"}',
        b'{"title": "\xff"}',
        b'{"title": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"title": "a"}',
        '{"title": "é"}'.encode("latin-1"),
        '{"title": "a"}'.encode("utf-16"),
        b'{"title": "a\nb"}',
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"[" * 60_000,
    ],
)
def test_what_is_not_plain_json_is_malformed(city, token, raw):
    reply = city.call("POST", "/v1/needs", raw=raw, token=token)
    assert (reply.status, reply.json["code"]) in {(400, "malformed_json"), (400, "too_deep")}
    assert the_document().misfits("POST", "/v1/needs", reply) == []


@pytest.mark.parametrize("raw", [b'{"title": "a", "title": "b"}', b'{"a": {"b": 1, "\\u0062": 1}}'])
def test_a_member_that_is_there_twice_is_refused(city, token, raw):
    reply = city.call("POST", "/v1/needs", raw=raw, token=token)
    assert (reply.status, reply.json["code"]) == (400, "duplicate_member")


def test_thirty_two_levels_are_read(city, token):
    reply = city.call("POST", "/v1/needs", raw=b"[" * 32 + b"]" * 32, token=token)
    assert reply.status == 422


def longest_read(kilobytes):
    """Return the seconds that the worst body of that size takes to be refused."""
    worst = [b'"' + b'\\"' * (kilobytes * 512 - 1), b'"\\' * (kilobytes * 512), b'"' * (kilobytes * 1024)]
    took = []
    for raw in worst:
        began = perf_counter()
        with pytest.raises(reading.Malformed):
            reading.read_json(raw, "application/json")
        took.append(perf_counter() - began)
    return max(took)


def test_no_body_takes_long_to_refuse():
    assert longest_read(64) < 0.5


def test_a_body_that_is_read_over_and_over_would_be_found(monkeypatch):
    linear = longest_read(4)
    monkeypatch.setattr(reading, "_STRINGS", re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL))
    assert longest_read(4) > 20 * linear


def test_a_body_over_64_kb_is_too_large(city, token):
    def sent(size):
        body = json.dumps(a_listing(text=""))
        return city.call("POST", "/v1/needs", raw=(body + " " * (size - len(body))).encode(), token=token)

    assert (sent(65_536).status, sent(65_536).json["code"]) == (422, "invalid")
    assert (sent(65_537).status, sent(65_537).json["code"]) == (413, "too_large")
    assert sent(1_000_001).status == 413
    assert sent(1_000_001).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_a_body_that_is_not_json_is_the_wrong_type(city, token, kind):
    reply = city.post("/v1/needs", a_listing(), token=token, headers={"Content-Type": kind})
    assert (reply.status, reply.json["code"]) == (415, "wrong_content_type")


def test_a_body_may_say_its_charset(city, token):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert city.post("/v1/needs", a_listing(), token=token, headers=headers).status == 201


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "key_missing"),
        ("", "key_missing"),
        ("short", "key_malformed"),
        ("x" * 65, "key_malformed"),
        ("with a space", "key_malformed"),
        ("été-2026-été", "key_malformed"),
        ("tab\tinside", "key_malformed"),
    ],
)
def test_every_post_needs_a_key_of_its_own(city, token, key, code):
    posts = [path for method, path in the_document().operations if method == "POST"]
    assert len(posts) > 10
    for path in posts:
        headers = {} if key is None else {"Idempotency-Key": key.encode().decode("latin-1")}
        token_ = city.moderator() if "held" in path else token
        token_ = city.coordinator() if "coordination" in path else token_
        real = re.sub(r"\{\w+\}", "a" * 16, path)
        reply = city.call("POST", real, a_listing(), token=token_, key=False, headers=headers)
        assert (reply.status, reply.json["code"]) == (400, code), path


@pytest.mark.parametrize(
    ("tag", "status", "code"),
    [
        (None, 428, "version_missing"),
        ('"7"', 412, "version_stale"),
        ("seven", 400, "version_malformed"),
        ('"-1"', 400, "version_malformed"),
        ('"99999999999999"', 400, "version_malformed"),
        ("*", 400, "version_malformed"),
    ],
)
def test_a_change_says_on_which_version_it_was_decided(city, token, tag, status, code):
    need = city.publish("need", MONIQUE)["id"]
    for path, change in ((f"/v1/listings/{need}", {"title": "Autre titre"}), ("/v1/me", {"name": "Moi"})):
        headers = {} if tag is None else {"If-Match": tag}
        reply = city.call("PATCH", path, change, token=token, headers=headers)
        assert (reply.status, reply.json["code"]) == (status, code)
        assert the_document().misfits("PATCH", path, reply) == []
    assert city.get(f"/v1/listings/{need}").json["version"] == 1


def test_a_parameter_nobody_knows_is_named(city, token):
    asked = [
        (path, {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"})
        for (method, path), operation in the_document().operations.items()
        if method == "GET"
    ]
    need = city.publish("need", MONIQUE)["id"]
    for path in (path.format(listing_id=need) for path, names in asked if names):
        reply = city.get(f"{path}?colour=blue&a%2Fb=1", token=token)
        faults = {(fault["pointer"], fault["code"]) for fault in reply.json["errors"]}
        assert {("/colour", "extra_forbidden"), ("/a~1b", "extra_forbidden")} <= faults, path


def test_every_wrong_parameter_of_a_search_is_named_at_once(city):
    query = (
        "near=91,7&radius_m=0&kind=wish&category=astrology&urgency=now&from=2026-03-05T10:00:00Z"
        "&until=2026-03-04T10:00:00Z&language=FR&state=gone&order=best&limit=101&format=xml&limit=5"
    )
    reply = city.get(f"/v1/listings?{query}")
    assert reply.status == 422
    pointers = {fault["pointer"] for fault in reply.json["errors"]}
    named = set(re.findall(r"(?:^|&)(\w+)=", query)) - {"from"}
    assert pointers == {f"/{name}" for name in named}


def test_a_place_outside_the_city_is_refused_with_its_name(city, token):
    outside = {"point": {"lat": 47.7486, "lon": 7.5}}
    reply = city.post("/v1/needs", a_listing(place=outside), token=token)
    (fault,) = reply.json["errors"]
    assert (fault["pointer"], fault["code"], fault["values"]) == (
        "/place",
        "outside_city",
        {"city": "Mulhouse"},
    )
    need = city.publish("need", MONIQUE, place=CENTRE)
    moved = {"place": outside}
    headers = {"If-Match": '"1"'}
    assert city.call("PATCH", f"/v1/listings/{need['id']}", moved, token=token, headers=headers).status == 422
    assert city.get(f"/v1/me/listings/{need['id']}", token=token).json["cell"] == need["cell"]


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_a_date_no_calendar_shows_is_refused_and_nothing_breaks_after_it(city, token, moment):
    headers = {"If-Match": '"1"'}
    assert city.post("/v1/needs", a_listing(needed_by=moment), token=token).status == 422
    assert city.call("PATCH", "/v1/me", {"paused_until": moment}, token=token, headers=headers).status == 422
    window = {"dated": [{"day": moment[:10], "start": "23:00", "until": "01:00"}]}
    assert city.post("/v1/needs", a_listing(windows=window), token=token).status == 422
    assert city.get("/v1/me", token=token).status == 200
    assert city.get("/v1/listings").json["total"] == 0


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1", "/v1/listings/a/b/c", "/v2/listings", "/v1/Listings", "//"]
)
def test_a_path_that_is_not_there_is_a_problem_too(city, path):
    reply = city.get(path)
    assert (reply.status, reply.headers["content-type"]) == (404, "application/problem+json")
    assert reply.json["status"] == 404


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/v1/listings"), ("DELETE", "/v1/me"), ("GET", "/v1/needs")]
)
def test_a_method_that_is_not_there_is_a_problem_that_says_which_are(city, method, path):
    reply = city.call(method, path)
    assert (reply.status, reply.headers["content-type"]) == (405, "application/problem+json")
    assert {each for (each, known) in the_document().operations if known == path} <= set(
        reply.headers["allow"].split(",")
    )


@pytest.mark.parametrize(
    "listing_id", ["a" * 15, "A" * 16, "a" * 3000, "é" * 16, "%00", "..", "a%2Fb", "1" * 16]
)
def test_an_id_that_is_none_is_not_found(city, token, listing_id):
    for path in ("/v1/listings/{}", "/v1/me/listings/{}", "/v1/me/listings/{}/candidates", "/v1/matches/{}"):
        calls = city.tables.calls
        reply = city.get(path.format(listing_id), token=token)
        assert reply.status == 404, path
        assert city.tables.calls - calls <= 1, "only the session is looked up"


def test_a_failure_tells_its_id_and_nothing_else(city, token, caplog, monkeypatch):
    secret = "12 rue du Secret"
    monkeypatch.setattr(city.tables, "get", lambda *_, **__: 1 / 0 if secret else None)
    reply = city.get(f"/v1/listings/{'a' * 16}")
    assert reply.status == 500
    assert reply.json["id"] in caplog.text + str([record.__dict__ for record in caplog.records])
    assert set(reply.json) == {"type", "title", "status", "code", "detail", "id"}
    assert "division" not in reply.text
