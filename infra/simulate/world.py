"""A city's residents and what they will need, drawn once from a seed: every engine meets the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from chalicelib.cities.model import City
from chalicelib.listings.card import Urgency
from chalicelib.listings.model import DAY_S
from chalicelib.listings.windows import DAY_MINUTES, Weekly, Windows
from chalicelib.matching.ranking import NEAR
from chalicelib.notices.hours import Quiet
from chalicelib.places.model import Point, cell_at, distance_m
from infra.simulate.draws import lognormal, one_of, stream, weighted
from infra.simulate.habits import Habits
from infra.simulate.history import Limit

HOUR_S = 3_600
YEAR_S = 365 * DAY_S


@dataclass(frozen=True, slots=True)
class OfferPlan:
    category: str
    windows: Windows
    reach_m: int
    places: int


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody and their habits. `away` are spans of holidays, in which no mail is read."""

    number: int
    home: Point
    languages: tuple[str, ...]
    offers: tuple[OfferPlan, ...]
    willing: tuple[str, ...] | None
    limit: Limit
    quiet: Quiet | None
    yes: float
    silence: float
    answer_h: float
    away: tuple[tuple[int, int], ...]
    joins_at: int

    @property
    def email(self) -> str:
        return f"resident-{self.number}@example.org"

    def back_at(self, at: int) -> int:
        """Return the first instant from `at` on at which they are not away."""
        for start, until in self.away:
            if start <= at < until:
                at = until
        return at


@dataclass(frozen=True, slots=True)
class NeedPlan:
    number: int
    at: int
    author: int
    category: str
    windows: Windows
    reach_m: int
    wants: int
    urgency: Urgency
    needed_by: int | None
    gives_up_at: int


@dataclass(frozen=True, slots=True)
class Size:
    """How many residents live in the city and how many needs come up in how many days."""

    residents: int = 300
    needs: int = 300
    days: int = 90


@dataclass(frozen=True, slots=True)
class World:
    city: City
    seed: int
    start: int
    until: int
    habits: Habits
    residents: tuple[Resident, ...]
    needs: tuple[NeedPlan, ...]

    def can(self, resident: Resident, need: NeedPlan) -> bool:
        """Tell whether somebody could really help with a need, whatever a network believes."""
        return bool(self.serving(resident, need))

    def serving(self, resident: Resident, need: NeedPlan) -> tuple[int, ...]:
        """Return which of somebody's offers really fit a need."""
        unwilling = resident.willing is not None and need.category not in resident.willing
        if unwilling or resident.number == need.author:
            return ()
        return tuple(n for n, offer in enumerate(resident.offers) if self._serves(resident, offer, need))

    def _serves(self, resident: Resident, offer: OfferPlan, need: NeedPlan) -> bool:
        near = NEAR.get(need.category, frozenset())
        apart = distance_m(self._centre(resident.home), self._centre(self.residents[need.author].home))
        return (
            (offer.category == need.category or offer.category in near)
            and apart <= min(offer.reach_m, need.reach_m)
            and bool(offer.windows.slots & need.windows.slots)
        )

    def _centre(self, point: Point) -> Point:
        return cell_at(point, self.city.cell_m).centre


def world(city: City, habits: Habits, *, seed: int, size: Size, start: int) -> World:
    """Draw a city. `start` is midnight of its first day, in UTC epoch seconds."""
    until = start + size.days * DAY_S
    residents = tuple(_resident(city, habits, seed, number, start, until) for number in range(size.residents))
    return World(city, seed, start, until, habits, residents, tuple(_needs(city, habits, seed, size, start)))


