"""A whole city in this process: the application over tables in memory, a mailbox, and a clock to turn."""

import io
import json
import re
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chalicelib import wiring
from chalicelib.notices.model import GATHER_S
from chalicelib.settings import Settings
from chalicelib.wiring import House
from infra.address_book import MemoryAddressBook, from_streets
from infra.gateway import Gateway
from infra.memory import MemoryTables
from tests.fakes import Mailbox

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "../shared/data"

MONDAY = 1_772_442_000
"""Monday 2 March 2026, 10:00 in Mulhouse."""

CENTRE = {"point": {"lat": 47.7486, "lon": 7.3393}}

_numbers = count(1)


@dataclass
class Clock:
    now: int = MONDAY

    def __call__(self) -> int:
        return self.now

    def turn(self, **by: int) -> None:
        """Turn it by days, hours, minutes, seconds."""
        units = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
        self.now += sum(units[unit] * amount for unit, amount in by.items())


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def etag(self) -> str:
        return self.headers["etag"]


@dataclass
class TestCity:
    """The city and the ways into it."""

    __test__ = False

    clock: Clock
    tables: Any
    mailbox: Any
    house: House
    gateway: Any
    tokens: dict[str, str] = field(default_factory=dict)

    def call(
        self, method, path, body=None, *, token=None, key=None, headers=None, query=None, raw=None
    ) -> Reply:
        wiring.install(self.house)
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if method == "POST" and key is not False:
            sent["Idempotency-Key"] = key or f"key-{next(_numbers):08d}"
        return _wsgi(self.gateway, method, path, data, sent, urlencode(query or {}, doseq=True))

    def get(self, path, **more) -> Reply:
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more) -> Reply:
        return self.call("POST", path, {} if body is None else body, **more)

    def sign_in(self, email: str) -> str:
        """Return the token of a session opened by the mailed code."""
        if email not in self.tokens:
            attempt = self.post("/v1/sign-in", {"email": email}).json["attempt"]
            code = re.search(r"\b(\d{6})\b", self.mailbox.to(email)[-1].text)[1]
            opened = self.post("/v1/sessions", {"attempt": attempt, "code": code})
            assert opened.status == 201, opened.text
            self.tokens[email] = opened.json["token"]
        return self.tokens[email]

    def moderator(self, email: str = "mairie@example.org") -> str:
        """Return the token of a session of somebody whom the city trusts with the held listings."""
        return self._with_role(email, "moderator")

    def coordinator(self, email: str = "entraide@example.org") -> str:
        """Return the token of a session of somebody who sees to what nobody answers."""
        return self._with_role(email, "coordinator")

    def _with_role(self, email, role) -> str:
        token = self.sign_in(email)
        person, _ = self.house.door.who(token, now=self.clock.now)
        if person.role != role:
            self.house.people.save(person.changed(role=role))
        return token

    def ask_often(self, email: str) -> None:
        """Let a resident choose to be asked as often as can be."""
        person, _ = self.house.door.who(self.sign_in(email), now=self.clock.now)
        self.house.people.save(person.changed(asks_per_week=50, asks_per_season=200))

    def exchange(self, how: str) -> None:
        """Let two who said yes be brought together at once, or let coordinators confirm it, from now on."""
        self.house.city = replace(self.house.city, exchange=how)
        self.house.__dict__.pop("matching", None)

    def publish(self, kind: str, by: str, **fields) -> Any:
        reply = self.post(f"/v1/{kind}s", a_listing(**fields), token=self.sign_in(by))
        assert reply.status == 201, reply.text
        return reply.json

    def tick(self) -> None:
        """Let every schedule run once."""
        house, now = self.house, self.clock.now
        house.publishing.expire_due(now)
        house.publishing.remind_due(now)
        house.matching.tend_due(now)
        house.dispatcher.send_due(now)

    def gathers(self) -> None:
        """Let the minutes pass in which what goes soon waits for more, and every schedule run."""
        self.clock.turn(seconds=GATHER_S)
        self.tick()

    def evening(self) -> None:
        """Let it be the hour of the digest, and every schedule run."""
        hours = self.house.dispatcher.hours
        self.clock.now = hours.next_digest(self.clock.now, None)
        self.tick()

    def digests(self, days: int) -> None:
        """Let the sender alone run at the hour of the digest of so many days: what waits longest has gone."""
        for _ in range(days):
            self.clock.now = self.house.dispatcher.hours.next_digest(self.clock.now, None)
            self.house.dispatcher.send_due(self.clock.now)

    def links(self, email: str, page: str = "tap") -> list[str]:
        """Return the paths of the links to a page in the last mail of an address."""
        found = re.findall(rf"https://entraide\.test(/{page}/[^\s>\"]+)", self.mailbox.to(email)[-1].text)
        return list(dict.fromkeys(found))


def a_listing(**fields) -> dict[str, Any]:
    """Return the body of a listing; what is given replaces what is there."""
    return {
        "title": "Courses pour ma voisine de 82 ans",
        "text": "Une fois par semaine, le marché est à dix minutes à pied.",
        "category": "groceries",
        "place": CENTRE,
        **fields,
    }


def open_city(
    *,
    tables: Any = None,
    slug: str = "mulhouse",
    key: str = "k" * 32,
    held: tuple[str, ...] = (),
    languages: tuple[str, ...] = (),
) -> TestCity:
    """Open a city; listings of the `held` categories wait for a moderator."""
    clock = Clock()
    tables = tables or MemoryTables(slug, lambda: clock.now * 1000)
    settings = Settings(slug, "eu-west-3", "https://entraide.test", key.encode(), f"entraide-{slug}")
    mailbox = Mailbox()
    house = House(settings, tables=tables, mailer=mailbox, now=clock, address_book=_address_book(slug))
    kinds = [
        replace(each, moderation="before") if each.slug in held else each for each in house.city.categories
    ]
    house.city = replace(house.city, categories=tuple(kinds), languages=languages or house.city.languages)
    return TestCity(clock, tables, mailbox, house, _gateway())


@cache
def _gateway() -> Any:
    from app import app

    return Gateway(app)


@cache
def _address_book(slug: str) -> MemoryAddressBook:
    streets = json.loads((ROOT / "infra/demo/streets.json").read_text(encoding="utf-8"))[slug]
    return MemoryAddressBook(from_streets(streets))


def _wsgi(gateway, method, path, data, headers, query) -> Reply:
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": query or path.partition("?")[2],
        "SERVER_NAME": "entraide.test",
        "SERVER_PORT": "443",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(data),
        "CONTENT_LENGTH": str(len(data)),
    }
    for name, value in headers.items():
        wsgi_name = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if name == "Content-Type" else f"HTTP_{wsgi_name}"] = value
    started: dict[str, Any] = {}

    def start_response(status, response_headers, exc_info=None):
        started["status"] = int(status.split()[0])
        started["headers"] = {name.lower(): value for name, value in response_headers}

    body = b"".join(gateway(environ, start_response))
    return Reply(started["status"], started["headers"], body.decode("utf-8"))
