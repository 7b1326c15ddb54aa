"""The few pages the network shows itself: behind the links of its letters, and the page of its API.

They need no script and load nothing: their stylesheets are in them, and `policy` allows just those.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from chalicelib.pages.document import read_document
from chalicelib.wording.catalogue import spoken_to
from chalicelib.wording.model import say, say_problem
from chalicelib.wording.templates import fill_template

TEMPLATES = Path(__file__).parent / "templates"
STYLESHEETS = ("style.css", "docs.css")
_ONLY_OURS = "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers, as (what is sent, what is read); one must be given."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str | None = None
    hint: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines that may be written, or not."""

    name: str
    label: str
    longest: int
    written: str = ""
    hint: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A small link to somewhere else."""

    label: str
    path: str


def confirm_page(
    language: str,
    *,
    city_name: str,
    title: str,
    text: str,
    action_label: str,
    action_path: str = "",
    facts: Iterable[tuple[str, str]] = (),
    fields: Iterable[Choice | Lines] = (),
    ways: Iterable[Way] = (),
) -> str:
    """Return the page that asks before anything is done; its form posts to `action_path`, or to itself."""
    asked = {"text": text, "facts": tuple(facts), "fields": tuple(fields), "ways": tuple(ways)}
    action = {"action_label": action_label, "action_path": action_path}
    return _page("confirm.html", language, city_name, title=title, **asked, **action)


def done_page(
    language: str,
    *,
    city_name: str,
    title: str,
    text: str,
    facts: Iterable[tuple[str, str]] = (),
    ways: Iterable[Way] = (),
) -> str:
    """Return the page that says that it is done."""
    said = {"title": title, "text": text, "facts": tuple(facts), "ways": tuple(ways)}
    return _page("done.html", language, city_name, **said)


def problem_page(
    language: str,
    code: str,
    values: Mapping[str, Any] | None = None,
    *,
    city_name: str,
    ways: Iterable[Way] = (),
) -> str:
    """Return the page that says what went wrong, and what to do about it."""
    title, text = say_problem(language, code, values or {})
    return _page("problem.html", language, city_name, title=title, text=text, facts=(), ways=tuple(ways))


def docs_page(document: Mapping[str, Any]) -> str:
    """Return the OpenAPI document as a page to read."""
    shown = read_document(document)
    return fill_template(TEMPLATES, "docs.html", shown=shown, styles=_styles())


def policy() -> str:
    """Return the Content-Security-Policy of these pages: their own stylesheets, forms to us, and no more."""
    digests = (b64encode(sha256(style.encode()).digest()).decode() for style in _styles())
    styles = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; style-src {styles}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _page(template: str, language: str, city_name: str, **parts: Any) -> str:
    language, *_ = spoken_to(language)
    common = {
        "language": language,
        "city_name": city_name,
        "say": partial(say, language),
        "styles": _styles(),
    }
    return fill_template(TEMPLATES, template, **common, **parts)


@lru_cache(maxsize=1)
def _styles() -> tuple[str, ...]:
    return tuple((TEMPLATES / name).read_text() for name in STYLESHEETS)
