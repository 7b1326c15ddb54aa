"""A notice as the letter that says it: subject, text and HTML in the reader's language.

Every letter has the same parts: a title, a sentence, what it is about, what others wrote, one action, what
to do next, and why it came. What each says is the message `mail.<template>.<part>`.

Values, all text, of each template (one that is absent or empty leaves its line out):

    sign_in           code*
    asked_to_help     other_name title* category distance when answer_by text message
    offered_help      other_name title* category distance when answer_by text message
    match_accepted    other_name title* category when message
    match_declined    other_name title* reason message
    match_lapsed      other_name title*
    match_cancelled   other_name title* reason message
    how_did_it_go     other_name title*
    listing_ending    title* ends
    listing_expired   title* ends
    listing_released  title* ends
    listing_refused   title* reason

`other_name` is the other person's; `title` the need's in every letter about a match (it is what the match is
about), else the listing's. `text` is what the other's listing says, `message` what the other wrote to the
reader. `category` is a slug; `reason` is the code of a decline or cancellation, or a moderator's sentence.
`distance`, `when`, `answer_by` and `ends` are in words already: see chalicelib.wording.figures.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from chalicelib.cities.model import Sender
from chalicelib.notices.model import Notice
from chalicelib.wording.catalogue import find
from chalicelib.wording.model import say
from chalicelib.wording.templates import fill_template

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_SUBJECT = 150
LONGEST_QUOTE = 600

_UNPRINTED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Controls, what turns text around, and halves of surrogate pairs; line ends are taken out by splitting."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where the letter leads: the button, the small link below it, and out."""

    action: str | None = None
    secondary: str | None = None
    unsubscribe: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says; who it goes to is another matter."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which values a letter shows as facts, which as quotes, and whether it says what to do next."""

    facts: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    next: bool = False


_PROPOSED = _Shape(("category", "distance", "when", "answer_by"), ("text", "message"), next=True)
_SHAPES: Mapping[str, _Shape] = MappingProxyType(
    {
        "sign_in": _Shape(next=True),
        "asked_to_help": _PROPOSED,
        "offered_help": _PROPOSED,
        "match_accepted": _Shape(("category", "when"), ("message",), next=True),
        "match_declined": _Shape(("reason",), ("message",)),
        "match_lapsed": _Shape(),
        "match_cancelled": _Shape(("reason",), ("message",)),
        "how_did_it_go": _Shape(),
        "listing_ending": _Shape(("ends",)),
        "listing_expired": _Shape(("ends",)),
        "listing_released": _Shape(("ends",)),
        "listing_refused": _Shape(("reason",), next=True),
    }
)
_NAMED = {"category": ("category",), "reason": ("decline", "cancel")}
"""Values that are codes, and where their words are found."""


def render(
    notice: Notice, *, language: str, city_name: str, sender: Sender, links: Links, values: Mapping[str, str]
) -> Letter:
    """Return the letter of a notice. Nothing in the values can become markup, a header or a line of ours."""
    shape, known = _SHAPES[notice.template], _known(values, language)
    known |= {"city_name": city_name, "sender_name": sender.name, "sender_address": sender.address}
    parts = {
        "language": language,
        "title": known.get("title"),
        "code": known.get("code"),
        "facts": _facts(shape, known, language),
        "quotes": _quotes(shape, known, values, language),
        "says": lambda part: say(language, f"mail.{notice.template}.{part}", **known),
        "common": lambda code, **more: say(language, code, **known, **more),
        "why": f"mail.why.{notice.topic}",
        "links": links,
        "next": shape.next,
    }
    subject = shorten(say(language, f"mail.{notice.template}.subject", **known), LONGEST_SUBJECT)
    text, html = (
        fill_template(TEMPLATES, f"letter.{kind}", subject=subject, **parts) for kind in ("txt", "html")
    )
    return Letter(subject, text, html)


def one_line(text: str) -> str:
    """Return the text on one line, without what does not print."""
    return " ".join(_UNPRINTED.sub("", text).split())


def shorten(text: str, longest: int) -> str:
    """Return the text, cut at a word when it is too long."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    return f"{head.rpartition(' ')[0] or head}…"


def _known(values: Mapping[str, str], language: str) -> dict[str, str]:
    """Return the values as they stand in a sentence; whoever gave no name still gets one."""
    known = {name: line for name, value in values.items() if (line := one_line(value))}
    for name, families in _NAMED.items():
        words = (find(language, f"{family}.{known.get(name)}") for family in families)
        known |= {name: word for word in words if word}
    return {"other_name": say(language, "person.nameless"), **known}


def _facts(shape: _Shape, known: Mapping[str, str], language: str) -> list[tuple[str, str]]:
    return [(say(language, f"fact.{name}"), known[name]) for name in shape.facts if name in known]


def _quotes(
    shape: _Shape, known: Mapping[str, str], values: Mapping[str, str], language: str
) -> list[tuple[str, list[str]]]:
    """Return what others wrote, line by line, each with who says it."""
    return [
        (say(language, f"quote.{name}", **known), _lines(values[name]))
        for name in shape.quotes
        if name in known
    ]


def _lines(text: str) -> list[str]:
    return [one_line(line) for line in shorten(text.strip(), LONGEST_QUOTE).splitlines()]
