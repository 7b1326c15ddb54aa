"""How an address is read: which house, which street, which town, from what somebody typed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.places.spelling import KINDS, MONTHS, SHORT_KINDS, Spelling, is_link, spelled, tokens
from chalicelib.places.street import House, Town, Towns
from chalicelib.places.whereabouts import BREAK, LETTER, Whereabouts
from chalicelib.words.model import fold

LONGEST = 300
"""Letters of an address that are read."""

_FULL = "rue|avenue|boulevard|place|square|quai|impasse|allee|chemin|route"
_MAIN = rf"(?:{_FULL}|r|ave?|blvd|bl?d|bl|pl|sq|imp)(?!\w)"
_ANY = rf"(?:{'|'.join(KINDS | SHORT_KINDS.keys())}|faubourg|faub|fb?g)(?!\w)"
_NUMBER = r"[0-9]{1,4}(?:\s?(?:bis|ter|quater|[a-z])(?!\w))?"
_NUMBERS = rf"(?<![\w.]){_NUMBER}(?:\s?(?:[-/&]|\b(?:et|a|ou)\b)\s?{_NUMBER})*"
_STARTS = (
    rf"(?P<numbers>{_NUMBERS})[\s,.:|-]*(?={_MAIN})",
    rf"(?P<numbers>{_NUMBERS})[\s,.:|-]*(?={_ANY})",
    rf"(?:^|[|])\W*(?P<numbers>{_NUMBERS})[\s,.:|-]+(?=[^\W\d]{{2}})",
    rf"(?:^|[|])\W*(?P<numbers>)(?={_MAIN})",
    rf"(?:^|[|])\W*(?P<numbers>)(?={_ANY})",
    rf"(?P<numbers>)\b(?=(?:{_FULL})\s)",
)
"""Where the street's name may start, the surest first; compiled when first used."""

_ALL_NUMBERS = re.compile(rf"\s*{_NUMBERS}\s*")
_HOUSE = re.compile(r"([0-9]{1,4})\s?(bis|ter|quater|[a-z]?)(?![a-z])")
_SUFFIXES = {"bis": "b", "ter": "t", "quater": "q"}
_YEAR = 1000
_DIGIT = re.compile("[0-9]")
_GLUED = re.compile(r"\b([dD][eu]s?|[Rr]ue|[Aa]venue|[Ss]ainte?)(?=[A-Z][a-z])")
_QUOTES = re.compile("[’'`´ʼ\"]|n°")
_SLASH = re.compile(r"(?<=[0-9])\s*/\s*(?=[0-9])")
_ROADS = frozenset("rn rd n km lot zone".split())
_ASIDES = frozenset(
    """
    bat batiment bt esc escalier app appt apt appartement etg etage hall bte boite bus digicode code
    interphone rdc cs bp tsa cedex chez metro entree angle residence immeuble
    """.split()
)
"""What tells how to go on from the door, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An address as it was read. Without a word of the street it asks for the town alone, or for nothing."""

    houses: tuple[House, ...]
    street: Spelling
    towns: Sequence[Town]
    """The towns, or parts of one, that it may be in; none when it names none of the book."""
    elsewhere: bool
    """Its postcode is of another place."""
    doubtful: bool
    """It names no town of the book, and after the street a name that may be another town's."""


def read_address(text: str, book: Towns) -> Asked:
    """Return what the text says. Every text can be read, though nothing may come of it."""
    where = Whereabouts(book)
    line = where.take_postcode(where.take_district(_line(text)))
    parts = [part for part in BREAK.split(line) if not where.take_town(part)]
    houses, name, after = _split("|".join(parts))
    words = where.take_end(_without_asides(tokens(name)))
    if not houses:
        houses, words = _house_at_end(words, after)
    street = spelled(words) if words else Spelling("", ())
    doubtful = not where.towns and any(_may_be_a_town(part) for part in after)
    return Asked(houses, street, where.towns, where.elsewhere, doubtful)


def _line(text: str) -> str:
    return _SLASH.sub("-", _QUOTES.sub(" ", fold(_GLUED.sub(r"\1 ", text[:LONGEST]))))


def _split(line: str) -> tuple[tuple[House, ...], str, list[str]]:
    """Return the house numbers, the street's name, and the parts of the line that follow it."""
    start = next((found for pattern in _STARTS if (found := re.search(pattern, line))), None)
    name, *after = line[start.end() if start else 0 :].lstrip("| ").split("|")
    return _houses(start["numbers"] if start else ""), name, after


def _houses(text: str) -> tuple[House, ...]:
    return tuple((int(number), _SUFFIXES.get(suffix, suffix)) for number, suffix in _HOUSE.findall(text))


def _without_asides(words: Sequence[str]) -> Sequence[str]:
    for index, word in enumerate(words):
        if index > 1 and word in _ASIDES and not is_link(words[index - 1]):
            return words[:index]
    return words


def _house_at_end(words: Sequence[str], after: Sequence[str]) -> tuple[tuple[House, ...], Sequence[str]]:
    """Return the numbers that follow the street's name, as Belgians and Germans write them, and the name."""
    if after and _ALL_NUMBERS.fullmatch(after[0]):
        return _houses(after[0]), words
    end = len(words)
    while end > 1 and (words[end - 1][0].isdigit() or words[end - 1] in _SUFFIXES):
        end -= 1
    houses = _houses(" ".join(words[end:]))
    if not houses or not _is_a_name(words[:end]) or words[end - 1] in _ROADS:
        return (), words
    if words[end - 1] in MONTHS and houses[0][0] >= _YEAR:
        return (), words
    return houses, words[:end]


def _may_be_a_town(part: str) -> bool:
    return bool(LETTER.search(part)) and not _DIGIT.search(part) and not _ASIDES & set(tokens(part))


def _is_a_name(words: Sequence[str]) -> bool:
    return bool(words) and (len(words) > 1 or words[0] not in KINDS)
