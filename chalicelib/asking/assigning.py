"""All at once: open needs without an answer to wait for, over all offers whose helpers may be asked now.

What the engine assigns is checked before anybody is asked, and goes through the door of every proposal,
one transaction a helper. So it may end in the middle: the next one sees who was asked, and assigns the rest.
More needs than one run can take are cut by area, and every hour it is another area's turn.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import cos, radians
from operator import itemgetter
from typing import Any

from chalicelib.asking.choosing import Choice, Choices, choices
from chalicelib.asking.finding import new_needs
from chalicelib.asking.model import Asking, Assignment
from chalicelib.asking.reasons import View, outcome
from chalicelib.asking.turns import Turn
from chalicelib.asking.waves import Waves
from chalicelib.assignment.areas import Spot, areas, beside
from chalicelib.assignment.checker import check
from chalicelib.assignment.explaining import Unserved, explain
from chalicelib.assignment.model import Helper, Instance, Need, Offer, Option, Solution, instance
from chalicelib.assignment.solving import solve
from chalicelib.board.model import Shown
from chalicelib.cities.asking import HIGHEST
from chalicelib.cities.model import City
from chalicelib.listings.card import Card
from chalicelib.listings.model import DAY_S, Listing
from chalicelib.matching.model import HOUR_S, Match
from chalicelib.matching.queue import unpromised

AREA, BESIDE = 3_000, 3_000
"""Needs of an area, and needs beside it that are looked at with them: as many as both, or fewer, are one
area. So many keep a run within a function of 1 GB and 900 s: `python -m bench cutting`, rows "assign_run"."""
AN_ASK = 200
"""Points that one more ask costs, times how often the helper was asked in the last season. More than the
ranking takes off: helpers are asked 1.3 times as evenly for 3 % of fit (`bench`, rows "fairness")."""
PATIENCE_S = 3 * DAY_S
"""A need that has waited so long counts as urgent: so no need loses to fresher ones for ever."""


@dataclass(frozen=True, slots=True)
class Open:
    """A need to be assigned: as it stands, its asking, its matches, and who may be asked."""

    need: Listing
    card: Card
    stored: Asking
    asking: Asking
    matches: tuple[Match, ...]
    left: int
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Assigner:
    """One assignment over the board at an instant, on the same footing as a round of the waves."""

    waves: Waves

    def go(self) -> Assignment:
        city, now, tally = self.waves.city, self.waves.now, self.waves.tally
        cards = [card for card in new_needs(self.waves.board, None, now) if not card.full]
        own, near = whose_turn(cards, now)
        mine = self._all_opened(own)
        problem = instance_of((*mine.values(), *self._all_opened(near).values()), city, now)
        solution = assigned(problem)
        pairs = [pair for pair in solution.pairs if pair[0] in mine]
        for need, found in groupby(pairs, key=itemgetter(0)):
            self._ask(mine[need], [offer for _, offer in found])
        view = View(self.waves.board, city.zone, now)
        for need, why in certificates(mine.values(), problem, solution, view).items():
            if mine[need].stored.certificate != why:
                self.waves.attempt(self._certify, mine[need].stored, why)
        asked, served, left = (
            self.waves.asks.total(),
            len({*map(itemgetter(0), pairs)}),
            len(cards) - len(own),
        )
        return Assignment(
            len(mine), len(problem.options), served, asked, tally["passed"], tally["failed"], left
        )

    def _all_opened(self, cards: Iterable[Shown]) -> dict[str, Open]:
        return {card.id: each for card in cards if (each := self.waves.attempt(self._opened, card))}

    def _opened(self, card: Shown) -> Open | None:
        """Return a need that stands, has a place left and no proposal to wait for; None of any other."""
        waves = self.waves
        stored, need = waves.askings.get(card.id)
        if need is None:
            return None
        stored = stored or waves.askings.save(Asking(need.id, need.published_at, due_at=waves.now))
        matches = waves.matching.matches.of_need(need.id)
        left = unpromised(need.left, matches)
        asking = waves.as_its_need(stored, need, left)
        if asking.state in ("over", "served") or any(match.state == "proposed" for match in matches):
            return None
        reach_m = asking.radius_m or need.draft.reach_m
        whole = replace(need.card(waves.city.zone), reach_m=reach_m)
        known = asking.helpers | {match.helper for match in matches}
        found = choices(whole, known, waves.board, zone=waves.city.zone, now=waves.now)
        return Open(need, whole, stored, asking, tuple(matches), left, tuple(found.standing))

    def _ask(self, need: Open, offers: Sequence[str]) -> None:
        """Ask those whom the engine chose, in the wave that the need is in."""
        waves, city = self.waves, self.waves.city
        asking = need.asking.reopened() if need.asking.state == "unanswered" else need.asking
        urgency = city.urgency_of(need.card.category, need.card.urgency)
        wave = city.asking.wave(asking.wave)
        turn = Turn(need.stored, asking, need.need, need.left, need.card, urgency, wave, Choices())
        for choice in need.choices:
            if choice.offer.id in offers:
                waves.attempt(waves.ask_surely, turn, choice)

    def _certify(self, stored: Asking, why: Mapping[str, Any]) -> None:
        self.waves.askings.save(stored.certified(why))


def whose_turn(cards: Sequence[Shown], now: int) -> tuple[list[Shown], list[Shown]]:
    """Return the needs whose turn it is, and those looked at with them; every hour it is another area's."""
    if len(cards) <= AREA + BESIDE:
        return [*cards], []
    card_of = {card.id: card for card in cards}
    spots = [_spot(card) for card in cards]
    cut = areas(spots, AREA)
    own = cut[now // HOUR_S % len(cut)]
    near = beside(own, spots, BESIDE)
    return [card_of[spot.need] for spot in own], [card_of[spot.need] for spot in near]


def _spot(card: Shown) -> Spot:
    """Return where the need is on a plane, in degrees as long east as north (sinusoidal)."""
    at = card.cell.centre
    return Spot(card.id, at.lon * cos(radians(at.lat)), at.lat)


def instance_of(needs: Iterable[Open], city: City, now: int) -> Instance:
    """Return what the engine is given: that a helper was asked before is what one more ask costs."""
    every = [(need, choice) for need in needs for choice in need.choices]
    offers = {
        choice.offer.id: Offer(choice.offer.id, choice.offer.author, choice.offer.left) for _, choice in every
    }
    helpers = {
        choice.offer.author: Helper(
            choice.offer.author,
            tuple(AN_ASK * (choice.fit.asked + more) for more in range(choice.asks_left)),
        )
        for _, choice in every
    }
    options = [Option(need.card.id, choice.offer.id, choice.points) for need, choice in every]
    wanted = [Need(need.card.id, is_urgent(need.card, city, now), need.left) for need in needs]
    return instance(wanted, offers.values(), helpers.values(), options)


def is_urgent(card: Card, city: City, now: int) -> bool:
    said = city.urgency_of(card.category, card.urgency)
    return said == HIGHEST or now - card.published_at >= PATIENCE_S


def assigned(problem: Instance) -> Solution:
    """Return the engine's assignment; Rejected when its proof does not hold."""
    solution = solve(problem)
    check(problem, solution)
    return solution


def certificates(needs: Iterable[Open], problem: Instance, solution: Solution, view: View) -> dict[str, Any]:
    """Return, for each need that is not served, the gate that every candidate failed or who would lose."""
    served = {need for need, _ in solution.pairs}
    unserved = {each.need: each for each in explain(problem, solution) if each.need not in served}
    return {
        need.card.id: certificate(unserved[need.card.id], need, view)
        for need in needs
        if need.card.id in unserved
    }


def certificate(unserved: Unserved, need: Open, view: View) -> dict[str, Any]:
    if not need.choices:
        return {"why": "no_option", "gates": outcome(need.card, need.matches, view).totals}
    return {
        "why": unserved.reason,
        "loser": unserved.loser,
        "part": unserved.part,
        "by": unserved.by,
    }
