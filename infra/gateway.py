"""The application as API Gateway serves it, as a WSGI application for one machine.

Chalice's own local gateway leaves path parameters encoded, answers 405 to HEAD, keeps captures of routes that
did not match, and lets threads see each other's request; hence this one.
"""

import json
import logging
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from http.client import responses
from threading import local
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice

from infra.events import Context, Environ, Match, raw_path, request_event

Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]
StartResponse = Callable[[str, Headers], Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

MOST_BODY = 1_000_000
"""Bytes of a request; the application has its own, lower bounds."""

LOG = logging.getLogger("infra.gateway")

_NAME = re.compile(r"\{(\w+)\}")


class _PerThread:
    """Chalice keeps the request on the application, as a Lambda may: here each thread has its own."""

    _own: local
    current_request = property(
        lambda self: getattr(self._own, "request", None),
        lambda self, request: setattr(self._own, "request", request),
    )
    lambda_context = property(
        lambda self: getattr(self._own, "context", None),
        lambda self, context: setattr(self._own, "context", context),
    )


def make_threaded(app: Chalice) -> None:
    """Let many threads call the application at once, each seeing its own request only."""
    if not isinstance(app, _PerThread):
        app.__class__ = type("ThreadedChalice", (_PerThread, type(app)), {"_own": local()})


class Gateway:
    """The application as WSGI. HEAD is answered as GET without its body."""

    def __init__(self, app: Chalice) -> None:
        make_threaded(app)
        self._app = app
        written_first = sorted(app.routes, key=lambda route: [part[:1] == "{" for part in route.split("/")])
        self._routes = {f"r{number}": route for number, route in enumerate(written_first)}
        self._pattern = re.compile("|".join(map(_named_pattern, self._routes.items())))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return respond(environ, start_response, self._answer(environ))

    def _answer(self, environ: Environ) -> Answer:
        method, found = environ["REQUEST_METHOD"], self._route(raw_path(environ))
        if found is None:
            return problem(404)
        route, captured = found
        if method == "HEAD" and "HEAD" not in self._app.routes[route]:
            method = "GET"
        if method not in self._app.routes[route]:
            return self._unsupported(method, route)
        body = read_body(environ)
        if body is None:
            return problem(413)
        event = request_event(environ, Match(method, route, captured), body, self._app.api.binary_types)
        try:
            return _read_answer(self._app(event, Context(self._app.app_name)))
        except Exception:
            LOG.exception("no answer from the application for %s %s", method, route)
            return problem(502)

    def _route(self, path: str) -> tuple[str, dict[str, str]] | None:
        """Return the route of the path and what it captures, decoded once. Written parts come first."""
        found = self._pattern.fullmatch(path.removesuffix("/") or "/")
        if found is None:
            return None
        route = self._routes[str(found.lastgroup)]
        captured = found.groups()[int(found.lastindex or 0) :]
        return route, {
            name: unquote(part) for name, part in zip(_NAME.findall(route), captured, strict=False)
        }

    def _unsupported(self, method: str, route: str) -> Answer:
        """Answer a method that the route has not: the preflight that API Gateway answers itself, or 405."""
        entries = self._app.routes[route]
        allowed = ",".join(sorted({*entries, "OPTIONS", *({"HEAD"} if "GET" in entries else ())}))
        if method != "OPTIONS":
            status, headers, body = problem(405)
            return status, [*headers, ("Allow", allowed)], body
        cors = next((entry.cors for entry in entries.values() if entry.cors is not None), None)
        shared = [] if cors is None else list(cors.get_access_control_headers().items())
        return 200, [("Access-Control-Allow-Methods", allowed), ("Allow", allowed), *shared], b""


def _named_pattern(named: tuple[str, str]) -> str:
    name, route = named
    written = map(re.escape, _NAME.split(route)[::2])
    return f"(?P<{name}>{'([^/]+)'.join(written)})"


def respond(environ: Environ, start_response: StartResponse, answer: Answer) -> Iterable[bytes]:
    status, headers, body = answer
    if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        headers = [*headers, ("Content-Length", str(len(body)))]
    start_response(f"{status} {responses.get(status, 'Unknown')}", headers)
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def problem(status: int) -> Answer:
    """Return what HTTP itself has to say, in the form of RFC 9457."""
    body = {"type": "about:blank", "title": responses[status], "status": status}
    return status, [("Content-Type", "application/problem+json")], json.dumps(body).encode()


def read_body(environ: Environ) -> bytes | None:
    """Return the request's body, or None when it is larger than any may be."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MOST_BODY:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _read_answer(answer: Mapping[str, Any]) -> Answer:
    body = answer["body"] or ""
    sent = b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    headers = [(name, _native(value)) for name, value in answer["headers"].items()]
    headers += [
        (name, _native(value)) for name, many in answer["multiValueHeaders"].items() for value in many
    ]
    headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
    if sent and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return answer["statusCode"], headers, sent


def _native(value: Any) -> str:
    """Return the header as WSGI wants it: its bytes as Latin-1 characters."""
    return str(value).encode().decode("latin-1")
