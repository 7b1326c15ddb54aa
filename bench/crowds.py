"""Needs and offers to be assigned, made up from a seed: a town as usual, one where all want the same few, a
city.

Options are the nearest offers, with points such as the ranking gives; a hot one prefers offers that all
prefer.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from random import Random

from chalicelib.asking.assigning import AN_ASK
from chalicelib.assignment.areas import Spot
from chalicelib.assignment.model import Helper, Instance, Need, Offer, Option, instance

ASK_COSTS = tuple(AN_ASK * asked for asked in range(7))
"""Points that one more ask costs, the first one nothing."""
OPTIONS = 50
FULL_FIT, FALL, EXTRAS = 550, 250, (0, 25, 50, 75, 100, 150, 200, 250, 300)
"""Points of the nearest, what distance takes off at most, and what time, language and trust may add."""

Place = tuple[float, float]


def ordinary(needs: int, offers: int, seed: int = 1) -> Instance:
    """Return needs of one place and helpers of one, each need with the nearest offers as options."""
    random = Random(seed)
    at = [(random.random(), random.random()) for _ in range(needs + offers)]
    return _single(needs, offers, _near(random, at[:needs], at[needs:]))


def hot(needs: int, offers: int, seed: int = 1) -> Instance:
    """Return the same where everybody wants the same few: the n-th offer is an option n times less often.

    Most of the fit is how much all like an offer, the rest chance.
    """
    random = Random(seed)
    weights = [*accumulate(1 / (place + 1) for place in range(offers))]
    options: list[tuple[int, int, int]] = []
    for need in range(needs):
        chosen: set[int] = set()
        while len(chosen) < min(OPTIONS, offers):
            chosen.update(random.choices(range(offers), cum_weights=weights, k=1))
        liked = ((offer, int(600 * (1 - (offer / offers) ** 0.5))) for offer in sorted(chosen))
        options += [(need, offer, fit + random.randrange(100)) for offer, fit in liked]
    return _single(needs, offers, options)


def lived_in(
    needs: int, offers: int, seed: int = 1, *, costs: Sequence[int] = ASK_COSTS, crowded: float = 0.3
) -> Instance:
    """Return a town of needs of 1-5 places and helpers of 1-3 offers, of 1-5 places, asked 1-7 times a week.

    A helper offers everything from one home. A part of the needs is crowded around a few helpers.
    """
    return _lived_in(needs, offers, seed, costs, crowded)[0]


def _lived_in(
    needs: int, offers: int, seed: int, costs: Sequence[int], crowded: float
) -> tuple[Instance, list[Place]]:
    random = Random(seed)
    at: list[Place] = []
    centres = [(random.random(), random.random()) for _ in range(max(1, needs // 200))]
    homes = [
        _beside(random, random.choice(centres))
        if random.random() < crowded
        else (random.random(), random.random())
        for _ in range(needs)
    ]
    helpers: list[Helper] = []
    given: list[Offer] = []
    while len(given) < offers:
        helper = Helper(f"helper-{len(helpers):06}", tuple(costs[: random.choice((1, 2, 3, 3, 5, 7))]))
        helpers.append(helper)
        home = (random.random(), random.random())
        for _ in range(min(random.choice((1, 1, 2, 3)), offers - len(given))):
            given.append(Offer(_offer(len(given)), helper.id, random.randint(1, 5)))
            at.append(home)
    wanted = [
        Need(_need(need), random.random() < 0.1, random.choice((1, 1, 1, 1, 2, 3, 5)))
        for need in range(needs)
    ]
    options = [Option(_need(need), _offer(offer), fit) for need, offer, fit in _near(random, homes, at)]
    return instance(wanted, given, helpers, options), homes


def city(needs: int, offers: int, seed: int = 1) -> tuple[Instance, list[Spot]]:
    """Return a lived-in city, and where each need is."""
    made, homes = _lived_in(needs, offers, seed, ASK_COSTS, 0.3)
    return made, [Spot(_need(need), *home) for need, home in enumerate(homes)]


def _single(needs: int, offers: int, options: Iterable[tuple[int, int, int]]) -> Instance:
    return instance(
        (Need(_need(need), urgent=False, places=1) for need in range(needs)),
        (Offer(_offer(offer), _offer(offer), 1) for offer in range(offers)),
        (Helper(_offer(offer), (0,)) for offer in range(offers)),
        (Option(_need(need), _offer(offer), fit) for need, offer, fit in options),
    )


def _near(random: Random, needs: Sequence[Place], offers: Sequence[Place]) -> Iterator[tuple[int, int, int]]:
    """Yield the nearest offers of each need, with points."""
    side = max(1, int((len(offers) / 8) ** 0.5))
    cells: dict[tuple[int, int], list[int]] = {}
    for offer, (x, y) in enumerate(offers):
        cells.setdefault((int(x * side), int(y * side)), []).append(offer)
    for need, (x, y) in enumerate(needs):
        near: list[int] = []
        width = 1
        while len(near) < min(OPTIONS, len(offers)):
            columns = range(int(x * side) - width, int(x * side) + width + 1)
            rows = range(int(y * side) - width, int(y * side) + width + 1)
            near = [offer for column in columns for row in rows for offer in cells.get((column, row), ())]
            width += 1
        apart = sorted(
            (((offers[offer][0] - x) ** 2 + (offers[offer][1] - y) ** 2) ** 0.5, offer) for offer in near
        )
        farthest = apart[:OPTIONS][-1][0] or 1.0
        for distance, offer in apart[:OPTIONS]:
            yield need, offer, FULL_FIT - int(FALL * distance / farthest) + random.choice(EXTRAS)


def _beside(random: Random, centre: Place) -> Place:
    x, y = (min(0.999999, max(0.0, value + random.gauss(0, 0.02))) for value in centre)
    return x, y


@cache
def _need(number: int) -> str:
    return f"need-{number:06}"


@cache
def _offer(number: int) -> str:
    return f"offer-{number:06}"
