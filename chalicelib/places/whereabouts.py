"""Which town an address names: by its name, its postcode, its district, wherever in the text they stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.places.spelling import KINDS, SHORT_KINDS, is_link, tokens
from chalicelib.places.street import Town, Towns

BREAK = re.compile(r"[,;()|\n\r\t\u2013\u2014]|(?<!saint)(?<!\bst)(?<!\bla)(?<!\bdu)(?<!\bde) - ")
"""What parts an address."""

LETTER = re.compile(r"[^\W\d_]")

_POSTCODE = re.compile(r"(?<![\w-])(?:[fbl] ?- ?)?([0-9]{2} ?[0-9]{3}|[0-9]{4})(?![\w-])")
_FRENCH_POSTCODE = 5
_DISTRICT = re.compile(r"(?<!\w)([0-9]{1,2}) ?(?:er|ere|e|eme|ieme)? ?arr(?:t|dt|ond\w*)?(?!\w)\.?")
_DISTRICT_ALONE = re.compile(r"\s*([0-9]{1,2})(?:er|ere|e|eme|ieme)\s*")
_NO_TOWN = frozenset({"cedex", "france", "belgique"})


@dataclass(slots=True)
class Whereabouts:
    """What has been read so far of where an address is; every `take_` returns what is left to read."""

    book: Towns
    named: Sequence[Town] = ()
    postcode: str = ""
    district: str = ""

    @property
    def towns(self) -> Sequence[Town]:
        """The towns, or parts of one, that the name, the postcode and the district leave."""
        one = self.book.only if self.district else ()
        towns = self.named or self.book.by_postcode.get(self.postcode) or one
        by_postcode = [town for town in towns if town.postcode == self.postcode]
        by_district = [town for town in towns if self.district and town.postcode.endswith(self.district)]
        return by_postcode or by_district or towns

    @property
    def elsewhere(self) -> bool:
        """Whether the address has a postcode, and nothing of the book."""
        return bool(self.postcode) and not self.towns

    def take_district(self, line: str) -> str:
        found = _DISTRICT.search(line)
        if not found:
            return line
        self.district = found[1].zfill(2)
        return f"{line[: found.start()]}|{line[found.end() :]}"

    def take_postcode(self, line: str) -> str:
        """Take the last postcode of the book, else the last of another place, and the town after it."""
        found = [(match, match[1].replace(" ", "")) for match in _POSTCODE.finditer(line)]
        known = [(match, code) for match, code in found if code in self.book.by_postcode]
        foreign = [(match, code) for match, code in found if len(match[1]) == _FRENCH_POSTCODE]
        if not known and not foreign:
            return line
        match, self.postcode = (known or foreign)[-1]
        before, (after, *rest) = line[: match.start()], BREAK.split(line[match.end() :])
        left = " ".join(self._take_start(tokens(after)))
        return "|".join([before if LETTER.search(before) else left, *rest])

    def take_town(self, part: str) -> bool:
        """Tell whether the part says nothing but where the address is, and take it then."""
        if alone := _DISTRICT_ALONE.fullmatch(part):
            self.district = alone[1].zfill(2)
            return True
        words = tokens(part)
        return all(word in _NO_TOWN for word in words) or not self._take_start(words, whole=True)

    def take_end(self, words: Sequence[str]) -> Sequence[str]:
        """Take the town off the end of a street's name, unless the street is called after it."""
        for start in range(max(1, len(words) - self.book.longest - 2), len(words)):
            rest, end = words[:start], words[start:]
            named = not is_link(rest[-1]) and (start > 1 or rest[0] not in KINDS | SHORT_KINDS.keys())
            if named and not self._take_start(end, whole=True):
                return rest
        return words

    def _take_start(self, words: Sequence[str], *, whole: bool = False) -> Sequence[str]:
        """Return the words that follow a town's name and district, all of them when no town begins them.

        With `whole`, they are taken only when nothing follows.
        """
        length = next((n for n in range(self.book.longest, 0, -1) if self._may_be(words[:n])), 0)
        rest = [word for word in words[length:] if word not in _NO_TOWN]
        district = rest.pop(0) if rest and re.fullmatch("[0-9]{1,2}", rest[0]) else ""
        if not length or (whole and rest):
            return words
        self.named = self.book.named(words[:length])
        self.district = district.zfill(2) if district else self.district
        return rest

    def _may_be(self, words: Sequence[str]) -> bool:
        """Tell whether they name a town, and the one already named if there is one."""
        towns = self.book.named(words)
        return bool(towns) and (not self.towns or any(town in self.towns for town in towns))
