"""Read a request: bounded, strict, and nothing that JSON does not say the same way to everybody."""

import json
import re
from collections.abc import Mapping
from typing import Any

from chalicelib.errors import DomainError, Fault, Invalid, Malformed

MOST_BYTES = 64 * 1024
MOST_DEPTH = 32
_KEY = re.compile(r"[\x21-\x7e]{8,64}")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string, or the rest of the body when it does not end: nothing is read twice, whatever was sent."""


class TooLarge(DomainError):
    """The body is larger than anybody's listing."""


class WrongType(DomainError):
    """The body is of a kind that is not read here."""


def read_json(raw: bytes, content_type: str) -> Any:
    """Return the JSON value of a body of at most 64 kB and 32 levels.

    Stricter than the standard library: no NaN or Infinity, no member twice, no number past a double, no half
    of a surrogate pair.
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise WrongType("wrong_content_type")
    if len(raw) > MOST_BYTES:
        raise TooLarge("too_large", most=MOST_BYTES)
    if _depth(raw) > MOST_DEPTH:
        raise Malformed("too_deep", most=MOST_DEPTH)
    try:
        text = _decoded(raw)
        value = json.loads(
            text,
            object_pairs_hook=_distinct,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Malformed("malformed_json") from error
    return value


def read_key(headers: Mapping[str, str]) -> str:
    """Return the Idempotency-Key: 8 to 64 visible ASCII characters, quoted or not."""
    key = headers.get("idempotency-key", "")
    if not key:
        raise Malformed("key_missing")
    if key.startswith('"') and key.endswith('"'):
        key = key[1:-1]
    if _KEY.fullmatch(key) is None:
        raise Malformed("key_malformed")
    return key


def read_version(headers: Mapping[str, str]) -> int:
    """Return the version that If-Match names."""
    tag = headers.get("if-match", "").strip()
    if not tag:
        raise VersionMissing("version_missing")
    number = tag.removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 10):  # noqa: PLR2004
        raise Malformed("version_malformed")
    return int(number)


class VersionMissing(DomainError):
    """A change must say which version it was decided on."""


def one(query: Mapping[str, list[str]], name: str, faults: list[Fault]) -> str | None:
    """Return a parameter that may be given once."""
    values = query.get(name, [])
    if len(values) > 1:
        faults.append(Fault(f"/{name}", "given_twice"))
    return values[0] if values else None


def only_known(query: Mapping[str, list[str]], known: frozenset[str], faults: list[Fault]) -> None:
    faults.extend(Fault(f"/{_pointer(name)}", "extra_forbidden") for name in query if name not in known)


def whole(text: str | None, pointer: str, low: int, high: int, faults: list[Fault]) -> int | None:
    """Return a whole number within bounds."""
    if text is None:
        return None
    if not (text.removeprefix("-").isdigit() and text.isascii() and len(text) < 12):  # noqa: PLR2004
        faults.append(Fault(pointer, "int_type"))
        return None
    number = int(text)
    if number < low:
        faults.append(Fault(pointer, "greater_than_equal", {"ge": low}))
    elif number > high:
        faults.append(Fault(pointer, "less_than_equal", {"le": high}))
    else:
        return number
    return None


def checked(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(*faults)


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _decoded(raw: bytes) -> str:
    """Return the body as text; what was not UTF-8 comes from the gateway as U+FFFD, and is no text either."""
    text = raw.decode("utf-8")
    if "\ufffd" in text:
        raise ValueError("not UTF-8")
    return text


def _depth(raw: bytes) -> int:
    """Return how deep brackets nest outside strings; counted before parsing, which would recurse."""
    depth = deepest = 0
    for byte in _STRINGS.sub(b"", raw):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("duplicate_member")
    return members


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError(text)
    return number


def _short(text: str) -> int:
    if len(text) > 18:  # noqa: PLR2004 — nothing here is counted in quintillions
        raise ValueError(text)
    return int(text)
