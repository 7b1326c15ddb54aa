"""What is to be assigned, and what an assignment is: needs, offers, their helpers, and the pairs that fit.

The objective is lexicographic: most urgent needs served, then most needs served, then most places filled,
then most points (fit less what asking costs), then the least sum over helpers of the squares of the asks
given here. How often a helper was asked before counts through `costs`, in points.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple


class Need(NamedTuple):
    id: str
    urgent: bool
    places: int
    """How many more matches it can take."""


class Offer(NamedTuple):
    id: str
    helper: str
    places: int
    """How many more matches it can take."""


class Helper(NamedTuple):
    id: str
    costs: tuple[int, ...]
    """The points that one more ask costs, then the next: one a time they may still be asked, never
    falling."""


class Option(NamedTuple):
    """A pair that passed every gate, and its whole points."""

    need: str
    offer: str
    fit: int


class Nonsense(ValueError):
    """These needs, offers, helpers and options are no instance; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What is to be assigned, each part in the order of its ids: made by `instance`."""

    needs: tuple[Need, ...]
    offers: tuple[Offer, ...]
    helpers: tuple[Helper, ...]
    options: tuple[Option, ...]
    need_of: Sequence[int]
    """The place of each option's need among the needs, in step with `options`."""
    offer_of: Sequence[int]
    fits: Sequence[int]


class Figures(NamedTuple):
    """What an assignment reaches, in the order in which it counts; only `squares` is to be small."""

    urgent: int
    """Urgent needs served."""
    served: int
    """Needs served: those with a place filled."""
    places: int
    """Places filled."""
    points: int
    """Fit of the pairs less what asking the helpers costs."""
    squares: int
    """Over the helpers, the squares of the asks given."""


class Weights(NamedTuple):
    """What each part of the objective is worth in one whole number; `squares` weighs one."""

    urgent: int
    served: int
    places: int
    points: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """Prices that prove how good an assignment is: docs/assignment.md says how.

    `needs` is what a place of each need gains, `offers` and `helpers` what a place of each costs, in the
    units of the weights and in the order of the instance.
    """

    weights: Weights
    needs: tuple[int, ...]
    offers: tuple[int, ...]
    helpers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """Pairs of a need and an offer, in order, what they reach, and the proof."""

    pairs: tuple[tuple[str, str], ...]
    figures: Figures
    certificate: Certificate


def instance(
    needs: Iterable[Need], offers: Iterable[Offer], helpers: Iterable[Helper], options: Iterable[Option]
) -> Instance:
    """Return the instance of these, whatever their order; Nonsense when they are none."""
    wanted = tuple(sorted(needs, key=_id))
    given = tuple(sorted(offers, key=_id))
    people = tuple(sorted(helpers, key=_id))
    need_at = _places_by_id("need", [need.id for need in wanted])
    offer_at = _places_by_id("offer", [offer.id for offer in given])
    known = _places_by_id("helper", [helper.id for helper in people])
    for need in wanted:
        _need(need)
    for offer in given:
        _offer(offer, known)
    for helper in people:
        _costs(helper)
    fitting = tuple(sorted(options, key=_ends))
    _options(fitting, need_at, offer_at)
    need_of = array("q", [need_at[need] for need, _, _ in fitting])
    offer_of = array("q", [offer_at[offer] for _, offer, _ in fitting])
    return Instance(wanted, given, people, fitting, need_of, offer_of, [fit for _, _, fit in fitting])


def figures(instance: Instance, chosen: Iterable[int]) -> Figures:
    """Return what the options reach that stand at these places."""
    filled: Counter[int] = Counter()
    asks: Counter[str] = Counter()
    points = 0
    for place in chosen:
        filled[instance.need_of[place]] += 1
        asks[instance.offers[instance.offer_of[place]].helper] += 1
        points += instance.fits[place]
    points -= sum(sum(helper.costs[: asks[helper.id]]) for helper in instance.helpers)
    urgent = sum(instance.needs[need].urgent for need in filled)
    squares = sum(given * given for given in asks.values())
    return Figures(urgent, len(filled), filled.total(), points, squares)


_id, _ends = itemgetter(0), itemgetter(0, 1)


def _places_by_id(noun: str, ids: Sequence[str]) -> dict[str, int]:
    found = {name: place for place, name in enumerate(ids)}
    if len(found) < len(ids):
        raise Nonsense(f"two {noun}s have the same id")
    return found


def _need(need: Need) -> None:
    _count("need", need)
    if not isinstance(need.urgent, bool):
        raise Nonsense(f"need {need.id!r}: urgent is {need.urgent!r}, neither true nor false")


def _offer(offer: Offer, known: Mapping[str, int]) -> None:
    _count("offer", offer)
    if offer.helper not in known:
        raise Nonsense(f"offer {offer.id!r}: its helper {offer.helper!r} is unknown")


def _options(options: Sequence[Option], needs: Mapping[str, int], offers: Mapping[str, int]) -> None:
    for need, offer, fit in options:
        if need not in needs or offer not in offers:
            raise Nonsense(f"option {need!r}, {offer!r}: no such need or offer")
        if type(fit) is not int or fit < 0:
            raise Nonsense(f"option {need!r}, {offer!r}: fit is {fit!r}, not a whole number from 0 on")
    for (need, offer, _), after in pairwise(options):
        if (need, offer) == after[:2]:
            raise Nonsense(f"option {need!r}, {offer!r} is there twice")


def _count(noun: str, thing: Need | Offer) -> None:
    if type(thing.places) is not int or thing.places < 0:
        raise Nonsense(f"{noun} {thing.id!r}: places is {thing.places!r}, not a whole number from 0 on")


def _costs(helper: Helper) -> None:
    least = 0
    for cost in helper.costs:
        if type(cost) is not int or cost < least:
            raise Nonsense(f"helper {helper.id!r}: costs are whole numbers from 0 on that never fall")
        least = cost
