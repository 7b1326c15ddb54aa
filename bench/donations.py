"""Our matcher on a published benchmark of donors and recipients of protective equipment, beside other
strategies.

ppe_match (Samorani et al., INFORMS Journal on Computing 2022), the development part in `../shared/data`.
Once a week what has been given by then is sent to who has asked by then; who gives more than a thousand of
something is taken for an error, as upstream does. A match is a shipment, of as much as both sides have, so
quantities stay exact. Two strategies are upstream's own, which match everybody once a week: by order, and
each donor with the nearest. The others match who has something left again the same day.
Upstream's metrics: fill rate (the mean over items of the mean over recipients), miles a unit travels, days
a unit lies idle. What is published with the benchmark is how a small example of them comes out, which a test
compares with; for the strategies there is no published figure.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from statistics import fmean

from bench.rows import Row, missing, progress, row
from chalicelib.assignment.checker import check
from chalicelib.assignment.model import Helper, Need, Offer, Option, instance
from chalicelib.assignment.solving import solve

DATA = Path(__file__).parents[2] / "shared" / "data" / "ppe_match_benchmark" / "dev"
EVERY = timedelta(days=7)
MOST_GIVEN = 1_000
FAR = 6_000
"""Miles beyond which distance no longer counts: farther than any two places of the benchmark."""


@dataclass(slots=True)
class Request:
    """What somebody gives or asks, of one item; `left` of `quantity` is still to be sent."""

    id: str
    who: str
    day: date
    item: str
    quantity: float
    left: float


@dataclass(frozen=True, slots=True)
class Shipment:
    quantity: float
    miles: int
    idle_days: int


Miles = dict[tuple[str, str], int]
Strategy = Callable[[Sequence[Request], Sequence[Request], Miles], Iterable[tuple[Request, Request]]]
"""Which donor sends to which recipient next: each a request with something left, of one item."""


def rows() -> Iterator[Row]:
    if not DATA.exists():
        yield missing("donations", "ppe_match_benchmark is not here")
        return
    strategies: dict[str, Strategy] = {
        "ppe_match, by order": by_order,
        "ppe_match, proximity": proximity,
        "first come": first_come,
        "nearest": nearest,
        "ours": ours,
    }
    found: dict[str, tuple[float, float, float]] = {}
    for name, strategy in strategies.items():
        progress(f"matching donations, {name}")
        found[name] = run(strategy)
    units = ("fill rate, %", "miles a unit", "idle days a unit")
    for number, metric in enumerate(("fill", "miles", "idle")):
        for peer in [each for each in found if each != "ours"]:
            yield row(
                f"donations, {metric}",
                len(given()),
                found["ours"][number],
                units[number],
                peer=peer,
                peer_value=found[peer][number],
            )


def read(kind: str) -> list[Request]:
    """Return the requests of donors or recipients, the first first."""
    with gzip.open(DATA / f"{kind}.csv.gz", "rt", encoding="utf-8") as lines:
        found = [
            Request(f"{number:05}", who, date.fromisoformat(day[:10]), item, float(quantity), float(quantity))
            for number, (who, day, item, quantity) in enumerate(list(csv.reader(lines))[1:])
        ]
    return sorted((one for one in found if one.quantity > 0), key=lambda one: (one.day, one.id))


def given() -> list[Request]:
    """Return what is given, but for what is too much to be true."""
    return [one for one in read("donors") if one.quantity <= MOST_GIVEN]


def run(strategy: Strategy) -> tuple[float, float, float]:
    """Return fill rate in percent, miles and idle days a unit, when the strategy decides every week."""
    donors, recipients = given(), read("recipients")
    with gzip.open(DATA / "distances.csv.gz", "rt", encoding="utf-8") as lines:
        miles = {(giver, taker): round(float(far)) for giver, taker, far in list(csv.reader(lines))[1:]}
    sent: list[Shipment] = []
    day = donors[0].day
    while day <= max(donors[-1].day, recipients[-1].day) + EVERY:
        for item in sorted({one.item for one in donors}):
            sent += _send(strategy, _open(donors, item, day), _open(recipients, item, day), miles, day)
        day += EVERY
    return figures(recipients, sent)


def figures(recipients: Sequence[Request], sent: Sequence[Shipment]) -> tuple[float, float, float]:
    """Return fill rate in percent, miles and idle days a unit, of what was sent and what is left to send."""
    units = sum(one.quantity for one in sent)
    return (
        100 * _fill_rate(recipients),
        sum(one.quantity * one.miles for one in sent) / units,
        sum(one.quantity * one.idle_days for one in sent) / units,
    )


def by_order(
    givers: Sequence[Request], takers: Sequence[Request], miles: Miles
) -> Iterator[tuple[Request, Request]]:
    """The first giver sends to the first who asked, the second to the second."""
    return (pair for pair in zip(givers, takers, strict=False) if (pair[0].who, pair[1].who) in miles)


def proximity(
    givers: Sequence[Request], takers: Sequence[Request], miles: Miles
) -> Iterator[tuple[Request, Request]]:
    """Each giver in turn sends to the nearest who still asks."""
    for giver in givers:
        asking = (taker for taker in takers if taker.left and (giver.who, taker.who) in miles)
        near = min(asking, key=lambda taker: (miles[giver.who, taker.who], taker.id), default=None)
        if near:
            yield giver, near


def first_come(
    givers: Sequence[Request], takers: Sequence[Request], miles: Miles
) -> Iterator[tuple[Request, Request]]:
    """Whoever gave first sends to whoever asked first."""
    return (
        (giver, taker)
        for giver in givers
        for taker in takers
        if giver.left and (giver.who, taker.who) in miles
    )


def nearest(
    givers: Sequence[Request], takers: Sequence[Request], miles: Miles
) -> Iterable[tuple[Request, Request]]:
    """The two that are nearest first."""
    return sorted(
        first_come(givers, takers, miles), key=lambda pair: (miles[pair[0].who, pair[1].who], pair[1].day)
    )


def ours(
    givers: Sequence[Request], takers: Sequence[Request], miles: Miles
) -> Iterator[tuple[Request, Request]]:
    """Assign all at once, each to one; who has something left is assigned again."""
    near = {giver.id: _nearest(giver, takers, miles) for giver in givers}
    while givers and takers:
        offer, need = {one.id: one for one in givers}, {one.id: one for one in takers}
        options = [
            Option(taker.id, giver.id, FAR - far)
            for giver in givers
            for far, taker in islice((each for each in near[giver.id] if each[1].left), len(givers))
        ]
        made = instance(
            (Need(one, urgent=False, places=1) for one in {option.need for option in options}),
            (Offer(one.id, one.id, 1) for one in givers),
            (Helper(one.id, (0,)) for one in givers),
            options,
        )
        solution = solve(made)
        check(made, solution)
        if not solution.pairs:
            return
        yield from ((offer[giver], need[taker]) for taker, giver in solution.pairs)
        givers, takers = [one for one in givers if one.left], [one for one in takers if one.left]


def _nearest(giver: Request, takers: Sequence[Request], miles: Miles) -> list[tuple[int, Request]]:
    """Return the takers, the nearest first: of as many as there are givers, one is always left for each."""
    found = [(miles[giver.who, taker.who], taker) for taker in takers if (giver.who, taker.who) in miles]
    return sorted(found, key=lambda each: (each[0], each[1].id))


def _open(requests: Sequence[Request], item: str, day: date) -> list[Request]:
    return [one for one in requests if one.item == item and one.day <= day and one.left]


def _send(
    strategy: Strategy, givers: Sequence[Request], takers: Sequence[Request], miles: Miles, day: date
) -> Iterator[Shipment]:
    for giver, taker in strategy(givers, takers, miles):
        quantity = min(giver.left, taker.left)
        if quantity:
            giver.left -= quantity
            taker.left -= quantity
            yield Shipment(quantity, miles[giver.who, taker.who], (day - giver.day).days)


def _fill_rate(recipients: Sequence[Request]) -> float:
    asked: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in recipients:
        asked[one.item, one.who][0] += one.quantity - one.left
        asked[one.item, one.who][1] += one.quantity
    by_item: defaultdict[str, list[float]] = defaultdict(list)
    for (item, _), (got, wanted) in asked.items():
        by_item[item].append(got / wanted)
    return fmean(fmean(rates) for rates in by_item.values())
