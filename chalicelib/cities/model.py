"""A city: all that differs between two networks, read from one file and checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from chalicelib.cities.asking import AskingRules, read_asking
from chalicelib.cities.fields import Field, distinct, strict_json
from chalicelib.cities.outline import Bounds, Outline, read_outline, read_point
from chalicelib.places.model import Point

Level = Literal["commune", "departement", "region", "province"]
Scheme = Literal["INSEE", "NIS"]
Moderation = Literal["after", "before"]
Urgency = Literal["low", "normal", "high"]
Exchange = Literal["direct", "confirmed"]

LEVELS: tuple[Level, ...] = ("commune", "departement", "region", "province")
SCHEMES: tuple[Scheme, ...] = ("INSEE", "NIS")
MODERATIONS: tuple[Moderation, ...] = ("after", "before")
URGENCIES: tuple[Urgency, ...] = ("low", "normal", "high")
EXCHANGES: tuple[Exchange, ...] = ("direct", "confirmed")
LANGUAGES = ("fr", "nl", "de", "en")
"""The languages that mails and answers are written in."""

CATEGORIES = tuple(
    "groceries meals pharmacy childcare homework listening company paperwork digital transport repairs "
    "gardening pets equipment clothing housing translation health other".split()
)
"""What help can be about; a city opens some of them or all."""

_CODES: dict[tuple[Scheme, Level], str] = {
    ("INSEE", "commune"): "(?:[0-9]{2}|2[AB])[0-9]{3}",
    ("INSEE", "departement"): "[0-9]{2}|2[AB]|97[1-6]",
    ("INSEE", "region"): "[0-9]{2}",
    ("NIS", "commune"): "[0-9]{5}",
    ("NIS", "province"): "[0-9]{5}",
    ("NIS", "region"): "[0-9]{5}",
}
DAY_MINUTES = 1_440
_SLUG = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*"


@dataclass(frozen=True, slots=True)
class Code:
    """What the state calls the territory: five characters of INSEE and of NIS are not the same place."""

    scheme: Scheme
    value: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the city's mails come from."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Category:
    """What help can be about, how long a listing of it stands, and whether it is read before it is shown.

    `urgency` is the least urgency of a need in it.
    """

    slug: str
    lifetime_days: int
    moderation: Moderation
    urgency: Urgency = "low"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one resident may do and get, and how long things wait."""

    listings_per_day: int
    proposals_per_day: int
    sign_in_mails_per_hour: int
    mails_per_day: int
    radius_max_m: int
    proposal_hours: int
    offer_days: int
    """How long an offer stands at least, whatever its category: who gives goes on giving."""
    remind_days: int


@dataclass(frozen=True, slots=True)
class City:
    """A territory that has its network, whatever its level."""

    slug: str
    name: str
    level: Level
    code: Code
    languages: tuple[str, ...]
    """What mails and answers are offered in; the first is for a reader who asked for none."""
    time_zone: str
    centre: Point
    cell_m: int
    """The size of the cells its public places are shown as."""
    outline: Outline
    sender: Sender
    exchange: Exchange
    """Whether a yes is enough, or a coordinator confirms before two people are brought together."""
    digest_at: int
    """The minute of the local day at which the day's digest goes."""
    categories: tuple[Category, ...]
    limits: Limits
    asking: AskingRules

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def bounds(self) -> Bounds:
        return self.outline.bounds

    def contains(self, point: Point) -> bool:
        return self.outline.contains(point)

    def category(self, slug: str) -> Category | None:
        return next((category for category in self.categories if category.slug == slug), None)

    def urgency_of(self, slug: str, said: Urgency) -> Urgency:
        """Return how urgent a need in a category is: what its author said, or the category's least."""
        category = self.category(slug)
        return max(said, category.urgency if category else said, key=URGENCIES.index)


def load_city(path: Path) -> City:
    """Return the city of the file `<slug>.json`, or raise Invalid with every fault of it."""
    file = Field(*strict_json(path.read_bytes()))
    city = _city(file)
    if city.slug not in {"", path.stem}:
        file.member("slug").fault("not_the_file_name", file=path.stem)
    file.refuse_faults()
    return city


