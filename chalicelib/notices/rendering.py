"""A notice as the letter that says it: subject, text and HTML in the reader's language.

Every letter has the same parts: a title, a sentence, what it is about, what others wrote, one action, what
to do next, and why it came. What each says is the message `mail.<template>.<part>`.

Values, all text, of each template (one that is absent or empty leaves its line out):

    sign_in           code*
    asked_to_help     other_name title* category distance when answer_by text message
    offered_help      other_name title* category distance when answer_by text message
    place_free        other_name title* category distance when answer_by text
    match_agreed      other_name title* category when
    match_accepted    other_name title* category when message
    match_declined    other_name title* reason
    match_lapsed      other_name title*
    match_refused     other_name title* reason
    match_cancelled   other_name title* reason
    how_did_it_go     other_name title*
    need_unanswered   title* ends
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
from chalicelib.wording.catalogue import find, spoken_to
from chalicelib.wording.model import say, sentence
from chalicelib.wording.templates import fill_template

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_SUBJECT = 150
LONGEST_QUOTE = 600

_UNPRINTED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Controls, what turns text around, and halves of surrogate pairs."""
_SPACES = re.compile("[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")
"""Spaces and line ends, but not the spaces that hold words together."""


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
    """Which values a letter shows as facts, which as quotes, whether it says what to do next or a code."""

    facts: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    next: bool = False
    code: bool = False


_PROPOSED = _Shape(("category", "distance", "when", "answer_by"), ("text", "message"), next=True)
_SHAPES: Mapping[str, _Shape] = MappingProxyType(
    {
        "sign_in": _Shape(next=True, code=True),
        "asked_to_help": _PROPOSED,
        "offered_help": _PROPOSED,
        "place_free": _Shape(("category", "distance", "when", "answer_by"), ("text",), next=True),
        "match_agreed": _Shape(("category", "when"), next=True),
        "match_accepted": _Shape(("category", "when"), ("message",), next=True),
        "match_declined": _Shape(("reason",)),
        "match_lapsed": _Shape(),
        "match_refused": _Shape(("reason",)),
        "match_cancelled": _Shape(("reason",)),
        "how_did_it_go": _Shape(),
        "need_unanswered": _Shape(("ends",), next=True),
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
    language, *_ = spoken_to(language)
    shape, ours = _SHAPES[notice.template], f"mail.{notice.template}"
    known, begin = _known(values, language), str if values.get("other_name") else sentence
    known |= {"city_name": city_name, "sender_name": sender.name, "sender_address": sender.address}
    subject = shorten(begin(say(language, f"{ours}.subject", **known)), LONGEST_SUBJECT)
    parts = {
        "language": language,
        "subject": subject,
        "title": known.get("title"),
        "code": known["code"] if shape.code else None,
        "facts": [(say(language, f"fact.{name}"), known[name]) for name in shape.facts if name in known],
        "quotes": [
            (begin(say(language, f"quote.{name}", **known)), _lines(values[name]))
            for name in shape.quotes
            if name in known
        ],
        "ours": lambda part: begin(say(language, f"{ours}.{part}", **known)),
        "says": lambda code, **more: say(language, code, **known, **more),
        "why": f"mail.why.{notice.topic}",
        "next": shape.next,
        "links": links,
    }
    text = fill_template(TEMPLATES, "letter.txt", **parts)
    return Letter(subject, text, fill_template(TEMPLATES, "letter.html", **parts))


def one_line(text: str) -> str:
    """Return the text on one line, without what does not print."""
    return _SPACES.sub(" ", _UNPRINTED.sub("", text)).strip()


def shorten(text: str, longest: int) -> str:
    """Return the text, cut at a word when it is too long."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    return f"{head.rpartition(' ')[0] or head}…"


def _known(values: Mapping[str, str], language: str) -> dict[str, str]:
    """Return the values as they stand in a sentence; who gave no name still gets one."""
    known = {name: line for name, value in values.items() if (line := one_line(value))}
    words = {name: _word(language, name, value) for name, value in known.items()}
    return {"other_name": say(language, "person.nameless"), **words}


def _word(language: str, name: str, value: str) -> str:
    """Return the word for a value that is a code, else the value."""
    words = (find(language, f"{family}.{value}") for family in _NAMED.get(name, ()))
    return next(filter(None, words), value)


def _lines(text: str) -> list[str]:
    return [one_line(line) for line in shorten(text.strip(), LONGEST_QUOTE).splitlines()]
