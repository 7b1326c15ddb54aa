"""What is left out of the package: what never runs in Lambda, and all of botocore that is not called."""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

OPERATIONS: Mapping[str, frozenset[str]] = {
    "dynamodb": frozenset(
        "BatchGetItem GetItem PutItem Query Scan TransactWriteItems".split(),
    ),
    "logs": frozenset({"FilterLogEvents"}),
    "sesv2": frozenset({"SendEmail"}),
    "sqs": frozenset({"GetQueueAttributes"}),
    "ssm": frozenset({"GetParameter"}),
}
"""The services and operations that the application calls: a test holds this to the code."""

VERSIONS = {"dynamodb": "2012-08-10", "logs": "2014-03-28", "sesv2": "2019-09-27", "sqs": "2012-11-05"}
VERSIONS["ssm"] = "2014-11-06"
"""The version of each service's API: botocore keeps older ones beside it."""

_NEVER_RUNS = re.compile(
    r"""
    [^/]+\.(dist-info|data)/ .*                      # what installers read
    | (.*/)? tests? / .*
    | .* \.(pyi|pyx|pxd|c|h|typed)
    | chalice/ (?!(__init__|app)\.py$) .*            # the framework's own package has these two
    | dns/ .*                                        # addresses are checked without the DNS
    | dateutil/ (zoneinfo/ .* | (easter|rrule)\.py)  # time zones come from tzdata; no answer has recurrences
    | pydantic/ ((v1|experimental)/ .* | (mypy|color)\.py)
    | snowballstemmer/ (?!(among|basestemmer|french_stemmer)\.py$) .*
    | tzdata/zoneinfo/ .*                            # what is kept of it is what the city files name
    | urllib3/contrib/emscripten/ .*
    | aws_lambda_powertools/ event_handler/ .*
    | aws_lambda_powertools/utilities/ (?!(__init__\.py | jmespath_utils/ .*)$) .*
    | botocore/ (crt/auth | stub)\.py
    | botocore/data/ .*                              # what is kept of it is made by `botocore_data`
    | botocore/docs/ (?!utils\.py$) .*               # `_STANDING_IN` says nothing in its place
    """,
    re.VERBOSE,
)
_STANDING_IN: Mapping[str, bytes] = {
    "snowballstemmer/__init__.py": b"",
    "botocore/docs/__init__.py": b"",
    "botocore/docs/docstring.py": b"""\
class ClientMethodDocstring(str):
    def __new__(cls, *_, **__):
        return str.__new__(cls)


PaginatorDocstring = WaiterDocstring = ClientMethodDocstring
""",
}
"""The stemmers' own `__init__` imports thirty languages where one is asked for. botocore's methods have the
docstrings of the services, made by 65 kB of code that nobody reads here."""
_WHOLE = ("_retry.json", "partitions.json", "sdk-default-configuration.json")


def trimmed(files: Mapping[str, bytes], zones: Iterable[str]) -> dict[str, bytes]:
    """Return the files that run, botocore's descriptions of what is called, and these time zones."""
    kept = {name: data for name, data in files.items() if not _NEVER_RUNS.fullmatch(name)}
    named = {f"tzdata/zoneinfo/{zone}" for zone in zones}
    folders = {f"{folder}/__init__.py" for zone in named for folder in _folders(zone)}
    clocks = {name: files[name] for name in sorted(named | folders)}
    return kept | clocks | {**_STANDING_IN} | dict(botocore_data(files))


def _folders(zone: str) -> Iterator[str]:
    parts = zone.split("/")
    return ("/".join(parts[:depth]) for depth in range(2, len(parts)))


def botocore_data(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield botocore's data files for `OPERATIONS`; KeyError names what botocore does not have."""
    folder = "botocore/data"
    for name in _WHOLE:
        yield f"{folder}/{name}", files[f"{folder}/{name}"]
    yield f"{folder}/endpoints.json", _written(_endpoints(json.loads(files[f"{folder}/endpoints.json"])))
    for service, operations in OPERATIONS.items():
        place = f"{folder}/{service}/{VERSIONS[service]}"
        for name in ("service-2.json", "endpoint-rule-set-1.json"):
            data = json.loads(gzip.decompress(files[f"{place}/{name}.gz"]))
            yield f"{place}/{name}", _written(_service(data, operations) if name[0] == "s" else data)


def _service(model: dict[str, Any], operations: frozenset[str]) -> dict[str, Any]:
    """Return a service's description with these operations and the shapes they reach, without its prose."""
    chosen = {name: model["operations"][name] for name in sorted(operations)}
    reached: set[str] = set()
    waiting = list(_shapes_in(chosen))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _shapes_in(model["shapes"][name])
    shapes = {name: shape for name, shape in model["shapes"].items() if name in reached}
    trimmed_model: dict[str, Any] = _without_prose({**model, "operations": chosen, "shapes": shapes})
    return trimmed_model


def _shapes_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for each in part.values():
            yield from _shapes_in(each)
    elif isinstance(part, list):
        for each in part:
            yield from _shapes_in(each)


def _without_prose(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            name: _without_prose(each)
            for name, each in part.items()
            if not (name in ("documentation", "documentationUrl") and isinstance(each, str))
        }
    return [_without_prose(each) for each in part] if isinstance(part, list) else part


def _endpoints(data: dict[str, Any]) -> dict[str, Any]:
    """Return the list of endpoints for the services called; `email` is what it calls SES."""
    wanted = {*OPERATIONS, "email"}
    partitions = [
        {
            **each,
            "services": {name: service for name, service in each["services"].items() if name in wanted},
        }
        for each in data["partitions"]
    ]
    return {**data, "partitions": partitions}


def _written(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