def read_city(data: Mapping[str, Any]) -> City:
    """Return the city that the members of a city file describe, or raise Invalid with every fault of them."""
    file = Field(dict(data))
    city = _city(file)
    file.refuse_faults()
    return city


def _city(file: Field) -> City:
    at = file.members([*(field.name for field in fields(City)), "moderation"])
    level = at["level"].one_of(LEVELS)
    city = City(
        slug=at["slug"].text(longest=32, pattern=_SLUG),
        name=at["name"].text(longest=80),
        level=level,
        code=_code(at["code"], level if at["level"].sound else None),
        languages=at["languages"].some_of(LANGUAGES),
        time_zone=at["time_zone"].time_zone(),
        centre=read_point(at["centre"]),
        cell_m=at["cell_m"].whole(100, 10_000),
        outline=read_outline(at["outline"]),
        sender=_sender(at["sender"]),
        exchange=at["exchange"].one_of(EXCHANGES),
        digest_at=at["digest_at"].time_of_day(),
        categories=_categories(at["categories"], at["moderation"].one_of(MODERATIONS)),
        limits=_limits(at["limits"]),
        asking=read_asking(at["asking"]),
    )
    _check_together(city, at)
    return city


def _check_together(city: City, at: Mapping[str, Field]) -> None:
    """Note what is wrong with members that are right one by one."""
    if at["centre"].sound and at["outline"].sound and not city.contains(city.centre):
        at["centre"].fault("outside_the_outline")
    if at["limits"].sound and at["asking"].sound:
        most, last = city.limits.radius_max_m, at["asking"].member("waves").items()[-1]
        if city.asking.waves[-1].radius_m > most:
            last.member("radius_m").fault("beyond_the_limit", radius_max_m=most)
    if not at["categories"].sound:
        return
    shortest = min(category.lifetime_days for category in city.categories)
    if at["limits"].sound and city.limits.remind_days >= shortest:
        at["limits"].member("remind_days").fault("not_before_the_end", shortest_lifetime_days=shortest)
    if at["asking"].sound and city.asking.wait_minutes >= shortest * DAY_MINUTES:
        last = at["asking"].member("waves").items()[-1]
        last.member("wait_minutes").fault("not_before_the_end", shortest_lifetime_days=shortest)


def _code(field: Field, level: Level | None) -> Code:
    at = field.members(("scheme", "value"))
    scheme = at["scheme"].one_of(SCHEMES)
    pattern = ".+"
    if level and at["scheme"].sound and (scheme, level) not in _CODES:
        at["scheme"].fault("wrong_for_the_level", level=level)
    elif level and at["scheme"].sound:
        pattern = _CODES[scheme, level]
    return Code(scheme, at["value"].text(longest=5, pattern=pattern))


def _sender(field: Field) -> Sender:
    at = field.members(("name", "address"))
    return Sender(at["name"].text(longest=80), at["address"].address())


def _categories(field: Field, default: Moderation) -> tuple[Category, ...]:
    may = ("moderation", "urgency")
    found = [item.members(("slug", "lifetime_days"), optional=may) for item in field.items()]
    distinct(at["slug"] for at in found)
    return tuple(
        Category(
            slug=at["slug"].one_of(CATEGORIES),
            lifetime_days=at["lifetime_days"].whole(1, 366),
            moderation=at["moderation"].one_of(MODERATIONS) if "moderation" in at else default,
            urgency=at["urgency"].one_of(URGENCIES) if "urgency" in at else "low",
        )
        for at in found
    )


def _limits(field: Field) -> Limits:
    at = field.members([limit.name for limit in fields(Limits)])
    return Limits(
        listings_per_day=at["listings_per_day"].whole(1, 1_000),
        proposals_per_day=at["proposals_per_day"].whole(1, 1_000),
        sign_in_mails_per_hour=at["sign_in_mails_per_hour"].whole(1, 100),
        mails_per_day=at["mails_per_day"].whole(2, 100),
        radius_max_m=at["radius_max_m"].whole(500, 300_000),
        proposal_hours=at["proposal_hours"].whole(1, 336),
        offer_days=at["offer_days"].whole(1, 366),
        remind_days=at["remind_days"].whole(1, 90),
    )
