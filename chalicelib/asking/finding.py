"""What is new on the board: needs without an asking or renewed, and needs that a new offer may help."""

from collections.abc import Iterable, Iterator
from sys import maxsize
from zoneinfo import ZoneInfo

from chalicelib.asking.model import Asking
from chalicelib.asking.repository import Askings
from chalicelib.board.model import Position, Query, Shown, Where
from chalicelib.board.search import search
from chalicelib.board.service import Still
from chalicelib.cities.asking import AskingRules
from chalicelib.listings.card import Kind
from chalicelib.matching.candidates import candidates
from chalicelib.words.alike import gist

OVERLAP_S = 120
"""How far before the last round is looked for what is new: a request takes half a minute at most, and two
clocks differ by less than the rest."""
PAGE = 200
SILENT = gist((), ())
"""Which needs an offer fits is all that counts here, and no word changes that."""


def new_needs(board: Still, since: int | None, now: int) -> list[Shown]:
    """Return the needs published since an instant; all that stand when it is None."""
    if since is None:
        return [card for card in board.replica.cards(now) if card.kind == "need" and card.stands_at(now)]
    return list(_published("need", board, since - OVERLAP_S, now))


def without_asking(cards: list[Shown], askings: Askings, now: int) -> Iterator[Asking | str]:
    """Yield a new asking for each need that has none, and the id of each that was published again since."""
    for card, asking in zip(cards, askings.get_many([card.id for card in cards]), strict=True):
        if asking is None:
            yield Asking(card.id, card.published_at, due_at=now)
        elif asking.published_at < card.published_at:
            yield card.id


def helped_by_new_offers(
    board: Still, since: int | None, askings: Askings, rules: AskingRules, *, zone: ZoneInfo, now: int
) -> list[str]:
    """Return the needs that want more helpers than they found and that an offer published since fits."""
    if since is None:
        return []
    new = _published("offer", board, since - OVERLAP_S, now)
    return wanted_by(new, board, askings, rules, zone=zone, now=now)


def wanted_by(
    offers: Iterable[Shown], board: Still, askings: Askings, rules: AskingRules, *, zone: ZoneInfo, now: int
) -> list[str]:
    """Return the needs that want more helpers than they found, and that one of the offers fits.

    All of them: one that was left out, however ill it fits, might be the oldest.
    """
    needs = {
        candidate.card.id: candidate.card
        for offer in offers
        for candidate in candidates(offer, SILENT, board, limit=maxsize, zone=zone, now=now)
    }
    standing = zip(needs.values(), askings.get_many(list(needs)), strict=True)
    return [card.id for card, asking in standing if asking is not None and _wants(asking, card.left, rules)]


def _wants(asking: Asking, left: int, rules: AskingRules) -> bool:
    wave = rules.waves[min(asking.wave, len(rules.waves)) - 1]
    return asking.state == "unanswered" or (asking.state == "asking" and asking.wanted(wave, left) > 0)


def _published(kind: Kind, board: Still, since: int, now: int) -> Iterator[Shown]:
    """Yield what was published from an instant on, be it later than now by another's clock."""
    after: Position | None = None
    while True:
        page = search(board.replica, Query(Where(kind=kind, state=None), limit=PAGE, after=after), now)
        for hit in page.hits:
            if hit.card.published_at < since:
                return
            yield hit.card
        if page.next is None:
            return
        after = page.next
