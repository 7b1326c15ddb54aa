"""The front of a city on this machine: client and API under one address, told apart as CloudFront does."""

from collections.abc import Collection, Iterable
from http import HTTPStatus

from chalicelib.cities.model import City
from infra.client import ANEW, FOR_EVER, client_of, media_type
from infra.events import Environ, raw_path
from infra.gateway import Answer, StartResponse, Wsgi, problem, respond
from infra.stack.front import api_patterns, client_headers, missing_page


class Front:
    """WSGI. The client is read anew for each request: who changes a file sees it at once.

    What leads to the API says the `mark`, as CloudFront does: so the API knows that a client is there.
    """

    def __init__(self, application: Wsgi, routes: Collection[str], city: City, mark: str) -> None:
        self._application = application
        self._mark = mark
        self._patterns = api_patterns(routes)
        self._city = city

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = raw_path(environ)
        if any(leads(pattern, path) for pattern in self._patterns):
            return self._application({**environ, "HTTP_X_ENTRAIDE_FRONT": self._mark}, start_response)
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            status, headers, body = problem(HTTPStatus.METHOD_NOT_ALLOWED)
            return respond(environ, start_response, (status, [*headers, ("Allow", "GET, HEAD")], body))
        return respond(environ, start_response, self._file(path.lstrip("/") or "index.html"))

    def _file(self, name: str) -> Answer:
        client, headers = client_of(self._city), [*client_headers().items()]
        for files, age in ((client.parts, FOR_EVER), (client.pages, ANEW)):
            if name in files:
                own = [("Content-Type", media_type(name)), ("Cache-Control", age)]
                return 200, [*own, *headers], files[name]
        own = [("Content-Type", media_type(".html")), ("Cache-Control", "no-store")]
        return 404, [*own, *headers], missing_page().encode()


def leads(pattern: str, path: str) -> bool:
    """Tell whether a pattern of ours takes the path: it is the whole of it, or what it begins with."""
    return path == pattern or (pattern.endswith("/*") and path.startswith(pattern[:-1]))
