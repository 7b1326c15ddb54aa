"""What the network says to a person: messages by their code, in the reader's language.

A value that is text is put in as it is. Any other is put in words first, by its name where `_SPOKEN` knows
it: `say("fr", "reason.distance", distance=450)` is "À 450 m".
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from chalicelib.wording.catalogue import fill, find, spoken_to
from chalicelib.wording.figures import (
    show_distance,
    show_duration_hours,
    show_languages,
    show_list,
    show_number,
    show_wait,
)

_SPOKEN: Mapping[str, Callable[[str, Any], str]] = MappingProxyType(
    {
        "distance": show_distance,
        "hours": show_duration_hours,
        "languages": show_languages,
        "wait": show_wait,
    }
)
_MOST_READ = 1024
_RANGE = re.compile(
    r"(?P<tag>\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)"
    r"(?:\s*;\s*q=(?P<q>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
)


def say(language: str, code: str, /, **values: Any) -> str:
    """Return the message with its values; in the default language, or the code, when that cannot be."""
    return _said(language, code, None, values) or code


def sentence(text: str) -> str:
    """Return the text as a sentence begins."""
    return text[:1].upper() + text[1:]


def say_n(language: str, code: str, n: int, /, **values: Any) -> str:
    """Return the form of the message that goes with `n` things; `n` is among its values."""
    return _said(language, code, n, {"n": n, **values}) or code


def say_problem(language: str, code: str, values: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return a problem's title, which is always the same, and what to do about it."""
    known = {**values, "wait": values["retry_after"]} if "retry_after" in values else values
    title = _said(language, f"problem.{code}", None, {}) or code
    return title, _said(language, f"problem.{code}.detail", None, known)


def say_fault(language: str, code: str, values: Mapping[str, Any]) -> str:
    """Return what is wrong with a field; of a fault we have no words for, that it does not fit."""
    known = {name: _listed(value) if name == "expected" else value for name, value in values.items()}
    return _said(language, f"fault.{code}", None, known) or say(language, "fault.value_error")


def choose(accept_language: str | None, offered: tuple[str, ...]) -> str:
    """Return the offered language that the reader likes best; the first when they like none of them.

    Read as RFC 9110, 12.5.4 says. What cannot be read is passed over, as is all after the first kilobyte.
    """
    liked = _ranges(accept_language or "")
    refused = {tag for tag, quality in liked.items() if not quality}
    for tag, _ in sorted(liked.items(), key=lambda item: -item[1]):
        welcome = [language for language in offered if language not in refused]
        found = next((language for language in welcome if tag in ("*", language)), None)
        if found and tag not in refused:
            return found
    return offered[0]


def _ranges(header: str) -> dict[str, float]:
    """Return the primary languages of the header with the best quality each is given."""
    read = header[:_MOST_READ].lower().split(",")
    liked: dict[str, float] = {}
    for item in read if len(header) <= _MOST_READ else read[:-1]:
        if found := _RANGE.fullmatch(item.strip()):
            tag = found["tag"].split("-")[0]
            liked[tag] = max(liked.get(tag, 0.0), float(found["q"] or 1))
    return liked


def _said(language: str, code: str, n: int | None, values: Mapping[str, Any]) -> str | None:
    for tongue in spoken_to(language):
        message = find(tongue, code, n)
        said = fill(message, partial(_in_words, tongue, values)) if message else None
        if said:
            return said
    return None


def _in_words(language: str, values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is None or isinstance(value, str):
        return value
    if name in _SPOKEN:
        return _SPOKEN[name](language, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return show_number(language, value)
    if isinstance(value, list | tuple | set | frozenset):
        return show_list(language, map(str, value))
    return str(value)


def _listed(expected: Any) -> Any:
    """Return pydantic's "'a', 'b' or 'c'" without its English word."""
    return expected.replace(" or ", ", ").replace("'", "") if isinstance(expected, str) else expected
