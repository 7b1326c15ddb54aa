"""`make ops-demo`: what a new operator sees, on an AWS of this machine alone.

Two cities are opened, one is used and upgraded, looked at, exported and closed. It ends by itself and leaves
nothing behind.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.emulator import ROOT, EmulatorError, aws_environment, emulator
from infra.ops.cloud import REMEMBERED
from infra.ops.smoke import at_emulator

ACCOUNT = "000000000000"
"""Whose APIs the emulator takes a request without a signature to be for."""
CHECKOUT = (
    "app.py", "chalicelib", "infra", "vendor", "web", ".chalice", "requirements.txt", "constraints.txt",
    "pyproject.toml",
)  # fmt: skip
VERSION = 'VERSION = "'


class DemoFailed(Exception):
    """A command of the demonstration did not end as it should."""


def main() -> int:
    began = time.monotonic()
    try:
        with TemporaryDirectory() as directory, _aws(Path(directory)) as environment:
            _show(Path(directory), environment)
    except (DemoFailed, EmulatorError, OSError) as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing is left of it.")
        return 130
    print(f"\nThe end, after {time.monotonic() - began:.0f} s. The runbook is docs/operations.md.")
    return 0


@contextmanager
def _aws(directory: Path) -> Iterator[dict[str, str]]:
    with emulator(directory / "aws", keep=False, whole=True) as engine:
        engine.wait()
        pointing = aws_environment(engine.url, ACCOUNT) | {REMEMBERED: str(directory / "remembered")}
        yield {name: value for name, value in {**os.environ, **pointing}.items() if value}


def _show(directory: Path, environment: dict[str, str]) -> None:
    older, folder = _older(directory / "older"), directory / "mulhouse"
    at = ["--ops", "ops@example.org", "--yes"]
    _say("A new operator looks whether this machine is ready, and at the cities.")
    _run(ROOT, environment, "doctor")
    _run(ROOT, environment, "city", "check")
    _say("Mulhouse and Namur are opened, with last week's version of the checkout.")
    _run(older, environment, "deploy", "mulhouse", *at)
    _run(older, environment, "deploy", "namur", *at)
    _say("Monique signs in at Mulhouse: data that every upgrade must keep.")
    url = json.loads(_quiet(environment, "status", "mulhouse", "--json"))["result"]["url"]
    _sign_in(environment, url)
    _run(ROOT, environment, "outbox", "list", "mulhouse", "--state", "sent", "--state", "waiting")
    _say("Mulhouse is upgraded to this checkout; said twice, it changes nothing.")
    _run(ROOT, environment, "plan", "mulhouse")
    _run(ROOT, environment, "deploy", "mulhouse", "--yes")
    _run(ROOT, environment, "deploy", "mulhouse", "--yes")
    _run(ROOT, environment, "status")
    _run(ROOT, environment, "status", "mulhouse")
    _run(ROOT, environment, "cost", "mulhouse")
    _say("Mulhouse is closed: not while it holds data that goes nowhere.")
    _run(ROOT, environment, "destroy", "mulhouse", "--yes", expected=3)
    _run(ROOT, environment, "destroy", "mulhouse", "--yes", "--export-to", str(folder))
    print(f"  in {folder.name}/: {', '.join(sorted(each.name for each in folder.iterdir()))}\n")
    _run(ROOT, environment, "status")


def _older(directory: Path) -> Path:
    """Return a copy of this checkout with an older number: a version to upgrade from."""
    directory.mkdir()
    for name in CHECKOUT:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "built")
            shutil.copytree(source, directory / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(source, directory)
    routes = directory / "chalicelib" / "api" / "routes.py"
    routes.write_text(routes.read_text(encoding="utf-8").replace(VERSION, f"{VERSION}0."), encoding="utf-8")
    return directory


def _say(text: str) -> None:
    print(f"\n# {text}\n", flush=True)


def _run(checkout: Path, environment: dict[str, str], *words: str, expected: int = 0) -> None:
    """Run a command as an operator would, and show it."""
    print(f"$ entraide {' '.join(words)}", flush=True)
    command = [sys.executable, "-P", "-m", "infra.ops", *words]
    done = subprocess.run(command, env=environment | {"PYTHONPATH": str(checkout)}, check=False)
    print(flush=True)
    if done.returncode != expected:
        raise DemoFailed(f"entraide {' '.join(words)} ended with {done.returncode}, not {expected}")


def _quiet(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-P", "-m", "infra.ops", *words]
    done = subprocess.run(
        command, env=environment | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, check=False
    )
    return done.stdout.decode()


def _sign_in(environment: dict[str, str], public: str) -> None:
    """Ask the city's API for a mail, at the address the emulator has for it."""
    url = f"{at_emulator(public, environment['AWS_ENDPOINT_URL'])}/v1/sign-in"
    headers = {"Content-Type": "application/json", "Idempotency-Key": "monique-asks-1"}
    request = urllib.request.Request(url, b'{"email": "monique@example.org"}', headers)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        print(f"POST /v1/sign-in: {answer.status} {answer.read().decode()}\n")


if __name__ == "__main__":
    sys.exit(main())