def _resident(city: City, habits: Habits, seed: int, number: int, start: int, until: int) -> Resident:
    draw = stream(seed, "resident", number)
    offers = _offers(city, habits, draw, seed, number) if draw.random() < habits.helpers else ()
    ask = ("resident", number, seed)
    joins = start + (draw.randrange((until - start) * 2 // 3) if draw.random() < habits.latecomers else 0)
    own = {offer.category for offer in offers}
    near = {each for category in own for each in NEAR.get(category, ())}
    return Resident(
        number=number,
        home=_home(city, habits, draw),
        languages=weighted(habits.languages, "languages", *ask),
        offers=offers,
        willing=None if draw.random() < habits.any_category else tuple(sorted(own | set(sorted(near)[:1]))),
        limit=Limit(weighted(habits.asks_per_week, "asks", *ask), habits.asks_per_season),
        quiet=Quiet(21 * 60, 8 * 60) if draw.random() < habits.quiet_hours else None,
        yes=one_of(habits.yes, "yes", *ask),
        silence=one_of(habits.silence, "silence", *ask),
        answer_h=one_of(habits.answer_h, "answer_h", *ask),
        away=tuple(_holidays(habits, draw, start, until)),
        joins_at=joins,
    )


def _offers(city: City, habits: Habits, draw: Random, seed: int, number: int) -> tuple[OfferPlan, ...]:
    kinds = [each for each in habits.categories if city.category(each[0])]
    found: dict[str, OfferPlan] = {}
    for which in range(1 + (draw.random() < habits.second_offer)):
        ask = (number, which, seed)
        category = weighted(kinds, "offers", *ask)
        reach = min(weighted(habits.reaches_m, "reach", *ask), city.limits.radius_max_m)
        free = _windows(draw, 2, 4) if draw.random() < habits.offer_hours else Windows()
        found[category] = OfferPlan(category, free, reach, one_of(habits.places, "places", *ask))
    return tuple(found.values())


def _home(city: City, habits: Habits, draw: Random) -> Point:
    """Return a point in the city, the likelier the nearer to its centre."""
    south, west, north, east = city.bounds
    while True:
        middle = draw.random() < habits.central
        lat = draw.gauss(city.centre.lat, (north - south) / 6) if middle else draw.uniform(south, north)
        lon = draw.gauss(city.centre.lon, (east - west) / 6) if middle else draw.uniform(west, east)
        if city.contains(point := Point(round(lat, 6), round(lon, 6))):
            return point


def _windows(draw: Random, fewest: int, most: int) -> Windows:
    days = sorted(draw.sample(range(7), draw.randint(fewest, most)))
    starts = [draw.choice((8, 9, 10, 14, 16, 17, 18)) * 60 for _ in days]
    hours = [draw.choice((2, 3, 4)) * 60 for _ in days]
    return Windows(
        tuple(
            Weekly(day, at, min(at + long, DAY_MINUTES - 60))
            for day, at, long in zip(days, starts, hours, strict=True)
        )
    )


def _holidays(habits: Habits, draw: Random, start: int, until: int) -> Iterator[tuple[int, int]]:
    if draw.random() < habits.holidays_a_year * (until - start) / YEAR_S:
        first = draw.randrange(start, until)
        yield first, first + draw.choice(habits.holiday_days) * DAY_S


def _needs(city: City, habits: Habits, seed: int, size: Size, start: int) -> Iterator[NeedPlan]:
    """Yield the needs by the instant they come up at."""
    draw = stream(seed, "arrivals")
    days = arrivals(habits, size.days)
    chosen = sorted(draw.choices(range(size.days), cum_weights=list(accumulate(days)), k=size.needs))
    instants = sorted(start + day * DAY_S + draw.choice(range(7 * 60, 22 * 60)) * 60 for day in chosen)
    for number, at in enumerate(instants):
        yield _need(city, habits, seed, number, at, size.residents)


def arrivals(habits: Habits, days: int) -> list[float]:
    """Return the weight of each day: the data's own, or a surge that doubles in a week, then fades."""
    if habits.arrivals:
        return [float(habits.arrivals[day % len(habits.arrivals)]) for day in range(days)]
    return [2 ** min(day / 7, 2) * max(0.2, 1 - max(0, day - 14) / 40) for day in range(days)]


def _need(city: City, habits: Habits, seed: int, number: int, at: int, residents: int) -> NeedPlan:
    draw, ask = stream(seed, "need", number), (number, seed)
    kinds = [each for each in habits.categories if city.category(each[0])]
    urgency = weighted(habits.urgencies, "urgency", *ask)
    within = draw.choice(habits.needed_within_days[urgency])
    patience = lognormal(habits.patience_days[urgency], habits.patience_sigma, "patience", *ask)
    return NeedPlan(
        number=number,
        at=at,
        author=draw.randrange(residents),
        category=weighted(kinds, "needs", *ask),
        windows=_windows(draw, 1, 3) if draw.random() < habits.need_hours else Windows(),
        reach_m=min(weighted(habits.reaches_m[1:], "reach", "need", *ask), city.limits.radius_max_m),
        wants=one_of(habits.wants, "wants", *ask),
        urgency=urgency,
        needed_by=None if within is None else at + within * DAY_S,
        gives_up_at=at + int(patience * DAY_S),
    )
