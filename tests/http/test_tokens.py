"""What opens a door cannot be made up: sessions, mailed links, taps, cursors, codes."""

import re
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier, local
from urllib.parse import quote

import pytest
from itsdangerous import BadData, URLSafeSerializer

from chalicelib import identity, taps
from chalicelib.people import service
from chalicelib.people.dynamodb import DynamoPeople, _sign_in_item
from chalicelib.people.model import SESSION_S
from tests.city import open_city
from tests.tampering import tampered

MONIQUE, YUSUF = "monique@example.org", "yusuf@example.org"
TRIES = 5


class Doors:
    """A city, and of each kind of token some that are good and how to try one."""

    def __init__(self, key="k" * 32):
        self.city = city = open_city(key=key)
        need, offer = (city.publish(kind, who)["id"] for kind, who in (("need", MONIQUE), ("offer", YUSUF)))
        city.post("/v1/matches", {"need": need, "offer": offer}, token=city.sign_in(MONIQUE))
        for email in ("lea@example.org", "paul@example.org"):
            city.post("/v1/sign-in", {"email": email})
        pages = [
            city.get("/v1/listings?limit=1").json,
            city.get("/v1/listings?limit=1&kind=need&kind=offer").json,
        ]
        self.good = {
            "session": [city.sign_in(MONIQUE), city.sign_in(YUSUF)],
            "link": [self._link(email) for email in ("lea@example.org", "paul@example.org")],
            "tap": [link.rpartition("/")[2] for link in city.links(YUSUF)],
            "unsubscribe": [link.rpartition("/")[2] for link in city.links(YUSUF, "unsubscribe")],
            "cursor": [pages[0]["next"]],
        }

    def _link(self, email):
        return self.city.links(email, "sign-in")[0].rpartition("/")[2]

    def opens(self, kind, token):
        """Tell whether the token is taken for a good one."""
        if kind == "session":
            return self.city.get("/v1/me", token=_header(token)).status == 200
        if kind == "link":
            return self.city.post("/v1/sessions", {"token": token}).status == 201
        if kind == "cursor":
            return self.city.get("/v1/listings", query={"limit": 1, "cursor": token}).status == 200
        # A good tap that comes too late for its match is told so; one that is not good is not let in.
        return self.city.get(f"/{kind}/{_quoted(token)}").status in (200, 409)


def _header(token):
    return token.encode().decode("latin-1")


def _quoted(token):
    return quote(token, safe="") or "-"


def taken_for_good(tries, seed, doors=None):
    """Return the tampered tokens that opened something."""
    doors, chance, wrong = doors or Doors(), Random(seed), []
    everything = [token for tokens in doors.good.values() for token in tokens]
    for number in range(tries):
        kind = list(doors.good)[number % len(doors.good)]
        token = chance.choice(doors.good[kind])
        bad = tampered(token, chance, others=[each for each in everything if each != token])
        if bad.strip() != token and doors.opens(kind, bad):
            wrong.append((kind, token, bad))
    return wrong


def test_no_token_that_was_tampered_with_opens_anything():
    assert taken_for_good(600, seed=1) == []


@pytest.mark.soak
def test_no_token_of_ten_thousand_that_were_tampered_with_opens_anything():
    assert taken_for_good(10_000, seed=2) == []


def test_every_token_that_was_given_opens_its_door():
    doors = Doors()
    for kind, tokens in doors.good.items():
        assert all(doors.opens(kind, token) for token in tokens), kind


def test_a_token_without_its_secret_compared_would_be_found(monkeypatch):
    monkeypatch.setattr(service, "same", lambda a, b: a[:8] == b[:8])
    doors = Doors()
    doors.good = {"link": doors.good["link"]}
    assert taken_for_good(100, seed=1, doors=doors)


def test_a_seal_with_letters_that_mean_nothing_would_be_found(monkeypatch):
    """The last letter of a signature has two bits that decoders pass over."""

    def lenient(secrets, token, now):
        try:
            return taps.Tap(*URLSafeSerializer(secrets.secret("tap")).loads(token))
        except BadData as error:
            raise taps.NotSignedIn("link_invalid") from error

    monkeypatch.setattr(taps, "unseal", lenient)
    doors = Doors()
    doors.good = {"tap": doors.good["tap"]}
    assert taken_for_good(2_000, seed=1, doors=doors)


def test_no_token_of_one_city_opens_another():
    here, elsewhere = Doors(), Doors(key="e" * 32)
    for kind, tokens in elsewhere.good.items():
        assert not any(here.opens(kind, token) for token in tokens), kind


def test_no_token_of_one_kind_opens_another():
    doors = Doors()
    for kind, tokens in doors.good.items():
        for other in set(doors.good) - {kind}:
            # A tap and an unsubscription are sealed alike and told apart by what they say.
            assert not any(doors.opens(other, token) for token in tokens), (kind, other)


@pytest.mark.parametrize(
    ("kind", "lasts"),
    [("session", SESSION_S), ("link", 15 * 60), ("tap", 30 * 86_400), ("unsubscribe", 30 * 86_400)],
)
def test_a_token_opens_until_its_time_is_over_and_not_a_second_longer(kind, lasts):
    for seconds, opens in ((lasts - 1, True), (lasts, False)):
        doors = Doors()
        doors.city.clock.turn(seconds=seconds)
        assert doors.opens(kind, doors.good[kind][0]) is opens


