"""What is new on the board: needs without an asking or renewed, and needs that a new offer may help."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from sys import maxsize
from zoneinfo import ZoneInfo

from chalicelib.asking.model import Asking
from chalicelib.asking.repository import Askings
from chalicelib.board.earlier import earlier
from chalicelib.board.model import Position, Query, Shown, Where
from chalicelib.board.search import search
from chalicelib.board.service import Still
from chalicelib.cities.asking import AskingRules
from chalicelib.cities.model import URGENCIES, City
from chalicelib.listings.card import Kind, Urgency
from chalicelib.matching.candidates import candidates
from chalicelib.words.alike import gist

OVERLAP_S = 120
"""How far before the last round is looked for what is new: a request takes half a minute at most, and two
clocks differ by less than the rest."""
MOST = 1_000
"""Needs of one round: so many that are due, and so many more that want one of the helpers of these. What they
take of the function's 300 s at 1 GB says `python -m bench cutting`, rows "ask_round"."""
PAGE = 200
SILENT = gist((), ())
"""Which needs an offer fits is all that counts here, and no word changes that."""


def new_needs(board: Still, since: int | None, now: int) -> list[Shown]:
    """Return the needs published since an instant; all that stand when it is None."""
    if since is None:
        return [card for card in board.replica.cards(now) if card.kind == "need" and card.stands_at(now)]
    return list(_published("need", board, since - OVERLAP_S, now))


def without_asking(cards: list[Shown], askings: Askings, now: int) -> Iterator[tuple[str, Asking | None]]:
    """Yield each need that has no asking, with a new one, and each that was published again since."""
    for card, asking in zip(cards, askings.get_many([card.id for card in cards]), strict=True):
        if asking is None:
            yield card.id, Asking(card.id, card.published_at, due_at=now)
        elif asking.published_at < card.published_at:
            yield card.id, None


def first_come(needs: Iterable[str], board: Still, city: City) -> list[str]:
    """Return needs as their turns are: the more urgent first, then the older.

    Last come those that are not on the board any more, which compete for nobody.
    """
    return sorted(needs, key=lambda need: (*_place(need, board, city), need))


def before_the_last(needs: Iterable[str], board: Still, city: City) -> Still:
    """Return the board of the needs alone whose turn comes before the last of these."""
    places = [_place(need, board, city) for need in needs]
    last = max((place for place in places if place != _GONE), default=_NOWHERE)
    return replace(board, replica=earlier(board.replica, "need", last, partial(_rank, city)))


_GONE, _NOWHERE = (1, 0), (-len(URGENCIES), 0)
"""The place after, and that before, all needs on the board."""


def _place(need: str, board: Still, city: City) -> tuple[int, int]:
    card = board.replica.get(need)
    return (_rank(city, card.category, card.urgency), card.published_at) if card else _GONE


def _rank(city: City, category: str, urgency: Urgency) -> int:
    return -URGENCIES.index(city.urgency_of(category, urgency))


def helped_by_new_offers(
    board: Still,
    since: int | None,
    known: Collection[str],
    askings: Askings,
    rules: AskingRules,
    *,
    zone: ZoneInfo,
    now: int,
) -> list[str]:
    """Return the needs, but the known, that want more helpers and that an offer published since fits."""
    if since is None:
        return []
    new = _published("offer", board, since - OVERLAP_S, now)
    return wanted_by(new, known, board, askings, rules, zone=zone, now=now)


def wanted_by(
    offers: Iterable[Shown],
    known: Collection[str],
    board: Still,
    askings: Askings,
    rules: AskingRules,
    *,
    zone: ZoneInfo,
    now: int,
) -> list[str]:
    """Return the needs, but the known, that want more helpers and that one of the offers fits.

    All of them: one that was left out, however ill it fits, might be the oldest.
    """
    needs = {
        candidate.card.id: candidate.card
        for offer in offers
        for candidate in candidates(offer, SILENT, board, limit=maxsize, zone=zone, now=now)
        if candidate.card.id not in known
    }
    standing = zip(needs.values(), askings.get_many(list(needs)), strict=True)
    return [card.id for card, asking in standing if asking is not None and _wants(asking, card.left, rules)]


def _wants(asking: Asking, left: int, rules: AskingRules) -> bool:
    wants = asking.state == "asking" and asking.wanted(rules.wave(asking.wave), left) > 0
    return wants or asking.state == "unanswered"


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
