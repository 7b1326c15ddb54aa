"""Requests that carry what belongs to one city to another: tokens, ids, cursors, keys, links, codes."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.city import ROOT, Reply, a_listing
from tests.cloud import CloudCity

MARK = "Marque de Mulhouse"
"""Stands in every text of the one city: the other must never say it."""

NOBODY_MAY = re.compile(r"/openapi|/docs|/v1/sign-in|/v1/sessions$")


ALIKE = re.compile(r"/v1/me/blocks/")
"""Answers the same whether there is what it names or not, so that nobody learns it: it gives nothing away."""


@dataclass(frozen=True)
class Request:
    """One request, what kind of thing it carries across, and what it may be answered."""

    kind: str
    method: str
    path: str
    body: Any = None
    token: str | None = None
    key: str | None = None
    query: Any = None
    refused: bool = True
    """Whether it must be refused; a key of another city is nobody's business: it makes something new."""

    def send(self, city: CloudCity) -> Reply:
        given = {"token": self.token, "key": self.key, "query": self.query}
        return city.call(self.method, self.path, self.body, headers={"If-Match": '"1"'}, **given)


@dataclass
class Town:
    """What one city has that another could be shown."""

    city: CloudCity
    tokens: list[str] = field(default_factory=list)
    listings: list[str] = field(default_factory=list)
    matches: list[str] = field(default_factory=list)
    cursors: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    attempts: list[dict[str, str]] = field(default_factory=list)

    @property
    def secrets(self) -> list[str]:
        """What the other city must not say, whatever it is asked."""
        return [MARK, *self.tokens, *self.listings, *self.matches]


def live(city: CloudCity) -> Town:
    """Let some residents of a city need, offer, ask and sign in; return all that could be carried away."""
    town = Town(city)
    for number in range(3):
        seeker, helper = f"seeker{number}@example.org", f"helper{number}@example.org"
        town.tokens += [city.sign_in(seeker), city.sign_in(helper)]
        need = city.publish("need", seeker, title=f"{MARK} {number}")
        offer = city.publish("offer", helper, title=f"{MARK} {number}")
        town.listings += [need["id"], offer["id"]]
        key = f"asked-{number:08d}"
        asked = city.post(
            "/v1/matches", {"need": need["id"], "offer": offer["id"]}, token=city.sign_in(seeker), key=key
        )
        assert asked.status == 201, asked.text
        town.matches.append(asked.json["id"])
        town.keys.append(key)
        town.links += city.links(helper)
        city.publish("need", seeker, title=f"{MARK} again")
    for path, query, token in _walks(town):
        page = city.get(path, query=query, token=token)
        assert page.status == 200, page.text
        town.cursors.append((path, query, page.json["next"]))
    started = city.post("/v1/sign-in", {"email": "seeker0@example.org"})
    code = re.search(r"\b(\d{6})\b", city.mails("seeker0@example.org")[0].text)[1]
    town.attempts.append({"attempt": started.json["attempt"], "code": code})
    return town


def _walks(town: Town) -> Iterator[tuple[str, dict[str, str], str | None]]:
    yield "/v1/listings", {"near": "47.7494,7.3396", "radius_m": "9000", "limit": "1"}, None
    yield "/v1/me/listings", {"limit": "1"}, town.tokens[0]


def requests(theirs: Town, ours: Town, seed: int) -> Iterator[Request]:
    """Yield requests without end that carry what is theirs to us; `ours` gives a right to be here."""
    drawn = random.Random(seed)
    operations = list(_operations())
    while True:
        method, path, secured = drawn.choice(operations)
        filled = re.sub(
            r"\{(\w+)\}",
            lambda part: drawn.choice(theirs.matches if "match" in part[1] else theirs.listings),
            path,
        )
        body = None if method in ("GET", "DELETE") else drawn.choice([{}, {"message": "?"}, a_listing()])
        if secured:
            yield Request("token", method, filled, body, drawn.choice(theirs.tokens))
        if "{" in path:
            mine = drawn.choice(ours.tokens)
            yield Request("id", method, filled, body, mine, refused=not ALIKE.match(path))
        yield from _others(theirs, ours, drawn)


def _others(theirs: Town, ours: Town, drawn: random.Random) -> Iterator[Request]:
    mine = drawn.choice(ours.tokens)
    path, query, cursor = drawn.choice(theirs.cursors)
    yield Request("cursor", "GET", path, token=mine, query={**query, "cursor": cursor})
    pair = {"need": drawn.choice(theirs.listings), "offer": drawn.choice(theirs.listings)}
    key = drawn.choice(theirs.keys)
    yield Request("key", "POST", "/v1/matches", pair, mine, key)
    yield Request("key", "POST", "/v1/needs", a_listing(), mine, key, refused=False)
    yield Request("code", "POST", "/v1/sessions", drawn.choice(theirs.attempts))
    yield Request("link", "POST", drawn.choice(theirs.links), {})


def _operations() -> Iterator[tuple[str, str, bool]]:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not NOBODY_MAY.search(path):
                yield method.upper(), path, bool(operation.get("security"))


def leak(theirs: Town, request: Request, reply: Reply) -> str | None:
    """Return what is wrong with an answer: it gave in, broke, or said something of the other city's."""
    sent = json.dumps([request.path, request.body, request.token, request.query])
    said = [secret for secret in theirs.secrets if secret in reply.text and secret not in sent]
    if said:
        return f"said {said[0]}"
    if reply.status >= 500:
        return f"broke with {reply.status}"
    if request.refused and reply.status < 400:
        return f"gave in with {reply.status}"
    return None
