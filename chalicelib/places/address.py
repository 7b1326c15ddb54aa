"""How an address is read: which house, which street, which town, from what somebody typed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.places.spelling import KINDS, SHORT_KINDS, Spelling, is_link, spelled, tokens
from chalicelib.places.street import House, Town, Towns
from chalicelib.words.model import fold

LONGEST = 300
"""Letters of an address that are read."""

_MAIN = "rue r avenue av ave boulevard bd bld blvd bvd bl place pl square sq quai impasse imp allee chemin route"
_KIND = "|".join(sorted([*KINDS, *SHORT_KINDS], key=len, reverse=True))
_NUMBER = r"[0-9]{1,4}(?:\s?(?:bis|ter|quater|[a-z])(?![a-z0-9]))?"
_NUMBERS = rf"(?<![\w.]){_NUMBER}(?:\s?(?:-|/|&|\bet\b|\ba\b|\bou\b)\s?{_NUMBER})*"
_STARTS = [
    re.compile(rf"(?P<numbers>{_NUMBERS})[\s,.:|-]*(?=(?:{'|'.join(_MAIN.split())})(?![a-z0-9]))"),
    re.compile(rf"(?P<numbers>{_NUMBERS})[\s,.:|-]*(?=(?:{_KIND})(?![a-z0-9]))"),
    re.compile(rf"(?:^|[|])\W*(?P<numbers>{_NUMBERS})[\s,.:|-]+(?=[^\W\d]{{2}})"),
    re.compile(rf"(?:^|[|])\W*(?P<numbers>)(?=(?:{'|'.join(_MAIN.split())})(?![a-z0-9]))"),
    re.compile(rf"(?:^|[|])\W*(?P<numbers>)(?=(?:{_KIND})(?![a-z0-9]))"),
    re.compile(r"(?P<numbers>)(?<![a-z0-9])(?=(?:rue|avenue|boulevard|place|quai|impasse|chemin|route)\s)"),
]
"""Where the street's name may start, the surest first."""

_HOUSE = re.compile(r"([0-9]{1,4})\s?(bis|ter|quater|[a-z]?)(?![a-z])")
_POSTCODE = re.compile(r"(?<![\w-])(?:[fbl] ?- ?)?([0-9]{2} ?[0-9]{3}|[0-9]{4})(?![\w-])")
_DISTRICT = re.compile(r"(?<!\w)([0-9]{1,2}) ?(?:er|ere|e|eme|ieme)? ?arr(?:t|dt|ond\w*)?(?!\w)\.?")
_DISTRICT_ALONE = re.compile(r"\s*([0-9]{1,2})(?:er|ere|e|eme|ieme)\s*")
_BREAK = re.compile(r"[,;()|\n\r\t\u2013\u2014]|(?<!saint)(?<!\bst)(?<!\bla)(?<!\bdu)(?<!\bde) - ")
_GLUED = re.compile(r"\b([dD][eu]s?|[Rr]ue|[Aa]venue|[Ss]ainte?)(?=[A-Z][a-z])")
_QUOTES = re.compile("[’'`´ʼ\"]|n°")
_BETWEEN_NUMBERS = re.compile(r"(?<=[0-9])\s*/\s*(?=[0-9])")

_NOT_BEFORE_A_HOUSE = frozenset(
    """
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
    nationale departementale rn rd n km lot zone
    """.split()
)
_ASIDES = frozenset(
    """
    bat batiment bt esc escalier app appt apt appartement etg etage hall bte boite bus digicode code interphone
    rdc cs bp tsa cedex chez metro entree angle residence immeuble
    """.split()
)
"""What tells how to go on from the door, or nothing at all."""

_AFTER_A_TOWN = frozenset({"cedex", "france", "belgique"})
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile("[0-9]")
_SUFFIXES = {"bis": "b", "ter": "t", "quater": "q"}


@dataclass(frozen=True, slots=True)
class Asked:
    """An address as it was read."""

    houses: tuple[House, ...]
    street: Spelling
    towns: tuple[Town, ...]
    """The towns, or parts of one, that it may be in; none when it names none of the book."""
    abroad: bool
    """It names a place that is not in the book."""


def read_address(text: str, towns: Towns) -> Asked:
    """Return what the text says. Every text can be read, though nothing may come of it."""
    where = _Where(towns)
    line = where.take_postcode(where.take_district(_line(text)))
    parts = [part for part in _BREAK.split(line) if not where.take_town(part)]
    houses, name, after = _split("|".join(parts))
    words = where.take_end(_without_asides(tokens(name)))
    if not houses:
        houses, words = _house_at_end(words, after)
    where.note(after)
    return Asked(houses, spelled(words), where.towns, where.abroad)


