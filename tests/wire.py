"""Trouble on the wire: what the real `Tables` and the real mail client meet between them and AWS."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.endpoint
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from chalicelib.storage.tables import Tables
from tests.trouble import Killed, well

FAULTS = (
    "throttled",
    "failed",
    "failed after",
    "conflict",
    "lost",
    "unreachable",
    "killed before",
    "killed after",
)
_OF_ANY = tuple(fault for fault in FAULTS if fault != "conflict")
_PREFIX = "com.amazonaws.dynamodb.v20120810#"


def answer(status: int, body: Any) -> AWSResponse:
    """Return an answer that was never sent."""
    raw = SimpleNamespace(stream=lambda **_: iter([json.dumps(body).encode()]))
    return AWSResponse("https://aws.test/", status, {"Content-Type": "application/x-amz-json-1.0"}, raw)


def error(status: int, code: str, **more: Any) -> AWSResponse:
    return answer(status, {"__type": _PREFIX + code, "message": code, **more})


def conflict(request: AWSRequest) -> AWSResponse:
    """Answer a transaction that another one met."""
    members = json.loads(request.body)["TransactItems"]
    reasons = [{"Code": "TransactionConflict", "Message": "met"}, *[{"Code": "None"}] * (len(members) - 1)]
    return error(400, "TransactionCanceledException", CancellationReasons=reasons)


class Wired:
    """Tables whose requests meet their fate on their way; what is met once may be met again at once."""

    def __init__(self, tables: Tables, random: Random) -> None:
        self.tables, self.random, self.fate = tables, random, well
        self._stubborn = (0, None)
        client = tables.connection.client
        self._send = client._endpoint.http_session.send
        client.meta.events.register("before-send.dynamodb", self._meet)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tables, name)

    def _meet(self, request, event_name, **_):
        operation = event_name.rpartition(".")[2]
        fault = self._fault(operation)
        if fault in ("failed after", "lost", "killed after"):
            self._send(request)
        if fault is None:
            return None
        if fault.startswith("killed"):
            raise Killed(operation)
        if fault == "lost":
            raise ReadTimeoutError(endpoint_url=request.url)
        if fault == "unreachable":
            raise ConnectTimeoutError(endpoint_url=request.url)
        if fault == "conflict":
            return conflict(request)
        if fault == "throttled":
            return error(400, "ThrottlingException")
        return error(500, "InternalServerError")

    def _fault(self, operation):
        times, fault = (0, None) if self.fate is well else self._stubborn
        if not times:
            met = FAULTS if operation == "TransactWriteItems" else _OF_ANY
            fault = self.fate(operation, met)
            times = self.random.choice((1, 1, 2, 4)) if fault else 1
        self._stubborn = (times - 1, fault)
        return fault


@contextmanager
def no_waiting() -> Iterator[None]:
    """Let the SDK repeat a call at once."""
    with patch.object(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None)):
        yield
