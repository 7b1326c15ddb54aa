"""Whom to ask next: of those awake and not asked for it yet the best; of equal fits the least asked."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.board.model import Shown
from chalicelib.board.service import Known
from chalicelib.listings.card import Card
from chalicelib.matching.candidates import candidates
from chalicelib.matching.ranking import Fit
from chalicelib.notices.hours import Quiet
from chalicelib.people.model import Helper, asks_left

MOST = 50
"""Candidates of one need that are looked at; whom it asked before come on top."""

EQUAL = 150
"""Points within which two fits are equal, so that the one asked less is asked: what an ask costs."""

SPARE = 3
"""Who may be asked beside those wanted, when one of these was just asked by another."""


class Choice(NamedTuple):
    """An offer that fits, whose helper may be asked now, and how often before they were asked enough."""

    offer: Shown
    fit: Fit
    asks_left: int

    @property
    def points(self) -> int:
        """How well it fits, however often its helper was asked."""
        return self.fit.score - self.fit.terms["asked"]

    def rank(self, asks: int) -> tuple[int, int, int, str]:
        """Return where it stands, the lower the better, when its helper was asked so often since."""
        asked = self.fit.asked + asks
        return EQUAL * asked - self.points, asked, self.fit.distance_m, self.offer.id


@dataclass(slots=True)
class Choices:
    """Who may be asked now, and when the first of those who sleep wakes."""

    standing: list[Choice] = field(default_factory=list)
    wakes: int | None = None

    def best(self, asks: Counter[str]) -> Choice | None:
        """Return the best after the `asks` made since; nobody is asked oftener than they chose."""
        self.standing = [each for each in self.standing if asks[each.offer.author] < each.asks_left]
        if not self.standing:
            return None
        return min(self.standing, key=lambda each: each.rank(asks[each.offer.author]))

    def likely(self, wanted: int) -> list[Choice]:
        """Return the best who may be asked, some more than are wanted."""
        ranked = sorted(self.standing, key=lambda each: each.rank(0))
        return ranked[: wanted + SPARE] if wanted else []

    def without(self, choice: Choice) -> None:
        self.standing.remove(choice)


def choices(need: Card, known: Collection[str], board: Known, *, zone: ZoneInfo, now: int) -> Choices:
    """Return who may be asked for a need; `known` are the helpers who have to do with it already."""
    found = Choices()
    for card, fitting in candidates(need, need.gist, board, limit=MOST + len(known), zone=zone, now=now):
        helper = board.helper(card.author)
        shut = "already_asked" if card.author in known else asleep_or_unreachable(helper, zone, now)
        if shut is None:
            found.standing.append(Choice(card, fitting, asks_left(helper, now)))
        elif shut == "helper_asleep":
            wakes = wakes_at(helper, zone, now)
            found.wakes = wakes if found.wakes is None else min(wakes, found.wakes)
    return found


def asleep_or_unreachable(helper: Helper, zone: ZoneInfo, now: int) -> str | None:
    """Return the gate that keeps the city, which asks by mail, from asking a helper who fits."""
    if not helper.reachable:
        return "helper_unreachable"
    return "helper_asleep" if wakes_at(helper, zone, now) > now else None


def wakes_at(helper: Helper, zone: ZoneInfo, now: int) -> int:
    return Quiet(*helper.quiet).over_at(now, zone) if helper.quiet else now
