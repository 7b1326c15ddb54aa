"""A JSON Schema in a few words, as rows of a table, and as one value that fits it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

_MOST_STEPS = 6
_SAMPLES: Mapping[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}
_FORMATS: Mapping[str, str] = {
    "date": "2026-03-31",
    "date-time": "2026-03-31T14:30:00Z",
    "time": "14:30",
    "email": "jeanne@example.org",
    "uri": "https://example.org/",
}
_EXAMPLES = frozenset({"example", "examples"})
_BOUNDS = (
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {}"),
    ("maxItems", "at most {}"),
    ("minimum", "from {}"),
    ("maximum", "up to {}"),
    ("exclusiveMinimum", "more than {}"),
    ("exclusiveMaximum", "less than {}"),
    ("multipleOf", "a multiple of {}"),
    ("pattern", "as {}"),
)


@dataclass(frozen=True, slots=True)
class Span:
    """Some words of a description; `form` is the named schema they lead to."""

    text: str
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One member, parameter or header."""

    name: str
    kind: tuple[Span, ...]
    about: str
    required: bool
    place: str = ""


def resolve(document: Json, said: Json) -> Json:
    """Return what a reference points to, or the thing itself."""
    for _ in range(_MOST_STEPS):
        if "$ref" not in said:
            return said
        found: Any = document
        for part in str(said["$ref"]).removeprefix("#/").split("/"):
            found = found.get(part, {})
        said = found
    return said


def kind_of(document: Json, schema: Json) -> tuple[Span, ...]:
    """Return what the schema asks for in words, with links to the named schemas in it."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return (Span(name, name),)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema and "properties" not in schema:
            return _joined(" or ", (kind_of(document, one) for one in schema[choice]))
    if "const" in schema:
        return (Span(repr(schema["const"])),)
    if "enum" in schema:
        return (Span("one of " + ", ".join(map(str, schema["enum"]))),)
    if schema.get("type") == "array":
        items = kind_of(document, schema.get("items", {}))
        return (Span("list of "), *items, *_bounds(schema))
    return (Span(_type(schema)), *_bounds(schema))


def rows_of(document: Json, schema: Json, prefix: str = "") -> Iterator[Row]:
    """Yield the members of an object, those of objects without a name in it too."""
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        kind = (*kind_of(document, member), *_default(member))
        yield Row(path, kind, member.get("description", ""), required=name in required)
        yield from rows_of(document, member, f"{path}.")


def sample_of(document: Json, schema: Json, within: tuple[str, ...] = ()) -> Any:
    """Return a value that fits: the author's own example where there is one; no form holds itself again."""
    if "$ref" in schema:
        form = str(schema["$ref"])
        found = resolve(document, schema)
        return None if form in within else sample_of(document, found, (*within, form))
    for name in ("example", "default", "const"):
        if schema.get(name) is not None:
            return schema[name]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema and "properties" not in schema:
            return sample_of(document, schema[choice][0], within)
    return _made(document, schema, within)


def _made(document: Json, schema: Json, within: tuple[str, ...]) -> Any:
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: sample_of(document, member, within) for name, member in _shown(schema).items()}
    if kind == "array":
        items = schema.get("prefixItems") or [schema.get("items", {})]
        return [sample_of(document, item, within) for item in items]
    return _FORMATS.get(schema.get("format", ""), schema.get("minimum", _SAMPLES.get(kind)))


def _shown(schema: Json) -> Json:
    """Return the members an example shows: those that must be there or have an example; else all of them."""
    members: Json = schema.get("properties", {})
    needed = schema.get("required", ())
    return {
        name: member for name, member in members.items() if name in needed or _EXAMPLES & member.keys()
    } or members


def _joined(between: str, kinds: Iterator[tuple[Span, ...]]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for kind in kinds:
        spans += [*([Span(between)] if spans else []), *kind]
    return tuple(spans)


def _type(schema: Json) -> str:
    kind = schema.get("type", "any value")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _bounds(schema: Json) -> tuple[Span, ...]:
    told = [words.format(schema[name]) for name, words in _BOUNDS if name in schema]
    return (Span(", " + ", ".join(told)),) if told else ()


def _default(schema: Json) -> tuple[Span, ...]:
    default = schema.get("default")
    return () if default is None else (Span(f"; {json.dumps(default, ensure_ascii=False)} unless given"),)
