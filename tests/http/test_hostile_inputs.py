"""What people with bad intentions send: nothing breaks, nothing dirty is stored, nothing becomes markup."""

import base64
import gzip
import json
import re
from random import Random

import pytest

from chalicelib.api import bodies
from chalicelib.notices.repository import Mail
from chalicelib.notices.ses import Ses
from chalicelib.wording import templates
from tests.document import the_document
from tests.hostile import DATA, FEW, naughty_strings
from tests.target import MONIQUE, faults, faults_of_mail, kinds

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


def hostile_strings():
    """Return the naughty strings and the lists of injections; skip when they are not beside the project."""
    lines = (line for name in LISTS for line in (DATA / name).read_text("utf-8", "replace").splitlines())
    return [*dict.fromkeys((*OURS, *naughty_strings(), *lines))]


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
