"""An OpenAPI document as its page shows it: operations by subject, and what goes in and out of each."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any

from chalicelib.pages.schema import Row, Span, kind_of, resolve, rows_of, sample_of

Json = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")

_WHO = {
    "anyone": "Open to anybody.",
    "resident": "Needs a session.",
    "moderator": "Needs the session of a moderator.",
    "coordinator": "Needs the session of a coordinator.",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A body that an operation takes or gives: its form, and one like it."""

    media_type: str
    kind: tuple[Span, ...]
    sample: str


@dataclass(frozen=True, slots=True)
class Given:
    """One way an operation may answer."""

    status: str
    about: str
    bodies: tuple[Taken, ...]
    headers: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: str
    about: tuple[str, ...]
    who: str
    parameters: tuple[Row, ...]
    body: Taken | None
    answers: tuple[Given, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Form:
    """A named schema."""

    name: str
    about: tuple[str, ...]
    kind: tuple[Span, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    version: str
    about: tuple[str, ...]
    subjects: Mapping[str, list[Operation]]
    subject_about: Mapping[str, str]
    forms: tuple[Form, ...]


def read_document(document: Json) -> Document:
    info = document.get("info", {})
    tags = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    subjects: dict[str, list[Operation]] = {name: [] for name in tags}
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                subject = next(iter(item[method].get("tags", ())), "other")
                subjects.setdefault(subject, []).append(_operation(document, path, method, item))
    return Document(
        title=info.get("title", "API"),
        version=info.get("version", ""),
        about=_paragraphs(info.get("description", "")),
        subjects={name: operations for name, operations in subjects.items() if operations},
        subject_about=tags,
        forms=tuple(_forms(document)),
    )


def anchor_of(*parts: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "-", "-".join(parts)).strip("-").lower()


def _operation(document: Json, path: str, method: str, item: Json) -> Operation:
    said = item[method]
    parameters = [
        resolve(document, one) for one in (*item.get("parameters", ()), *said.get("parameters", ()))
    ]
    body = next(_taken(document, resolve(document, said.get("requestBody", {}))), None)
    signed = bool(said.get("security", document.get("security")))
    return Operation(
        anchor=said.get("operationId") or anchor_of(method, path),
        method=method.upper(),
        path=path,
        summary=said.get("summary", ""),
        about=_paragraphs(said.get("description", "")),
        who=_WHO[said.get("x-who", "resident" if signed else "anyone")],
        parameters=tuple(_parameter(document, one) for one in parameters),
        body=body,
        answers=tuple(_answers(document, said.get("responses", {}))),
        curl=_curl(document, path, method, parameters, body, signed=signed),
    )


def _parameter(document: Json, said: Json) -> Row:
    schema = said.get("schema", {})
    kind = kind_of(document, schema)
    about = said.get("description") or schema.get("description", "")
    return Row(said["name"], kind, about, required=said.get("required", False), place=said.get("in", ""))


def _answers(document: Json, responses: Json) -> Iterator[Given]:
    for status, said in sorted(responses.items()):
        answer = resolve(document, said)
        headers = (
            _parameter(document, {"name": name, "in": "header", **resolve(document, header)})
            for name, header in answer.get("headers", {}).items()
        )
        yield Given(status, answer.get("description", ""), tuple(_taken(document, answer)), tuple(headers))


def _taken(document: Json, said: Json) -> Iterator[Taken]:
    for media_type, content in said.get("content", {}).items():
        schema = content.get("schema", {})
        examples = [example.get("value") for example in content.get("examples", {}).values()]
        sample = content.get("example", examples[0] if examples else sample_of(document, schema))
        yield Taken(media_type, kind_of(document, schema), json.dumps(sample, indent=2, ensure_ascii=False))


def _forms(document: Json) -> Iterator[Form]:
    for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()):
        about = _paragraphs(schema.get("description", ""))
        rows = tuple(rows_of(document, schema))
        yield Form(name, about, () if rows else kind_of(document, schema), rows)


def _curl(
    document: Json, path: str, method: str, parameters: list[Json], body: Taken | None, *, signed: bool
) -> str:
    """Return a command that calls the operation, on the server that $CITY names."""
    lines = [f"curl {'' if method == 'get' else f'-X {method.upper()} '}{_url(document, path, parameters)}"]
    if signed:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    lines += [
        "-H " + quote(f"{one['name']}: {_example(document, one)}") for one in _needed(parameters, "header")
    ]
    if body:
        lines += ["-H " + quote(f"Content-Type: {body.media_type}"), "-d " + quote(body.sample)]
    return " \\\n  ".join(lines)


def _url(document: Json, path: str, parameters: list[Json]) -> str:
    query = [f"{one['name']}={_example(document, one)}" for one in _needed(parameters, "query")]
    for one in _needed(parameters, "path"):
        path = path.replace(f"{{{one['name']}}}", str(_example(document, one)))
    return f'"$CITY{path}{"?" + "&".join(query) if query else ""}"'


def _needed(parameters: list[Json], place: str) -> Iterator[Json]:
    """Yield the parameters of one place that an example shows: those that must be there, or have one."""
    for one in parameters:
        if one.get("in") == place and (one.get("required") or "example" in one):
            yield one


def _example(document: Json, parameter: Json) -> Any:
    return parameter.get("example", sample_of(document, parameter.get("schema", {})))


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())
