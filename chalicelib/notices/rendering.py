"""Notices as the letter that says them: subject, text and HTML in the reader's language.

A letter of one notice has a title, a sentence, what it is about, what others wrote, one action, what to do
next, and why it came; one of several has these parts of each, under one title and with one way out. What
each says is the message `mail.<template>.<part>`.

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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.cities.model import Sender
from chalicelib.notices.model import Notice
from chalicelib.wording.catalogue import find, spoken_to
from chalicelib.wording.model import say, say_n, sentence
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
    """Where a notice leads: its button, and the small link below it."""

    action: str | None = None
    secondary: str | None = None


class Item(NamedTuple):
    """A notice as it is told: with its links, and its values in words."""

    notice: Notice
    links: Links
    values: Mapping[str, str]


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


@dataclass(frozen=True, slots=True)
class _Part:
    """What the letter says of one notice. `says` gives its own messages by part, `word` any other."""

    title: str | None
    code: str | None
    facts: list[tuple[str, str]]
    quotes: list[tuple[str, list[str]]]
    next: bool
    links: Links
    says: Callable[[str], str]
    word: Callable[..., str]


def render(
    items: Sequence[Item],
    *,
    language: str,
    city_name: str,
    sender: Sender,
    unsubscribe: str | None,
    more: bool = False,
) -> Letter:
    """Return the letter of one notice or of several; `more` says that there is more to tell than fits.

    Nothing in the values can become markup, a header or a line of ours.
    """
    language, *_ = spoken_to(language)
    city = {"city_name": city_name, "sender_name": sender.name, "sender_address": sender.address}
    parts = [_part(item, language, city) for item in items]
    topics = {item.notice.topic for item in items}
    subject = _subject(items[0].notice, parts[0], language, len(items), city)
    said = {
        "language": language,
        "subject": subject,
        "items": parts,
        "says": lambda code: say(language, code, **city),
        "several": lambda part: say_n(language, f"mail.several.{part}", len(items), **city),
        "why": f"mail.why.{topics.pop() if len(topics) == 1 else 'several'}",
        "way_out": "mail.unsubscribe" if len(items) == 1 else "mail.several.unsubscribe",
        "unsubscribe": unsubscribe,
        "more": more,
    }
    name = "letter" if len(items) == 1 else "letters"
    text, html = (fill_template(TEMPLATES, f"{name}.{kind}", **said) for kind in ("txt", "html"))
    return Letter(subject, text, html)


def _subject(lead: Notice, first: _Part, language: str, count: int, city: Mapping[str, str]) -> str:
    """Return the subject: of one notice its own; of several how many, after the first when that is urgent."""
    if count == 1:
        return shorten(first.says("subject"), LONGEST_SUBJECT)
    if lead.pace not in ("urgent", "prompt"):
        return say_n(language, "mail.several.subject", count, **city)
    others = say_n(language, "mail.several.others", count - 1)
    return f"{shorten(first.says('subject'), LONGEST_SUBJECT - len(others) - 1)} {others}"


def _part(item: Item, language: str, city: Mapping[str, str]) -> _Part:
    notice, links, values = item
    shape, ours = _SHAPES[notice.template], f"mail.{notice.template}"
    known, begin = _known(values, language), str if values.get("other_name") else sentence
    known |= city
    return _Part(
        title=known.get("title"),
        code=known["code"] if shape.code else None,
        facts=[(say(language, f"fact.{name}"), known[name]) for name in shape.facts if name in known],
        quotes=[
            (begin(say(language, f"quote.{name}", **known)), _lines(values[name]))
            for name in shape.quotes
            if name in known
        ],
        next=shape.next,
        links=links,
        says=lambda part: begin(say(language, f"{ours}.{part}", **known)),
        word=lambda code, **more: say(language, code, **known, **more),
    )


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
