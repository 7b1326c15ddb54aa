"""The application as Lambda calls it: one handler, events of API Gateway, one resident signed in."""

import json
import os
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from io import BytesIO
from itertools import count
from typing import Any

from bench.content import city_of
from bench.ground import Ground
from chalicelib import wiring
from chalicelib.cities.model import City, load_city
from chalicelib.settings import CITIES, Settings
from chalicelib.wiring import House
from infra.emulator import REGION
from infra.events import Context, Event, Match, request_event
from tests.cards import NOW

SIZE = 10_000
"""Listings on the board of the city that the application serves."""

A_NEED = {
    "title": "Courses pour ma voisine de 82 ans",
    "text": "Une fois par semaine, le marché est à dix minutes à pied.",
    "category": "groceries",
    "place": {"point": {"lat": 47.7486, "lon": 7.3393}},
    "languages": ["fr"],
}

_numbers = count(1)


class Front:
    """The application over the tables of a city, and the ways to call it."""

    def __init__(self, ground: Ground) -> None:
        from app import app

        self._app = app
        # What is logged costs what it costs in Lambda, and stays out of the table.
        self._out = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 — for as long as the logger
        settings = Settings("mulhouse", REGION, "https://entraide.test", b"k" * 32, "entraide")
        self.house = House(settings, tables=ground.tables(city_of(SIZE)), city=_city(), now=lambda: NOW)
        self.token = self._signed_in()

    def event(self, method: str, route: str, *, query: str = "", body: Any = None, **captured: str) -> Event:
        """Return what API Gateway would hand over; every POST has a key of its own."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": route.format(**captured),
            "QUERY_STRING": query,
            "REMOTE_ADDR": "192.0.2.1",
            "wsgi.url_scheme": "https",
            "wsgi.input": BytesIO(),
            "HTTP_ACCEPT": "application/json",
            "HTTP_ACCEPT_LANGUAGE": "fr-FR,fr;q=0.9,en;q=0.5",
            "HTTP_USER_AGENT": "Mozilla/5.0",
        }
        if method == "POST":
            environ["CONTENT_TYPE"] = "application/json"
            environ["HTTP_IDEMPOTENCY_KEY"] = f"bench-{next(_numbers):08d}"
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        data = b"" if body is None else json.dumps(body).encode()
        return request_event(environ, Match(method, route, captured), data, ())

    def answer(self, event: Event) -> Mapping[str, Any]:
        """Return the application's answer, which must be a good one."""
        wiring.install(self.house)
        with redirect_stdout(self._out):
            answer: Mapping[str, Any] = self._app(event, Context("entraide"))
        if answer["statusCode"] >= 300:
            raise AssertionError(answer)
        return answer

    def publish(self) -> Any:
        """Return a need that was just posted."""
        return json.loads(self.answer(self.event("POST", "/v1/needs", body=A_NEED))["body"])

    def _signed_in(self) -> str:
        door = self.house.door
        attempt, _ = door.start("bench@example.org", language="fr", ip="192.0.2.1", key="bench", now=NOW)
        link = f"{attempt.id}.{door.link_secret(attempt.id)}"
        return door.open_by_link(link, key="bench", now=NOW).token


def _city() -> City:
    """Return a city in which one resident may post as much as a benchmark does."""
    city = load_city(CITIES / "mulhouse.json")
    return replace(city, limits=replace(city.limits, listings_per_day=1_000_000))
