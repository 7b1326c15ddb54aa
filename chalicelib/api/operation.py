"""An operation: one method of one path, who may call it, and everything its caller must know.

What is declared here is what runs and what /openapi.json says: there is no second list.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from uuid import uuid4

from chalice import Blueprint, CORSConfig, Response

from chalicelib.api.problem import MEDIA_TYPE, internal, problem
from chalicelib.api.reading import read_json, read_key
from chalicelib.errors import DomainError, NotAllowed, NotSignedIn
from chalicelib.observability import log_failure, logger
from chalicelib.wiring import House, house
from chalicelib.wording.model import choose

if TYPE_CHECKING:
    from chalicelib.people.model import Person, Session

Who = Literal["anyone", "resident", "moderator", "coordinator"]
"""A moderator or a coordinator is a resident with that role."""
Method = Literal["GET", "POST", "PATCH", "DELETE"]
Schema = TypeVar("Schema")

CORS = CORSConfig(
    allow_origin="*",
    allow_headers=["Accept-Language", "Authorization", "Content-Type", "Idempotency-Key", "If-Match"],
    max_age=86_400,
    expose_headers=["Content-Language", "ETag", "Link", "Location", "Retry-After"],
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query, as the document tells it."""

    name: str
    about: str
    schema: Mapping[str, Any]
    many: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `body` and `answers` name models of the noun's `bodies` module."""

    noun: str
    name: str
    method: Method
    path: str
    who: Who
    summary: str
    about: str = ""
    body: str | None = None
    parameters: tuple[Parameter, ...] = ()
    answers: Mapping[int, str | None] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    versioned: bool = False
    """The caller must send If-Match."""
    headers: tuple[str, ...] = ()
    """What the answer has beside its body: ETag, Location, Link."""
    geojson: str | None = None
    """The model of the answer to who asks for GeoJSON."""
    keyed: bool = True
    """A POST needs an Idempotency-Key, but a page's form does not."""


OPERATIONS: list[Operation] = []
"""Every operation of the application, in the order the modules declare them."""


@dataclass(frozen=True, slots=True)
class Answer:
    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a route meets it: who, in which language, when, and what was sent."""

    house: House
    now: int
    language: str
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    raw: bytes
    ip: str
    fronted: bool
    """Whether it came through the front, so that the client stands under the same address."""
    entered: "tuple[Person, Session] | None"

    @property
    def person(self) -> "Person":
        return self._entered()[0]

    @property
    def session(self) -> "Session":
        return self._entered()[1]

    @property
    def key(self) -> str:
        return read_key(self.headers)

    def body(self, schema: type[Schema]) -> Schema:
        """Return the body as the model reads it, or raise Invalid with every fault."""
        from chalicelib.api.bodies import read_body  # noqa: PLC0415 — reads never pay for pydantic

        return read_body(schema, read_json(self.raw, self.headers.get("content-type", "")))

    def _entered(self) -> "tuple[Person, Session]":
        if self.entered is None:
            raise NotSignedIn("not_signed_in")
        return self.entered


View = Callable[[Call], Answer]


Refusal = Callable[[int, Mapping[str, Any], str], Answer]
"""How a door says a problem: its status, its body as problem+json has it, and the reader's language."""


def operation(blueprint: Blueprint, declared: Operation) -> Callable[[View], View]:
    """Serve the operation with the view below; every refusal becomes problem+json here and only here."""

    def serve(view: View) -> View:
        OPERATIONS.append(declared)
        return serve_with(blueprint, declared, view, _as_json)

    return serve


def serve_with(blueprint: Blueprint, declared: Operation, view: View, refusal: Refusal) -> View:
    """Serve a view: what it refuses is said as the door says it, and nothing else gets out."""

    def handler(**path: str) -> Response:
        answer, language = _answer(blueprint.current_request, path, declared, view, refusal)
        if declared.method != "GET":
            logger().info(declared.name, status=answer.status)
        headers = {
            "Content-Type": answer.media_type,
            "Content-Language": language,
            "X-Content-Type-Options": "nosniff",
            **answer.headers,
        }
        return Response(_text(answer.body), headers, answer.status)

    handler.__name__ = declared.name
    route = blueprint.route(
        declared.path, methods=[declared.method], name=declared.name, cors=CORS, content_types=["*/*"]
    )
    route(handler)
    return view


def _answer(
    request: Any, path: Mapping[str, str], declared: Operation, view: View, refusal: Refusal
) -> tuple[Answer, str]:
    language = "fr"
    try:
        home = house()
        language = choose(request.headers.get("accept-language", ""), home.city.languages)
        return view(_call(home, request, path, declared, language)), language
    except DomainError as error:
        status, body, headers = problem(error, language)
    except Exception as error:  # noqa: BLE001 — the one place past which nothing may get
        request_id = str(request.context.get("requestId") or uuid4())
        log_failure(declared.name, error, request_id)
        status, body, headers = internal(request_id, language)
    answer = refusal(status, body, language)
    return replace(answer, headers={**headers, **answer.headers}), language


def _call(home: House, request: Any, path: Mapping[str, str], declared: Operation, language: str) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    params, mark = request.query_params, home.settings.front_mark
    fronted = bool(mark) and headers.get("x-entraide-front") == mark
    call = Call(
        house=home,
        now=home.now(),
        language=language,
        path=path,
        query={} if params is None else {name: params.getlist(name) for name in params},
        headers=headers,
        raw=request.raw_body,
        ip=_ip(request.context.get("identity", {}).get("sourceIp", ""), headers, fronted=fronted),
        fronted=fronted,
        entered=_enter(home, headers) if declared.who != "anyone" else None,
    )
    if declared.who not in ("anyone", "resident", call.person.role if call.entered else None):
        raise NotAllowed("not_allowed")
    if declared.keyed and declared.method == "POST":
        read_key(headers)
    return call


def _ip(connected: str, headers: Mapping[str, str], *, fronted: bool) -> str:
    """Return the address the caller comes from: who connected, but behind the front, whom that saw.

    Each proxy adds to X-Forwarded-For who connected to it, CloudFront the caller and the gateway CloudFront.
    Who comes past the front may write anything there, and does not know its mark.
    """
    seen = [each.strip() for each in headers.get("x-forwarded-for", "").split(",")]
    return seen[-2] if fronted and len(seen) > 1 else connected


def _enter(home: House, headers: Mapping[str, str]) -> "tuple[Person, Session]":
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("not_signed_in")
    return home.door.who(token.strip(), now=home.now())


def _text(body: Any) -> str:
    if body is None or isinstance(body, str):
        return body or ""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _as_json(status: int, body: Mapping[str, Any], _language: str) -> Answer:
    return Answer(body, status, media_type=MEDIA_TYPE)
