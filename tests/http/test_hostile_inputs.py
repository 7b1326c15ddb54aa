"""What people with bad intentions send: nothing breaks, nothing dirty is stored, nothing becomes markup."""

import base64
import gzip
import json
import re
import unicodedata
from email import message_from_bytes
from email.policy import default
from functools import cache
from random import Random
from urllib.parse import quote, urlencode

import pytest

from chalicelib.api import bodies
from chalicelib.api.page import PAGES
from chalicelib.notices.repository import Mail
from chalicelib.notices.ses import Ses
from chalicelib.wording import templates
from tests.city import a_listing, open_city
from tests.document import the_document
from tests.hostile import DATA, FEW, Outline, naughty_strings

MONIQUE, YUSUF = "monique@example.org", "yusuf@example.org"
OURS = (
    *FEW,
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "x\nBcc: everybody@example.org",
    "x\r\nSet-Cookie: session=1\r\n\r\n<html>",
    "%0d%0aLocation:%20https://evil.example",
    "\x00\x01\x1f\x7f\x9b",
    "A\u0300\u202e\u2067\ufeff",
    "'; DROP TABLE people; --",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "../../../etc/passwd",
    "{{constructor.constructor('alert(1)')()}}",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "Ω" * 3_000,
    "\ufdfa" * 18,
)
LISTS = (
    "payloads_all_the_things/CRLF_Injection__Files__crlfinjection.txt",
    "payloadbox/csv_injection.txt",
    "fuzzdb/control-chars__true.txt",
    "fuzzdb/http-protocol__crlf-injection.txt",
    "fuzzdb/xss__XSSPolyglot.txt",
    "fuzzdb/xss__xss-rsnake.txt",
    "fuzzdb/unicode__naughty-unicode.txt",
    "fuzzdb/unicode__right-to-left.txt",
    "fuzzdb/format-strings__format-strings.txt",
    "payloadbox/xss.txt",
)
A_CITY = 40
"""Strings that one city is sent, before its residents may publish no more."""
SENT = frozenset(
    "content-type content-language content-length x-content-type-options etag location link retry-after "
    "www-authenticate content-security-policy cache-control referrer-policy x-robots-tag "
    "access-control-allow-origin access-control-allow-headers access-control-expose-headers "
    "access-control-max-age access-control-allow-methods allow".split()
)
MAILED = frozenset(
    "from to subject auto-submitted list-unsubscribe list-unsubscribe-post mime-version content-type".split()
)


def hostile_strings():
    """Return the naughty strings and the lists of injections; skip when they are not beside the project."""
    lines = (line for name in LISTS for line in (DATA / name).read_text("utf-8", "replace").splitlines())
    return [*dict.fromkeys((*OURS, *naughty_strings(), *lines))]


