"""What each use of a city and each tick of its schedules takes, and what a month of it costs.

Units are counted as DynamoDB counts them, from the items that the services really read and write; processor
time is this machine's. Where they are written, `infra/ops/units.json`, is what `entraide cost` prices.
"""

import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping
from math import isclose
from typing import Any

from app import app
from bench.metered import ACCESS_BYTES, TIMES, MeteredTables, Scene, size_of
from bench.rows import Row, progress, row
from chalicelib import wiring
from chalicelib.cities.model import load_city
from chalicelib.observability import logger
from infra.client import client_of
from infra.emulator import ROOT
from infra.ops.bill import bill, busy, idle, load
from infra.schedules import schedules_of
from infra.stack.package import MOST_BYTES
from infra.stack.template import city_template
from tests.city import TestCity, open_city

UNITS = ROOT / "infra" / "ops" / "units.json"
DAYS = 2
"""Of an idle city, for what a tick takes on the average."""
STANDING = ("people", "listings", "matches", "askings", "notices")
"""What stands for weeks; the other tables forget within days."""
ITEM_BYTES = 100
"""What DynamoDB counts beside an item that it stores."""
EVENT_BYTES = 26
"""What CloudWatch adds to each line of a log."""
QUIET_DAYS = 300
"""After which nothing more becomes of a listing or of anything that came of it."""
_JOBS = {"purge": 4}


def measure(*, whole: bool = True) -> dict[str, Any]:
    """Return what each use and each tick takes; a `whole` measure lets listings live to their end too."""
    clock: list[Any] = []
    tables = MeteredTables(clock_ms=lambda: clock[0].now * 1000)
    scene = Scene(open_city(tables=tables), tables)
    clock.append(scene.city.clock)
    handler: Any = logger().registered_handler
    stream, handler.stream = handler.stream, io.StringIO()
    try:
        _use(scene)
        if whole:
            _live(scene)
        return {
            "measured_by": "python -m bench costing",
            "uses": scene.uses,
            "ticks": _ticks(),
            "bytes_a_resident": scene.bytes_a_resident,
            "code_bytes": MOST_BYTES,
            "client": client_units(),
        }
    finally:
        handler.stream = stream
        wiring.install(None)


def _use(scene: Scene) -> None:
    city = scene.city
    seekers = [f"seeker-{number}@example.org" for number in range(TIMES)]
    helpers = [f"helper-{number}@example.org" for number in range(TIMES)]
    scene.measured("sign in", lambda n: city.sign_in(seekers[n]), requests=2)
    for helper in helpers:
        city.sign_in(helper)
    scene.measured("visit", lambda n: city.get("/v1/me", token=city.tokens[seekers[n]]), requests=1)
    needs: list[Any] = []
    offers: list[Any] = []
    matches: list[Any] = []
    scene.measured("post a need", lambda n: needs.append(city.publish("need", seekers[n])), requests=1)
    scene.measured(
        "post an offer", lambda n: offers.append(city.publish("offer", helpers[n], reach_m=5000)), requests=1
    )
    near = {"near": "47.7486,7.3393", "radius_m": 3000, "text": "courses"}
    scene.measured("search", lambda _: city.get("/v1/listings", query=near), requests=1)

    def ask(number: int) -> None:
        pair = {"need": needs[number]["id"], "offer": offers[number]["id"]}
        matches.append(city.post("/v1/matches", pair, token=city.tokens[seekers[number]]).json["id"])

    def candidates(number: int) -> None:
        path = f"/v1/me/listings/{needs[number]['id']}/candidates"
        assert city.get(path, token=city.tokens[seekers[number]]).status == 200

    def answer(verb: str, number: int) -> None:
        path = f"/v1/matches/{matches[number]}/{verb}"
        answered = city.post(
            path, {"reason": "no_time"} if verb == "decline" else {}, token=city.tokens[helpers[number]]
        )
        assert answered.status == 200, answered.text

    half = TIMES // 2
    scene.measured("see candidates", candidates, requests=1)
    scene.measured("propose", ask, requests=1)
    scene.measured("accept", lambda n: answer("accept", n), requests=1, times=half)
    scene.measured("decline", lambda n: answer("decline", n + half), requests=1, times=half)
    kept = [item for noun in STANDING for item in scene.tables._rows[noun].values()]  # noqa: SLF001
    scene.bytes_a_resident = round(sum(size_of(item) + ITEM_BYTES for item in kept) / (2 * TIMES))


