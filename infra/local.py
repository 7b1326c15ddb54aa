"""A city on this machine: `python -m infra.local --city mulhouse --port 8000`.

Everything runs here: the application behind a web server, its schedules, DynamoDB and mail by the emulator.
"""

import argparse
import fcntl
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from chalice.app import Chalice

from chalicelib.cities.model import City, load_city
from chalicelib.errors import Invalid
from infra.emulator import ROOT, EmulatorError, account_of, aws_environment, emulator, set_environment
from infra.front import Front
from infra.gateway import Gateway
from infra.mailbox import Mailbox
from infra.schedules import Runner, schedules_of
from infra.server import Site, serve_on
from infra.tables import OtherTable, create_tables, start_purging, table_definitions

CITIES = ROOT / "infra" / "cities"
KEPT = ROOT / ".local"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FORCED = 130
MARK = "local"
"""What the front says; nobody else reaches the API."""


class CannotOpen(Exception):
    """The city cannot be opened here, and why."""


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m infra.local", description="Open a city on this machine.")
    asked.add_argument("--city", default="mulhouse", metavar="SLUG")
    asked.add_argument("--port", type=int, default=8000)
    choice = asked.parse_args()
    for name in SIGNALS:
        signal.signal(name, _stop_once)
    try:
        open_city(choice.city, choice.port)
    except (CannotOpen, EmulatorError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped before it was open.")
        return FORCED
    return 0


def open_city(slug: str, port: int) -> None:
    """Serve the city until KeyboardInterrupt; raise CannotOpen when something stands in the way."""
    began = time.monotonic()
    city = city_named(slug)
    kept = KEPT / slug
    with closing(_listen(port)) as listener, _only_one(kept), emulator(kept, keep=True) as engine:
        print(f"Opening {city.name} ...", flush=True)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        set_environment(aws_environment(engine.url, account_of(slug)) | _settings(slug, url, kept))
        log = kept / "local.log"
        _log_to(log)
        with _step("application"):
            app = import_module("app").app
        with _step("emulator"):
            engine.wait()
        _prepare(city)
        print(f"Open after {time.monotonic() - began:.1f} s. Ctrl-C stops it.\n")
        print(
            f"  {city.name:<12} {url}/\n  API          {url}/docs\n  Mailbox      {url}/mailbox", flush=True
        )
        front = Front(Gateway(app), app.routes, city, MARK)
        _serve(app, listener, Site(front, Mailbox(engine.mail, city.name, city.zone)), log)
        print(f"\nStopping {city.name} (once more to force it) ...", flush=True)
    print(f"Stopped. The data is kept in {os.path.relpath(kept)}.")


def city_named(slug: str) -> City:
    known = sorted(path.stem for path in CITIES.glob("*.json"))
    if slug not in known:
        raise CannotOpen(f"There is no city {slug!r}. Known: {', '.join(known)}.")
    try:
        return load_city(CITIES / f"{slug}.json")
    except Invalid as error:
        raise CannotOpen(f"The file of {slug} has faults: {error}") from error


def _prepare(city: City) -> None:
    """Make what is missing of the city's tables, sender and first content."""
    from botocore.session import get_session  # noqa: PLC0415 — after the environment is set

    dynamodb = get_session().create_client("dynamodb")
    with _step("tables"):
        _make_tables(dynamodb, city.slug)
    with _step("sender"):
        ses = get_session().create_client("sesv2")
        ses.create_email_identity(EmailIdentity=city.sender.address)
        ses.create_configuration_set(ConfigurationSetName=f"entraide-{city.slug}")
    marker = {"TableName": f"entraide-{city.slug}-limits", "Key": {"pk": {"S": "seeded"}}}
    if "Item" not in dynamodb.get_item(**marker):
        with _step("first content"):
            _seed(city)
        dynamodb.put_item(TableName=marker["TableName"], Item=marker["Key"])


def _make_tables(dynamodb: Any, slug: str) -> None:
    try:
        create_tables(dynamodb, slug, table_definitions())
    except OtherTable as error:
        kept = os.path.relpath(KEPT / slug)
        raise CannotOpen(f"{error} was made by an older version. To start anew: rm -r {kept}") from error
    start_purging(dynamodb, slug, table_definitions())


def _seed(city: City) -> None:
    from infra.seed import seed  # noqa: PLC0415 — the first time only

    seed(city)


def _serve(app: Chalice, listener: socket.socket, site: Site, log: Path) -> None:
    """Serve until KeyboardInterrupt. What the application says meanwhile, goes to the log."""
    server = serve_on(listener, site)
    schedules = Runner(schedules_of(app))
    with log.open("a") as said, redirect_stdout(said):
        schedules.start()
        try:
            server.run()
        finally:
            schedules.stop()


def _settings(slug: str, url: str, kept: Path) -> dict[str, str]:
    return {
        "ENTRAIDE_CITY": slug,
        "POWERTOOLS_SERVICE_NAME": f"entraide-{slug}",
        "ENTRAIDE_BASE_URL": url,
        "ENTRAIDE_FRONT_MARK": MARK,
        "ENTRAIDE_SIGNING_KEY": _signing_key(kept / "signing.key"),
    }


def _signing_key(path: Path) -> str:
    """Return the city's key, made the first time and readable by its owner only."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        raise CannotOpen(f"Port {port} is taken or not allowed. Another one: make run PORT=8001") from error


@contextmanager
def _only_one(kept: Path) -> Iterator[None]:
    """Keep a second process off the city's data."""
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotOpen(f"{kept.name} is already open on this machine.") from error
        yield


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Say what is being done, over it how long it took; it may count on the same line meanwhile."""
    began = time.monotonic()
    live = sys.stdout.isatty()
    if live:
        print(f"  {what}", end="", flush=True)
    try:
        yield
    finally:
        took = f"  {what:<14}{time.monotonic() - began:6.2f} s"
        print(f"\r{took:<40}" if live else took, flush=True)


def _log_to(path: Path) -> None:
    logging.basicConfig(
        filename=path, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("infra").setLevel(logging.INFO)


def _stop_once(_signal: int, _frame: FrameType | None) -> Any:
    """Stop cleanly now, and at once the next time: the emulator saves its state even then."""
    for name in SIGNALS:
        signal.signal(name, lambda *_: os._exit(FORCED))
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
