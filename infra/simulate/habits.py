"""What residents are like, in numbers, each with where it comes from.

Real figures are of GetUsPPE.org, which brought donors of protective equipment and hospitals together in 2020
and kept how each match ended. It rang people up: how often a mail is left unread is stated, not measured.
"""

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import log
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

from chalicelib.listings.card import Urgency
from chalicelib.people.model import ASKS_PER_SEASON

SOURCE = "GetUsPPE"

FEWEST_MATCHES = 5
"""Of a donor before their share of kept matches says anything."""
MOST_PLACES = 5
DAYS = 90
"""Of arrivals that are taken, from the first on."""

_UNKNOWN = {"test_match", "donor_update", "email_to_donor"}


@dataclass(frozen=True, slots=True)
class Habits:
    """Chances and spreads that residents are drawn from. `sources` says which are measured, and where."""

    helpers: float = 0.6
    """Of residents: how many offer something."""
    latecomers: float = 0.4
    """Of helpers: how many join while the needs come in, not before."""
    second_offer: float = 0.35
    any_category: float = 0.6
    """Of helpers: how many may be asked for whatever is near what they offer; the others name theirs."""
    quiet_hours: float = 0.4
    """Of residents: how many have some, from nine in the evening to eight."""
    offer_hours: float = 0.7
    """Of offers: how many are for some hours of the week only."""
    need_hours: float = 0.5
    central: float = 0.6
    """Of residents: how many live around the centre; the others live anywhere."""
    holidays_a_year: float = 1.35
    holiday_days: tuple[int, ...] = (4, 7, 7, 14)
    categories: tuple[tuple[str, float], ...] = (
        ("groceries", 24.0),
        ("listening", 12.0),
        ("paperwork", 11.0),
        ("childcare", 10.0),
        ("pharmacy", 8.0),
        ("meals", 6.0),
        ("digital", 6.0),
        ("transport", 6.0),
        ("homework", 5.0),
        ("company", 5.0),
        ("repairs", 4.0),
        ("pets", 3.0),
    )
    """The networks of 2020 were asked for groceries, listening, paperwork and childcare most."""
    asks_per_week: tuple[tuple[int, float], ...] = ((1, 20.0), (2, 25.0), (3, 35.0), (5, 15.0), (7, 5.0))
    """What helpers choose; three is what the product proposes."""
    asks_per_season: int = ASKS_PER_SEASON
    """All keep what the product proposes."""
    reaches_m: tuple[tuple[int, float], ...] = (
        (1_000, 15.0),
        (2_000, 30.0),
        (3_000, 30.0),
        (5_000, 20.0),
        (10_000, 5.0),
    )
    """Of offers; a need has the second or a farther one."""
    languages: tuple[tuple[tuple[str, ...], float], ...] = (
        (("fr",), 78.0),
        (("fr", "de"), 8.0),
        (("fr", "ar"), 8.0),
        (("fr", "tr"), 4.0),
        (("en",), 2.0),
    )
    urgencies: tuple[tuple[Urgency, float], ...] = (("low", 15.0), ("normal", 65.0), ("high", 20.0))
    needed_within_days: Mapping[Urgency, tuple[int | None, ...]] = field(
        default_factory=lambda: {"low": (None, 14, 21), "normal": (None, 4, 7, 10), "high": (1, 2, 3)}
    )
    """Of needs: the days until it is too late, if ever."""
    patience_days: Mapping[Urgency, float] = field(
        default_factory=lambda: {"low": 21.0, "normal": 10.0, "high": 4.0}
    )
    """Of half of the seekers: the days after which they have found help elsewhere or given up."""
    patience_sigma: float = 0.6
    renews: float = 0.75
    """Of those reminded that a listing ends: how many keep it."""
    tells: float = 0.5
    """Of those asked how it went: how many say."""
    comes_back: float = 0.7
    """Of helpers whose offer is used up: how many offer again."""
    rest_days: float = 7.0
    """Of half of those: the days until then."""
    yes: tuple[float, ...] = (0.25, 0.4, 0.5, 0.6, 0.7, 0.85)
    """Of helpers who answer and could do it: how often each says yes."""
    silence: tuple[float, ...] = (0.1, 0.2, 0.3, 0.45, 0.7)
    """Of helpers: how often each leaves a mail that asks unanswered."""
    weariness: float = 0.95
    """What each ask of the last seven days above the number a helper chose leaves of their attention."""
    answer_h: tuple[float, ...] = (0.5, 2.0, 5.0, 10.0, 24.0)
    """Of helpers: the median hours until each answers a mail, asleep or not."""
    answer_sigma: float = 1.2
    helper_cancels: float = 0.06
    seeker_cancels: float = 0.05
    """Of accepted matches: taken back before they took place."""
    seeker_vanishes: float = 0.04
    """Of accepted matches: the seeker could not be reached, and it did not take place."""
    places: tuple[int, ...] = (1, 1, 1, 2, 2, 3, 5)
    """Of offers: how many matches each can have."""
    wants: tuple[int, ...] = (1, 1, 1, 1, 1, 1, 1, 1, 1, 2)
    """Of needs: how many helpers each wants."""
    arrivals: tuple[int, ...] = ()
    """Needs a day, in proportion; empty is a surge that doubles in the first week and fades."""
    sources: tuple[tuple[str, str], ...] = ()