def test_signing_out_everywhere_ends_every_session_and_no_other_persons(city):
    tokens = []
    for _ in range(3):
        city.tokens.clear()
        tokens.append(city.sign_in(MONIQUE))
    other = city.sign_in(YUSUF)
    assert city.call("DELETE", "/v1/sessions", token=tokens[0]).status == 204
    assert [city.get("/v1/me", token=token).status for token in (*tokens, other)] == [401, 401, 401, 200]
    city.tokens.clear()
    assert city.get("/v1/me", token=city.sign_in(MONIQUE)).status == 200


def asked(city, email=MONIQUE):
    """Ask for a mail, and return the attempt, its code and its link."""
    attempt = city.post("/v1/sign-in", {"email": email}).json["attempt"]
    text = city.mailbox.to(email)[-1].text
    return attempt, re.search(r"\b(\d{6})\b", text)[1], city.links(email, "sign-in")[0]


def at_once(many, do):
    """Return what comes of doing it by 32 threads, which all read the attempt before the first one writes."""
    first, meet, read = local(), Barrier(32), DynamoPeople.sign_in

    def read_together(people, attempt):
        found = read(people, attempt)
        if not hasattr(first, "over"):
            first.over = True
            meet.wait(timeout=20)
        return found

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(32) as pool:
        patch.setattr(DynamoPeople, "sign_in", read_together)
        return list(pool.map(do, range(many)))


def test_a_link_that_is_used_a_hundred_times_at_once_gives_one_session(city):
    _, _, link = asked(city)
    token = link.rpartition("/")[2]
    replies = at_once(
        100, lambda number: city.post("/v1/sessions", {"token": token}, key=f"press-{number:04d}")
    )
    assert sorted(reply.status for reply in replies) == [201] + [401] * 99
    assert {reply.json["code"] for reply in replies if reply.status == 401} == {"sign_in_used"}
    sessions = [row for row in city.tables._rows["people"].values() if row["sk"].startswith("session#")]
    assert len(sessions) == 1


def test_a_link_pressed_a_hundred_times_at_once_on_its_page_gives_one_session(city):
    _, _, link = asked(city)
    at_once(100, lambda _: city.post(link, raw=b"", key=False))
    sessions = [row for row in city.tables._rows["people"].values() if row["sk"].startswith("session#")]
    assert len(sessions) == 1


def test_the_same_request_is_given_its_session_again_and_the_code_ends_with_the_link(city):
    attempt, code, link = asked(city)
    body = {"token": link.rpartition("/")[2]}
    first, again = (city.post("/v1/sessions", body, key="the-same-key") for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.json["token"] == again.json["token"]
    assert city.post("/v1/sessions", {"attempt": attempt, "code": code}).status == 401


def wrong_code(code, number):
    return f"{(int(code) + 1 + number) % 1_000_000:06d}"


def test_a_code_is_locked_after_five_tries_even_for_who_knows_it(city):
    attempt, code, _ = asked(city)
    for number in range(TRIES):
        reply = city.post("/v1/sessions", {"attempt": attempt, "code": wrong_code(code, number)})
        assert (reply.status, reply.json["code"]) == (401, "code_wrong")
    for guess in (wrong_code(code, 9), code):
        reply = city.post("/v1/sessions", {"attempt": attempt, "code": guess})
        assert (reply.status, reply.json["code"]) == (401, "code_locked")


def test_nobody_learns_the_code_of_an_attempt_that_was_used(city):
    attempt, code, link = asked(city)
    assert city.post("/v1/sessions", {"token": link.rpartition("/")[2]}).status == 201
    told = {
        city.post("/v1/sessions", {"attempt": attempt, "code": guess}).text
        for guess in (code, *(wrong_code(code, number) for number in range(20)))
    }
    assert len(told) == 1
    assert "sign_in_used" in told.pop()


def guesses_compared(city, monkeypatch):
    """Return how many of 200 guesses at once were compared with the code at all, and what all were told."""
    attempt, code, _ = asked(city)
    compared, compare = [], identity.same
    monkeypatch.setattr(service, "same", lambda a, b: compared.append(a) or compare(a, b))

    def guess(number):
        body = {"attempt": attempt, "code": wrong_code(code, number)}
        return city.post("/v1/sessions", body, key=f"guess-{number:04d}").json["code"]

    told = {*at_once(200, guess)}
    return len(compared), told


def test_a_crowd_of_guesses_at_once_gets_five_tries(city, monkeypatch):
    compared, told = guesses_compared(city, monkeypatch)
    assert compared == TRIES
    assert told <= {"code_wrong", "code_locked", "busy"}


def test_tries_counted_without_a_condition_would_be_found(city, monkeypatch):
    """The naive way reads the count, adds one and writes it: a crowd writes the same number."""

    def naive(people, sign_in):
        people.tables.put("people", _sign_in_item(sign_in))

    monkeypatch.setattr(DynamoPeople, "save_sign_in", naive)
    compared, _ = guesses_compared(city, monkeypatch)
    assert compared > TRIES


def test_codes_are_not_guessed_by_asking_for_many(city):
    """Five mails an hour, five tries each: 25 guesses of a million."""
    asked_for = [city.post("/v1/sign-in", {"email": MONIQUE}) for _ in range(8)]
    assert [reply.status for reply in asked_for].count(202) == 5
    codes = {re.search(r"\b(\d{6})\b", mail.text)[1] for mail in city.mailbox.to(MONIQUE)}
    assert len(codes) == 5
