"""The web server of a local city: waitress, answering what it refuses by itself as the application would."""

import logging
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]
from waitress.task import ErrorTask  # type: ignore[import-untyped]

from infra.events import Environ, raw_path
from infra.gateway import MOST_BODY, StartResponse, Wsgi, problem

THREADS = 8
MOST_PASSING = 10_000_000
"""Bytes of a request after which API Gateway hangs up."""


@dataclass(frozen=True, slots=True)
class Site:
    """One address for the city and its mailbox."""

    city: Wsgi
    mailbox: Wsgi

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = raw_path(environ)
        if path == "/mailbox" or path.startswith("/mailbox/"):
            return self.mailbox(environ, start_response)
        return self.city(environ, start_response)


class _ProblemTask(ErrorTask):  # type: ignore[misc]
    """A request that is refused before the application sees it, its body unread."""

    def execute(self) -> None:
        status, headers, body = problem(self.request.error.code)
        self.status = f"{status} {self.request.error.reason}"
        self.response_headers.extend(headers)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Lets a body that is too large pass by, kept nowhere: a client hears no answer while it sends."""

    passing = 0

    def received(self, data: bytes) -> int:
        if self.passing:
            consumed = min(self.passing, len(data))
            self.passing -= consumed
            self.completed = not self.passing
            return consumed
        consumed = int(super().received(data))
        if self.completed and self.error and 0 < self.content_length <= MOST_PASSING:
            self.passing, self.completed = self.content_length, False
        return consumed


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser
    error_task_class = _ProblemTask


def serve_on(listener: socket.socket, site: Wsgi) -> Any:
    """Return a server for the listening socket; its `run` serves until KeyboardInterrupt, then returns."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = create_server(
        site, sockets=[listener], threads=THREADS, max_request_body_size=MOST_BODY + 1, ident=None
    )
    server.channel_class = _Channel
    return server
