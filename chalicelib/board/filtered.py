"""What a segment and a shelf of it have in common: columns that filters are made of."""

from functools import partial

from chalicelib.board.columns import Coded
from chalicelib.board.model import Where
from chalicelib.board.times import Dated, Weeks
from chalicelib.listings.card import Urgency


class Filtered:
    """Slots, by columns of what they are."""

    urgencies: Coded[Urgency]
    languages: Coded[tuple[str, ...]]
    trusts: Coded[int]
    lefts: Coded[int]
    weeks: Weeks
    dated: Dated

    def select(self, where: Where, bits: int) -> int:
        """Return the slots of the set that are what is asked of the columns here."""
        if where.state:
            bits &= self.lefts.where("open", bool) if where.state == "open" else self.lefts.equal(0)
        if where.urgency:
            bits &= self.urgencies.equal(where.urgency)
        if where.languages:
            bits &= self._speaking(where.languages)
        if where.trust:
            bits &= self.trusts.where(("least", where.trust), where.trust.__le__)
        if where.left:
            bits &= self.lefts.where(("least", where.left), where.left.__le__)
        if where.when and bits:
            bits &= self.weeks.meets(where.when.slots) | self.dated.meets(where.when.spans)
        return bits

    def _speaking(self, languages: frozenset[str]) -> int:
        found = 0
        for language in languages:
            found |= self.languages.where(("speaks", language), partial(_speaks, language))
        return found


def _speaks(language: str, spoken: tuple[str, ...]) -> bool:
    return language in spoken