def _line(text: str) -> str:
    line = fold(_GLUED.sub(r"\1 ", text[:LONGEST]))
    return _BETWEEN_NUMBERS.sub("-", _QUOTES.sub(" ", line))


def _split(line: str) -> tuple[tuple[House, ...], str, list[str]]:
    """Return the house numbers, the street's name, and the parts of the line that follow it."""
    start = next((found for pattern in _STARTS if (found := pattern.search(line))), None)
    name, *after = line[start.end() if start else 0 :].lstrip("|").split("|")
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
    if after and re.fullmatch(rf"\s*{_NUMBERS}\s*", after[0]):
        return _houses(after[0]), words
    end = len(words)
    while end > 1 and (words[end - 1][0].isdigit() or words[end - 1] in _SUFFIXES):
        end -= 1
    if end < len(words) and words[end - 1] not in _NOT_BEFORE_A_HOUSE and spelled(words[:end]).words:
        return _houses(" ".join(words[end:])), words[:end]
    return (), words


@dataclass(slots=True)
class _Where:
    """What has been read so far of the town; every `take_` returns what is left to read."""

    book: Towns
    named: Sequence[Town] = ()
    postcode: str = ""
    district: str = ""
    elsewhere: bool = False

    @property
    def towns(self) -> tuple[Town, ...]:
        """The towns, or the parts of one, that the name, the postcode and the district leave."""
        named = self.named or self.book.by_postcode.get(self.postcode) or (self.district and self.book.only) or ()
        by_postcode = [town for town in named if town.postcode == self.postcode]
        by_district = [town for town in named if self.district and town.postcode.endswith(self.district)]
        return tuple(by_postcode or by_district or named)

    @property
    def abroad(self) -> bool:
        return not self.towns and (self.elsewhere or bool(self.postcode))

    def take_district(self, line: str) -> str:
        found = _DISTRICT.search(line)
        if not found:
            return line
        self.district = found[1].zfill(2)
        return f"{line[: found.start()]}|{line[found.end() :]}"

    def take_postcode(self, line: str) -> str:
        found = [(match, match[1].replace(" ", "")) for match in _POSTCODE.finditer(line)]
        known = [(match, code) for match, code in found if code in self.book.by_postcode]
        others = [(match, code) for match, code in found if len(match[1]) == len(code) == 5]  # noqa: PLR2004
        if not known and not others:
            return line
        match, self.postcode = (known or others)[-1]
        before, (after, *rest) = line[: match.start()], _BREAK.split(line[match.end() :])
        left = " ".join(self._take_start(tokens(after)))
        return "|".join([before if _LETTER.search(before) else left, *rest])

    def take_town(self, part: str) -> bool:
        """Tell whether the part says nothing but where the town is."""
        if alone := _DISTRICT_ALONE.fullmatch(part):
            self.district = alone[1].zfill(2)
            return True
        return not self._take_start(tokens(part))

    def take_end(self, words: Sequence[str]) -> Sequence[str]:
        """Take the town off the end of a street's name, unless the street is called after it."""
        for start in range(max(1, len(words) - self.book.longest - 2), len(words)):
            rest = words[:start]
            if not is_link(rest[-1]) and spelled(rest).words and not self._take_start(words[start:], whole=True):
                return rest
        return words

    def note(self, after: Sequence[str]) -> None:
        """Learn from what follows the street: a name that no town of the book has may be a place elsewhere."""
        self.elsewhere = any(
            _LETTER.search(part) and not _DIGIT.search(part) and not (_ASIDES | _AFTER_A_TOWN) & set(tokens(part)) for part in after
        )

    def _take_start(self, words: Sequence[str], *, whole: bool = False) -> Sequence[str]:
        """Return the words after the town's name and its district, all of them when no town begins them.

        With `whole`, nothing is taken unless everything is.
        """
        length = next((n for n in range(self.book.longest, 0, -1) if self.book.named(words[:n])), 0)
        rest = [word for word in words[length:] if word not in _AFTER_A_TOWN]
        district = rest.pop(0) if length and rest and rest[0].isdigit() and len(rest[0]) < 3 else ""  # noqa: PLR2004
        if (whole and (rest or not length)) or not length:
            return words
        self.named, self.district = self.book.named(words[:length]), district.zfill(2) if district else self.district
        return rest