def read_habits(folder: Path) -> Habits:
    """Return habits with what the data set in a folder can say; the stated ones where there is none."""
    matches, requests = folder / "dev/matches.jsonl", folder / "request_stream.csv.gz"
    if not matches.is_file() or not requests.is_file():
        return Habits()
    ended = _ended(matches)
    found = {
        "yes": _yes(ended),
        "answer_sigma": _sigma(ended),
        "seeker_cancels": _share(ended, "no_need", "prefers_different"),
        "seeker_vanishes": _share(ended, "no_contact_facility"),
        "places": _places(ended),
        "arrivals": _arrivals(requests),
    }
    return replace(Habits(), **found, sources=tuple((name, SOURCE) for name in found))  # type: ignore[arg-type]


def _ended(path: Path) -> list[Mapping[str, Any]]:
    """Return the matches that came to an end, one row each, without tests."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    first = {row["match"]: row for row in reversed([*rows])}
    known = sorted(first.values(), key=lambda row: str(row["match"]))
    return [row for row in known if row["status"] != "pre_match" and row["substatus"] not in _UNKNOWN]


def _yes(ended: Iterable[Mapping[str, Any]]) -> tuple[float, ...]:
    """Return the donors' shares of matches that they could serve, of those that hung on them."""
    served: dict[str, list[bool]] = defaultdict(list)
    for row in ended:
        if row["status"] == "delivered" or row["substatus"] in ("no_supply", "no_contact_donor"):
            served[row["donor"]].append(row["status"] == "delivered")
    known = (each for each in served.values() if len(each) >= FEWEST_MATCHES)
    return tuple(sorted(round((sum(each) + 1) / (len(each) + 2), 3) for each in known))


def _sigma(ended: Iterable[Mapping[str, Any]]) -> float:
    """Return the spread of the logarithm of how long a match took, by its lower half.

    The upper half is full of days on which many old matches were closed at once.
    """
    took = sorted(
        days
        for row in ended
        if row["status"] == "delivered" and (days := _days(row["created"], row["closed_or_delivered"])) > 0
    )
    tenth = took[len(took) // 10]
    return round(log(median(took) / tenth) / NormalDist().inv_cdf(0.9), 2)


def _days(start: str, end: str | None) -> float:
    if end is None:
        return 0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 86_400


def _share(ended: list[Mapping[str, Any]], *reasons: str) -> float:
    """Return how many of those that had a helper ended for these reasons."""
    had = [row for row in ended if row["substatus"] not in ("no_supply", "no_contact_donor")]
    return round(sum(row["substatus"] in reasons for row in had) / len(had), 3)


def _places(ended: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
    """Return how many matches each donor had, of whom nobody has more than so many places."""
    matches = Counter(row["donor"] for row in ended)
    return tuple(sorted(min(many, MOST_PLACES) for many in matches.values()))


def _arrivals(path: Path) -> tuple[int, ...]:
    """Return how many requests came on each day, from the first one on."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        days = Counter(row["created"][:10] for row in csv.DictReader(lines))
    return tuple(days[day] for day in sorted(days)[:DAYS])
