"""What a Lambda function is handed: the event of a request or of a schedule, and the context of the call."""

import re
import time
import uuid
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote

Environ = Mapping[str, Any]
Event = dict[str, Any]

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}
ACCOUNT, API, REGION, STAGE = "000000000000", "local", "eu-west-3", "local"


@dataclass(slots=True)
class Context:
    """What Lambda hands to a handler beside the event."""

    function_name: str
    timeout_s: float = 29.0
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    started: float = field(default_factory=time.monotonic)

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.timeout_s - time.monotonic() + self.started) * 1000))


@dataclass(frozen=True, slots=True)
class Match:
    """The route a request goes to, by the method it has there, with what its path holds."""

    method: str
    route: str
    captured: Mapping[str, str]


def request_event(environ: Environ, match: Match, body: bytes, binary_types: Collection[str]) -> Event:
    """Return the event API Gateway makes of a WSGI request (REST API, Lambda proxy integration)."""
    headers = _headers(environ)
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True) or None
    is_binary = bool(body) and headers.get("Content-Type", "").partition(";")[0].strip() in binary_types
    text = b64encode(body).decode() if is_binary else body.decode(errors="replace")
    return {
        "resource": match.route,
        "path": unquote(raw_path(environ)),
        "httpMethod": match.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query and {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "pathParameters": dict(match.captured) or None,
        "stageVariables": None,
        "requestContext": _request_context(environ, match, headers),
        "body": text or None,
        "isBase64Encoded": is_binary,
    }


def schedule_event(name: str, at: float) -> Event:
    """Return the event EventBridge makes of a schedule that is due."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"],
        "detail": {},
    }


def rate_s(written: str) -> int | None:
    """Return the seconds of a rate such as `rate(5 minutes)`; None for what is no rate."""
    found = _RATE.fullmatch(written)
    return int(found[1]) * _UNITS[found[2]] if found else None


def raw_path(environ: Environ) -> str:
    """Return the path as it was sent: an encoded slash does not part two segments."""
    sent: str = environ.get("REQUEST_URI") or quote(environ.get("PATH_INFO", "/").encode("latin-1"))
    path = sent.partition("?")[0]
    return path if path.startswith("/") else "/" + path.partition("://")[2].partition("/")[2]


def _request_context(environ: Environ, match: Match, headers: Mapping[str, str]) -> dict[str, Any]:
    now, request_id = time.time(), str(uuid.uuid4())
    return {
        "accountId": ACCOUNT,
        "apiId": API,
        "domainName": headers.get("Host", "localhost"),
        "domainPrefix": API,
        "extendedRequestId": request_id,
        "httpMethod": match.method,
        "identity": {"sourceIp": environ.get("REMOTE_ADDR", ""), "userAgent": headers.get("User-Agent")},
        "path": raw_path(environ),
        "protocol": environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
        "requestId": request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": int(now * 1000),
        "resourceId": match.route,
        "resourcePath": match.route,
        "stage": STAGE,
    }


def _headers(environ: Environ) -> dict[str, str]:
    named = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
    named |= {name: environ[name] for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(name)}
    headers = {name.replace("_", "-").title(): _text(value) for name, value in named.items()}
    passed = [headers.get("X-Forwarded-For", ""), environ.get("REMOTE_ADDR", "")]
    headers["X-Forwarded-For"] = ", ".join(filter(None, passed))
    headers["X-Forwarded-Proto"] = environ.get("wsgi.url_scheme", "http")
    headers["X-Forwarded-Port"] = environ.get("SERVER_PORT", "")
    return headers


def _text(native: str) -> str:
    """Return what WSGI hands over as Latin-1 characters, which are bytes, as the text they stand for."""
    return native.encode("latin-1").decode(errors="replace")
