"""The OpenAPI 3.1 document, assembled from the operations that are served and the models they read."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from chalicelib.api.bodies import Problem
from chalicelib.api.operation import OPERATIONS, Operation, Parameter
from chalicelib.api.problem import MEDIA_TYPE
from chalicelib.api.reading import MOST_BYTES, MOST_DEPTH
from chalicelib.cities.model import City
from chalicelib.people.service import IP_LIMIT_PER_HOUR

_REF = "#/components/schemas/{model}"
_REASONS = {
    400: "The request cannot be read: malformed JSON, key, version or cursor",
    401: "Not signed in, or no longer",
    403: "Not yours, or not your turn",
    404: "There is no such thing",
    409: "The state of things does not allow it, or the Idempotency-Key was used for something else",
    412: "A newer version stands; the problem says which",
    413: f"The body is over {MOST_BYTES // 1024} kB",
    415: "The body is not application/json",
    422: "Fields are wrong: every one is named with a pointer and a code",
    428: "If-Match is missing",
    429: "A limit is reached; Retry-After says for how many seconds",
    500: "We failed; the id finds it in our log",
    503: "Nothing was lost; send the same request again after Retry-After seconds",
}
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "ETag": {
        "description": "The version, to be sent back in If-Match",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Location": {
        "description": "Where it is read from now on",
        "required": True,
        "schema": {"type": "string", "pattern": "^/v1/"},
    },
    "Link": {
        "description": 'The next page, as <...>; rel="next"; absent on the last',
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "How to sign in",
        "required": True,
        "schema": {"type": "string"},
    },
}
_BESIDE = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
"""What a refusal has beside its body."""
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "8 to 64 visible ASCII characters of the caller's choice: the same key repeats safely.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 64, "pattern": "^[!-~]{8,64}$"},
    "example": "3f1c6f0e-need-1",
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag the change was decided on.",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    "example": '"3"',
}


def document(city: City, version: str) -> dict[str, Any]:
    """Return the whole document for one city's API."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    _add(schemas, Problem)
    operations = sorted(OPERATIONS, key=lambda declared: declared.noun)
    for declared in operations:
        paths.setdefault(declared.path, {})[declared.method.lower()] = _operation(declared, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Entraide {city.name}", "version": version, "description": _limits(city)},
        "servers": [{"url": "/"}],
        "tags": [{"name": noun} for noun in dict.fromkeys(declared.noun for declared in operations)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(declared: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": declared.name,
        "tags": [declared.noun],
        "summary": declared.summary,
        "x-who": declared.who,
        "parameters": [*_path(declared), *map(_parameter, declared.parameters), *_headers(declared)],
        "responses": dict(_responses(declared, schemas)),
    }
    if declared.about:
        shown["description"] = declared.about
    if declared.who != "anyone":
        shown["security"] = [{"session": []}]
    if declared.body is not None:
        schema = _model(declared.noun, declared.body, schemas)
        shown["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return shown


def _responses(declared: Operation, schemas: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    for status, name in declared.answers.items():
        answer: dict[str, Any] = {"description": declared.summary}
        shown = {"application/json": name, "application/geo+json": declared.geojson}
        content = {
            media: {"schema": _model(declared.noun, model, schemas)}
            for media, model in shown.items()
            if model
        }
        if content:
            answer["content"] = content
        yield str(status), _with_headers(answer, declared.headers)
    for status in sorted({*declared.problems, *_always(declared)}):
        problem = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
        answer = {"description": _REASONS[status], "content": problem}
        yield str(status), _with_headers(answer, _BESIDE.get(status, ()))


def _with_headers(answer: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    headers = {name: _HEADERS[name] for name in names}
    return {**answer, "headers": headers} if headers else answer


def _always(declared: Operation) -> Iterable[int]:
    yield from (500, 503)
    if declared.who != "anyone":
        yield 401
    if declared.who in ("moderator", "coordinator"):
        yield 403
    if declared.method == "POST":
        yield 400
    if declared.body is not None:
        yield from (400, 413, 415, 422)


def _headers(declared: Operation) -> Iterable[Mapping[str, Any]]:
    if declared.method == "POST":
        yield _KEY
    if declared.versioned:
        yield _IF_MATCH


def _path(declared: Operation) -> Iterable[Mapping[str, Any]]:
    for part in declared.path.split("/"):
        if part.startswith("{"):
            yield {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}


def _parameter(parameter: Parameter) -> Mapping[str, Any]:
    schema = {"type": "array", "items": parameter.schema} if parameter.many else parameter.schema
    said = {"name": parameter.name, "in": "query", "description": parameter.about, "schema": schema}
    return {**said, "required": True} if parameter.required else said


def _model(noun: str, name: str, schemas: dict[str, Any]) -> dict[str, Any]:
    _add(schemas, getattr(import_module(f"chalicelib.{noun}.bodies"), name))
    return {"$ref": _REF.format(model=name)}


def _add(schemas: dict[str, Any], model: Any) -> None:
    if model.__name__ not in schemas:
        schema = model.model_json_schema(ref_template=_REF)
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema


def _limits(city: City) -> str:
    limits = city.limits
    categories = ", ".join(f"{each.slug} {each.lifetime_days}" for each in city.categories)
    return (
        f"The mutual-aid network of {city.name}. Places are shown as cells of about {city.cell_m} m. "
        f"Bodies hold at most {MOST_BYTES // 1024} kB and {MOST_DEPTH} levels; unknown members are refused. "
        f"A resident may publish {limits.listings_per_day} listings and make {limits.proposals_per_day} "
        f"proposals a day, and reach {limits.radius_max_m} m at most; an address is sent "
        f"{limits.sign_in_mails_per_hour} sign-in mails an hour, a network asks for {IP_LIMIT_PER_HOUR}. "
        f"The categories, and for how many days a need of each stands: {categories}; an offer stands "
        f"{limits.offer_days} days, or as long as a need where that is longer. "
        "Past a limit the answer is 429 with Retry-After in seconds. "
        "Every POST needs an Idempotency-Key: the same request with the same key has one effect and one "
        "answer; another request with that key is refused. Problems are application/problem+json (RFC 9457) "
        "with a stable type, in the language of Accept-Language."
    )