class Target:
    """A city with one of everything a string can be sent to."""

    def __init__(self):
        self.city = city = open_city(held=("childcare",))
        self.monique, self.yusuf, self.moderator = (
            city.sign_in(MONIQUE),
            city.sign_in(YUSUF),
            city.moderator(),
        )
        self.number = 0

    def requests(self, text):
        """Yield requests with the string in every place that a request has."""
        yield from self._bodies(text)
        part = quote(text, safe="") or "-"
        for path in {path for method, path in the_document().operations if method == "GET" and "{" in path}:
            yield "GET", re.sub(r"\{\w+\}", part, path), {"token": self.moderator}
        for page in PAGES:
            if "{" in page.path:
                path = re.sub(r"\{\w+\}", part, page.path)
                yield page.method, path, {"raw": urlencode({"message": text}).encode(), "key": False}
        for (method, path), said in the_document().operations.items():
            names = [each["name"] for each in said["parameters"] if each["in"] == "query"]
            if names and "{" not in path:
                yield method, path, {"query": dict.fromkeys(names, text), "token": self.monique}
        yield "GET", "/v1/listings", {"query": {"text": text[:200]}}
        yield "GET", "/v1/listings", {"query": {text: text}}
        header = text.replace("\r", " ").replace("\n", " ").encode().decode("latin-1")
        names = (
            "Accept",
            "Accept-Language",
            "Authorization",
            "Content-Type",
            "Cookie",
            "If-Match",
            "X-Forwarded-For",
        )
        yield "GET", "/v1/listings", {"headers": dict.fromkeys(names, header)}
        yield "POST", "/v1/needs", {"headers": {"Idempotency-Key": header}, "key": False, "body": {}}

    def _bodies(self, text):
        schemas = the_document().said["components"]["schemas"]
        for (method, path), said in the_document().operations.items():
            if "requestBody" not in said:
                continue
            name = said["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            body = dict.fromkeys(schemas[name]["properties"], text)
            real = re.sub(r"\{\w+\}", "a" * 16, path)
            headers = {"If-Match": '"1"'}
            yield method, real, {"body": body, "headers": headers, "token": self.moderator}
            yield method, real, {"body": {text: text}, "headers": headers, "token": self.moderator}

    def story(self, text):
        """Yield answers of a whole story in which residents write the string wherever they may write."""
        city = self.city
        self.number += 1
        said = {"title": text[:100], "text": text[:2000]}
        seeker, helper = (f"{who}-{self.number // 5}@example.org" for who in ("seeker", "helper"))
        for email in (seeker, helper):
            token = city.sign_in(email)
            tag = city.get("/v1/me", token=token).etag
            yield city.call("PATCH", "/v1/me", {"name": text[:50]}, token=token, headers={"If-Match": tag})
        need = city.post("/v1/needs", a_listing(**said), token=city.sign_in(seeker))
        offer = city.post("/v1/offers", a_listing(**said), token=city.sign_in(helper))
        held = city.post("/v1/needs", a_listing(category="childcare"), token=city.sign_in(seeker))
        yield from (need, offer, held)
        path = f"/v1/held/{held.json['id']}/refuse"
        yield city.post(path, {"reason": text[:2000]}, token=self.moderator)
        if need.status == offer.status == 201:
            yield from self._match(need.json["id"], offer.json["id"], seeker, helper, text)
        city.clock.turn(days=1)

    def _match(self, need, offer, seeker, helper, text):
        city = self.city
        for path in (f"/v1/listings/{need}", "/v1/listings", "/v1/listings?format=geojson"):
            yield city.get(path)
        yield city.get(f"/v1/me/listings/{need}/candidates", token=city.sign_in(seeker))
        pair = {"need": need, "offer": offer, "message": text[:500]}
        asked = city.post("/v1/matches", pair, token=city.sign_in(seeker))
        yield asked
        if asked.status == 201:
            tap, *_ = city.links(helper)
            yield city.get(tap)
            yield city.post(tap, raw=urlencode({"message": text}).encode(), key=False)
            yield city.get("/v1/matches", token=city.sign_in(seeker))
            yield city.get(city.links(helper)[0])


def dirt_in(value, *, lines=True):
    """Return what is wrong with a stored value: controls, what turns text around, what is not composed."""
    if isinstance(value, dict):
        return [
            each for name, inner in value.items() for each in dirt_in(inner, lines=name != "title" and lines)
        ]
    if isinstance(value, list | tuple | set):
        return [each for inner in value for each in dirt_in(inner, lines=lines)]
    if not isinstance(value, str):
        return []
    wrong = [
        letter
        for letter in value
        if (unicodedata.category(letter) in ("Cc", "Cs") and not (lines and letter == "\n"))
        or letter in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    ]
    composed = unicodedata.is_normalized("NFC", value)
    return [(value[:60], *map(ascii, wrong[:3]))] if wrong or not composed else []


class FakeSes:
    def __init__(self):
        self.sent = []

    def send_email(self, **request):
        self.sent.append(request)
        return {"MessageId": "1"}


def posted(mail):
    """Return the recipients and the message as the provider is handed it."""
    client = FakeSes()
    Ses(client, "Entraide Mulhouse", "entraide@mulhouse.example", "set").send(mail, "notice")
    (request,) = client.sent
    message = message_from_bytes(request["Content"]["Raw"]["Data"], policy=default)
    return request["Destination"], message


def faults_of_mail(mail, usual):
    to, message = posted(mail)
    if to != {"ToAddresses": [mail.to]} or message["To"] != mail.to:
        yield f"to {to}, {message['To']}"
    if {name.lower() for name in message} - MAILED or len(message.keys()) != len(set(message.keys())):
        yield f"headers {message.keys()}"
    if dirt_in(mail.subject, lines=False) or "\n" in str(message["Subject"]):
        yield f"subject {mail.subject!r}"
    if more := kinds(mail.html) - usual:
        yield f"markup {more}"


def kinds(html):
    """Return the kinds of tags and attributes of a page; where links lead is another matter."""
    where = ("href", "action", "title", "content")
    return {
        (tag, tuple((name, value) for name, value in attributes if name not in where))
        for tag, attributes in Outline(html).tags
    }


@cache
def usual_markup():
    """Return the markup of every mail and page of a story in which nobody is hostile."""
    target = Target()
    replies = list(target.story("Courses du mardi"))
    pages = [reply.text for reply in replies if "html" in reply.headers["content-type"]]
    city = target.city
    pages += [city.get(path).text for path in ("/sign-in/x", "/tap/x", "/unsubscribe/x")]
    assert len(pages) >= 6
    mails = [mail.html for mail, _ in city.mailbox.mails]
    return set().union(*map(kinds, (*pages, *mails)))


def faults_of_reply(reply, usual):
    if reply.status >= 500:
        yield f"{reply.status}"
    if more := set(reply.headers) - SENT:
        yield f"headers {more}"
    if any("\r" in value or "\n" in value for value in reply.headers.values()):
        yield "a header of two lines"
    if "html" in reply.headers.get("content-type", "") and (more := kinds(reply.text) - usual):
        yield f"markup {more}"
    elif (
        "json" in reply.headers.get("content-type", "")
        and reply.headers.get("x-content-type-options") != "nosniff"
    ):
        yield "a type that may be guessed" if reply.json.get("code") else ""


def faults(strings):
    """Return what went wrong when the strings were sent to every place there is."""
    usual, wrong = usual_markup(), []
    for number, text in enumerate(strings):
        if number % A_CITY == 0:
            target = Target()
        mails = len(target.city.mailbox.mails)
        for method, path, more in target.requests(text):
            reply = target.city.call(method, path, **more)
            told = [*faults_of_reply(reply, usual)]
            if path.startswith("/v1/") and "%" not in path:
                told += the_document().misfits(method, path, reply)
            wrong += [(text[:60], method, path[:60], each) for each in told if each]
        wrong += [
            (text[:60], each)
            for reply in target.story(text)
            for each in faults_of_reply(reply, usual)
            if each
        ]
        for mail, _ in target.city.mailbox.mails[mails:]:
            wrong += [(text[:60], each) for each in faults_of_mail(mail, usual)]
        if number % A_CITY == A_CITY - 1 or number == len(strings) - 1:
            wrong += dirt_in([list(rows.values()) for rows in target.city.tables._rows.values()])
    return wrong


def test_what_we_think_hostile_does_no_harm_anywhere():
    assert faults(OURS) == []


def test_a_sample_of_the_lists_does_no_harm_anywhere():
    assert faults(Random(1).sample(hostile_strings(), 8)) == []


@pytest.mark.soak
def test_no_string_of_the_lists_does_harm_anywhere():
    strings = hostile_strings()
    assert len(strings) > 700
    assert faults(strings) == []


def test_text_that_is_stored_as_it_comes_would_be_found(monkeypatch):
    monkeypatch.setattr(bodies, "_INVISIBLE", re.compile("(?!)"))
    assert any("u202e" in str(each) for each in faults(("\u202egnp.exe",)))


def test_a_template_that_does_not_escape_would_be_found(monkeypatch):
    make = templates._environment.__wrapped__

    def naive(folder):
        environment = make(folder)
        environment.autoescape = False
        return environment

    monkeypatch.setattr(templates, "_environment", naive)
    found = faults(("<script>alert(1)</script>",))
    assert any("markup" in str(each) and "script" in str(each) for each in found)


def test_a_message_glued_together_would_be_found(monkeypatch):
    def naive(ses, mail):
        return f"To: {mail.to}\r\nSubject: {mail.subject}\r\n\r\n{mail.text}".encode()

    monkeypatch.setattr(Ses, "_message", naive)
    mail = Mail("a@example.org", "x\r\nBcc: everybody@example.org", "", "", None)
    assert any("Bcc" in each for each in faults_of_mail(mail, set()))


def json_suite():
    path = DATA / "json_test_suite.jsonl.gz"
    if not path.exists():
        pytest.skip("the JSON test suite is not beside the project")
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


ON_PURPOSE = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}
"""A member that is there twice means two things to two readers (RFC 8259, 4): we refuse it."""