def _live(scene: Scene) -> None:
    """Measure what a listing takes after it is posted: reminder, expiry, what is forgotten."""
    city = scene.city
    quiet = TestCity(city.clock, city.tables, city.mailbox, city.house, city.gateway)

    def day(_: int) -> None:
        quiet.clock.turn(days=1)
        _run_all(quiet)

    took = scene.taken(day, QUIET_DAYS)
    again = scene.taken(day, QUIET_DAYS // 10)  # what a day takes without any listing
    part = QUIET_DAYS / (2 * TIMES)
    scene.uses["a listing lives"] = {
        name: round(max(0.0, took[name] - again[name]) * part, 1) for name in took
    } | {"requests": 0}


def _run_all(city: TestCity) -> None:
    wiring.install(city.house)
    for schedule in schedules_of(app):
        schedule.run()


def _ticks() -> dict[str, dict[str, Any]]:
    """Return what a tick of each schedule takes in a city in which nothing happens."""
    clock: list[Any] = []
    tables = MeteredTables(clock_ms=lambda: clock[0].now * 1000)
    city: Any = open_city(tables=tables)
    clock.append(city.clock)
    scene = Scene(city, tables)
    city.publish("need", "monique@example.org")
    _run_all(city)
    found: dict[str, dict[str, Any]] = {}
    for schedule in schedules_of(app):
        tables.asked = set()
        times = DAYS * 86_400 // schedule.every_s

        def tick(_: int, *, run: Callable[[], object] = schedule.run, every: int = schedule.every_s) -> None:
            city.clock.turn(seconds=every)
            run()

        wiring.install(city.house)
        tick(0)  # it catches up with what went by while others were measured
        took = scene.taken(tick, times)
        took["log_bytes"] += _JOBS.get(schedule.name, 1) * EVENT_BYTES - ACCESS_BYTES
        found[schedule.name] = {**took, "tables": sorted(tables.asked)}
    found["watch_city"] = WATCH
    return found


def client_units() -> dict[str, int]:
    """Return how many files a browser asks for, how large they are, and what is sent of them, compressed."""
    client = client_of(load_city(ROOT / "infra" / "cities" / "mulhouse.json"))
    files = [*client.parts.values(), *client.pages.values()]
    sent = sum(len(gzip.compress(body)) for body in files)
    return {"files": len(files), "bytes": sum(map(len, files)), "sent_bytes": sent}


WATCH: dict[str, Any] = {
    "reads": 1, "writes": 1, "calls": 6, "mails": 0, "log_bytes": 400, "cpu_ms": 60, "queue": 1,
    "tables": ["jobs"],
}  # fmt: skip
"""What a look of the watch takes, read off its code: it asks CloudWatch, of which there is none in memory."""


def rows() -> Iterator[Row]:
    progress("measuring what a month takes")
    UNITS.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
    template = city_template("3.13", "arm64")
    rest = bill(idle(template))
    yield row("cost_idle", 1, rest.eur, "EUR a month, a city in which nothing happens", most=0.10)
    yield row(
        "cost_idle, full watch", 1, bill(idle(template, full_watch=True)).eur, "EUR a month, all alarms"
    )
    seed = load()["seed"]
    for times in (1, 10):
        residents, cities = seed["residents"] * times, seed["territories"]
        used = busy(template, residents)
        cost = bill(used).eur + cities * rest.eur
        mails = bill({"mails": used["mails"]}).eur
        yield row("cost_month", residents, cost, f"EUR, {cities} cities; {mails / cost:.0%} of it mails")


def other_units(found: Mapping[str, Any], kept: Mapping[str, Any]) -> list[str]:
    """Return where what was measured now is a tenth off what is kept; processor time may differ."""
    counted = ("reads", "writes", "calls", "mails", "requests")
    both = [
        (f"{name}: {each}", took.get(each, 0), kept[kind].get(name, {}).get(each, 0))
        for kind in ("uses", "ticks")
        for name, took in found[kind].items()
        for each in counted
    ]
    both += [(f"client: {each}", took, kept["client"].get(each, 0)) for each, took in found["client"].items()]
    return [name for name, now, then in both if not isclose(now, then, rel_tol=0.1, abs_tol=0.05)]
