"""A cold start: CPU time of a fresh process up to its first answer, beside a bare botocore client's.

Both are counted above a bare Python, read compiled modules from one cache, and end with the same GetItem.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from bench.content import listings
from bench.engine import BUILD
from bench.ground import APP, Ground
from bench.rows import Row, missing, progress, row
from chalicelib.listings.rows import listing_item
from chalicelib.storage.codec import encode
from infra.events import Match, request_event

TIMES = 11
WARMING = 2
"""Rounds that write the compiled modules and fill the disk's cache."""

_TOLD = "import json, sys, time\ngiven = json.load(sys.stdin)\nmarks = [time.process_time()]\n"
_MARK = "marks.append(time.process_time())\n"
_TELL = "print(json.dumps([marks, sorted(sys.modules)]))\n"
PROGRAMS: Mapping[str, str] = {
    "bare": _TOLD + _TELL,
    "botocore": _TOLD
    + "from botocore.session import get_session\n"
    + "client = get_session().create_client('dynamodb')\n"
    + _MARK
    + "assert 'Item' in client.get_item(**given)\n"
    + _MARK
    + _TELL,
    "app": _TOLD
    + "from app import app\n"
    + _MARK
    + "assert app(given, None)['statusCode'] == 200\n"
    + _MARK
    + _TELL,
}
NEEDLESS = frozenset(
    "aws_lambda_powertools boto3 email_validator itsdangerous jinja2 numpy pydantic snowballstemmer".split()
)
"""What reading a listing has no use for."""


def rows(ground: Ground) -> Iterator[Row]:
    if ground.engine is None:
        yield missing("cold_import", ground.reason)
        return
    progress("starting cold")
    given = stored(ground)
    seen: dict[str, list[list[float]]] = {name: [] for name in PROGRAMS}
    for number in range(WARMING + TIMES):
        for name, program in PROGRAMS.items():
            marks, modules = _run(ground, program, given[name])
            if number >= WARMING:
                seen[name].append(marks)
    bare, botocore, app = (
        [1_000 * median(column) for column in zip(*seen[name], strict=True)] for name in PROGRAMS
    )
    peer = "botocore: client, first GetItem"
    yield row(
        "cold_import",
        TIMES,
        app[-1] - bare[0],
        "ms CPU, app and first request",
        peer=peer,
        peer_value=botocore[-1] - bare[0],
        most_ratio=1.2,
    )
    yield row(
        "cold_import, app alone",
        TIMES,
        app[1] - bare[0],
        "ms CPU",
        peer="botocore: client",
        peer_value=botocore[1] - bare[0],
    )
    needless = NEEDLESS & set(modules)
    yield row("cold_import, needless", TIMES, len(needless), "packages imported in vain", most=0)


def stored(ground: Ground) -> dict[str, Any]:
    """Store a listing, and return what each program is given to read it."""
    assert ground.engine is not None
    listing = listings(1_000)[0]
    table = f"entraide-{APP}-listings"
    ground.engine.client.put_item(TableName=table, Item=encode(listing_item(listing)))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/v1/listings/{listing.id}"}
    match = Match("GET", "/v1/listings/{listing_id}", {"listing_id": listing.id})
    key = {"TableName": table, "Key": {"pk": {"S": listing.id}}, "ConsistentRead": True}
    return {"bare": None, "botocore": key, "app": request_event(environ, match, b"", ())}


def _run(ground: Ground, program: str, given: Any) -> tuple[list[float], list[str]]:
    """Return the program's marks, and which modules it had at the end."""
    assert ground.engine is not None
    settings = {
        "ENTRAIDE_CITY": APP,
        "ENTRAIDE_SIGNING_KEY": "k" * 32,
        "PYTHONPYCACHEPREFIX": str(BUILD / "compiled"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    environment = {**os.environ, **ground.engine.environment, **settings}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(given).encode(),
        env={name: value for name, value in environment.items() if value},
        stdout=subprocess.PIPE,
        check=True,
    )
    marks, modules = json.loads(ran.stdout)
    return marks, [name.partition(".")[0] for name in modules]