def test_every_body_of_the_json_suite_is_read_as_the_suite_says(city):
    token, wrong = city.sign_in(MONIQUE), []
    cases = json_suite()
    for case in cases:
        reply = city.call("POST", "/v1/needs", raw=base64.b64decode(case["b64"]), token=token)
        malformed = reply.status in (400, 413)
        expected = {"accept": case["file"] in ON_PURPOSE, "reject": True}.get(case["expect"], malformed)
        if malformed != expected or the_document().misfits("POST", "/v1/needs", reply):
            wrong.append((case["file"], case["expect"], reply.status))
    assert len(cases) > 300
    assert wrong == []
    assert city.get("/v1/listings").json["total"] == 0


def test_pythons_own_reader_would_be_found_too_kind():
    """The naive way takes NaN, lone surrogates and what nests too deep."""
    kind = []
    for case in json_suite():
        try:
            json.loads(base64.b64decode(case["b64"]))
        except (ValueError, RecursionError):
            continue
        kind += [case["file"]] if case["expect"] == "reject" else []
    assert {"n_number_NaN.json", "n_number_infinity.json"} <= set(kind)


def addresses():
    path = DATA / "isemail_tests.jsonl"
    if not path.exists():
        pytest.skip("the mail addresses to test with are not beside the project")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_address_is_mailed_when_the_mail_standards_say_it_can_be(city):
    good = {"ISEMAIL_VALID_CATEGORY": 202, "ISEMAIL_DNSWARN": 202}
    wrong = []
    for case in addresses():
        city.clock.turn(hours=1)
        reply = city.post("/v1/sign-in", {"email": case["address_decoded"]})
        expected = good.get(case["category"], 422)
        if reply.status != expected and case["address_decoded"] != "test@io":
            wrong.append((case["category"], case["address_decoded"], reply.status))
    assert wrong == []
    for mail, _ in city.mailbox.mails:
        assert list(faults_of_mail(mail, kinds(mail.html))) == []


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\nBcc: b@example.org",
        "a@example.org, b@example.org",
        "a@example.org\x00",
        "Monique <a@example.org>",
        '"a b"@example.org',
        "a@[127.0.0.1]",
        "é@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 250 + ".org",
        "@",
        "",
    ],
)
def test_an_address_that_is_none_is_refused(city, address):
    reply = city.post("/v1/sign-in", {"email": address})
    assert reply.status == 422
    assert city.mailbox.mails == []


def test_an_address_is_one_account_however_it_is_spelt(city):
    city.post("/v1/sign-in", {"email": "Monique@EXÄMPLE.org"})
    city.post("/v1/sign-in", {"email": "monique@xn--exmple-cua.org"})
    assert {mail.to for mail, _ in city.mailbox.mails} == {"monique@xn--exmple-cua.org"}
    assert len({row["email"] for row in city.tables._rows["people"].values()}) == 1
