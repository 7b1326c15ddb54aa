"""A simulated city: needs met, loads and mails of our engine beside the ways other networks ask."""

from collections.abc import Callable, Iterable
from statistics import mean, stdev

from bench.rows import Row, progress, row
from chalicelib.cities.model import load_city
from chalicelib.settings import CITIES
from infra.simulate.comparing import imagined, simulate
from infra.simulate.figures import Figures
from infra.simulate.peers import PEERS
from infra.simulate.running import ENGINES, OURS
from infra.simulate.world import Size

CITY = "mulhouse"
SEEDS = (1, 2, 3, 4, 5)
SIZE = Size(residents=200, needs=200, days=90)
AHEAD, BELOW = 1.0001, 0.9999
"""Ahead of a peer, or below it: by anything at all."""
FOUR = ("nearest", "first_come", "random_50", "least_asked")
"""The peers to be ahead of; the others are there to be looked at."""


def rows() -> Iterable[Row]:
    found: dict[str, list[Figures]] = {engine: [] for engine in ENGINES}
    city = load_city(CITIES / f"{CITY}.json")
    for seed in SEEDS:
        progress(f"simulating {SIZE.days} days of {CITY}, seed {seed} of {SEEDS[-1]}")
        for engine, (_, came) in simulate(imagined(city, SIZE, seed=seed), ENGINES).items():
            found[engine].append(came)
    yield from _beside(found)
    yield from _alone(found[OURS])


def _beside(found: dict[str, list[Figures]]) -> Iterable[Row]:
    ours = found[OURS]
    for peer in PEERS:
        theirs, wanted = found[peer], peer in FOUR
        met = row(
            "needs_met",
            SIZE.needs,
            _mean(ours, _met),
            f"% of needs, {_spread(ours, _met)}",
            peer=f"{peer}, {_spread(theirs, _met)}",
            peer_value=_mean(theirs, _met),
            least_ratio=AHEAD if wanted else None,
        )
        yield met
        for name, load in (("load_week", _week), ("load_ever", _ever)):
            yield row(
                name,
                SIZE.needs,
                _mean(ours, load),
                f"asks of the most asked, {_spread(ours, load)}",
                peer=f"{peer}, {_spread(theirs, load)}",
                peer_value=_mean(theirs, load),
                most_ratio=BELOW if wanted else None,
            )


def _alone(ours: list[Figures]) -> Iterable[Row]:
    yield row(
        "mails_per_post",
        SIZE.needs,
        _mean(ours, lambda each: each.mails_per_post),
        f"mails a post, {_spread(ours, lambda each: each.mails_per_post)}",
        peer="one mail per event",
        peer_value=_mean(ours, lambda each: each.notices_per_post),
        most=1.5,
    )
    yield row(
        "asked_above_limit",
        SIZE.needs,
        sum(each.above_limit for each in ours),
        f"asks above what a helper chose, {len(ours)} seeds",
        most=0,
    )
    yield row(
        "longest_idle_h",
        SIZE.needs,
        max(each.longest_idle_h for each in ours),
        "hours nobody was asked while somebody could be, the worst need",
        most=24,
    )


def _met(each: Figures) -> float:
    return 100 * each.met_share


def _week(each: Figures) -> float:
    return each.most_in_week


def _ever(each: Figures) -> float:
    return each.most_ever


def _mean(found: list[Figures], figure: Callable[[Figures], float]) -> float:
    return mean(map(figure, found))


def _spread(found: list[Figures], figure: Callable[[Figures], float]) -> str:
    return f"+- {stdev(map(figure, found)):.2g} over {len(found)} seeds"
