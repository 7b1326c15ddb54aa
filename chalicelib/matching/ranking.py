"""How well an offer fits a need: gates that must open, then integer terms that sum to the score.

Both ways are one measure: the offers for a need and the needs for an offer are ranked by the same terms, and
the reasons shown are made of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo

from chalicelib.board.model import Shown
from chalicelib.listings.windows import SLOT_MINUTES, slots_of
from chalicelib.people.model import SEASON_S, Helper, asked_within, kept_apart, unasked_because
from chalicelib.words.alike import FULL

SAME_CATEGORY, NEAR_CATEGORY = 300, 150
MOST_TEXT = 150
"""As much as the step from a near category to the same: what is written may make up for what was ticked."""
MOST_DISTANCE = 250
DISTANCE_SCALE_M = 10_000
"""From here on distance earns nothing."""
MOST_TIME, FULL_OVERLAP = 200, 8
"""Eight half hours in common in a week are as good as more."""
SHARED_LANGUAGE = 100
A_PLACE_LEFT, MOST_PLACES = 10, 5
NEVER_ASKED, AN_ASK = 120, 15
A_TRUST_LEVEL, MOST_TRUST = 10, 3

_GROUPS = (
    ("groceries", "meals", "pharmacy"),
    ("childcare", "homework"),
    ("listening", "company"),
    ("paperwork", "digital", "translation"),
    ("repairs", "gardening"),
    ("equipment", "clothing"),
    ("pharmacy", "health"),
    ("transport", "company"),
)
NEAR: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        slug: frozenset(other for group in _GROUPS if slug in group for other in group if other != slug)
        for group in _GROUPS
        for slug in group
    }
)
"""Categories in which one who offers the one may well help with the other."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The terms of a score, each a whole number of points."""

    distance_m: int
    half_hours: int
    """In common, in a week or on the dates named."""
    languages: tuple[str, ...]
    """In common."""
    left: int
    asked: int
    """How often the helper was asked in the last season."""
    trust: int
    terms: Mapping[str, int]

    @property
    def score(self) -> int:
        return sum(self.terms.values())


def fit(
    need: Shown,
    offer: Shown,
    helper: Helper,
    *,
    seeker: Helper,
    distance: int,
    units: int,
    zone: ZoneInfo,
    now: int,
) -> Fit | str:
    """Return how well an offer fits a need, or the code of the gate that stays shut.

    `helper` is what is known of the offer's author, `seeker` of the need's: either may block the other.
    `units` is how alike their words are, as `alike` counts.
    """
    if gate := _shut(need, offer, helper, seeker, distance, now):
        return gate
    halves = half_hours_in_common(need, offer, zone)
    if halves == 0:
        return "no_common_time"
    languages = tuple(language for language in need.languages if language in offer.languages)
    asked = len(asked_within(SEASON_S, helper, now))
    terms = {
        "category": SAME_CATEGORY if need.category == offer.category else NEAR_CATEGORY,
        "text": text_points(units),
        "distance": distance_points(distance),
        "time": MOST_TIME * min(halves, FULL_OVERLAP) // FULL_OVERLAP,
        "languages": SHARED_LANGUAGE if languages else 0,
        "capacity": A_PLACE_LEFT * min(offer.left, MOST_PLACES),
        "asked": asked_points(asked),
        "trust": A_TRUST_LEVEL * min(offer.trust, MOST_TRUST),
    }
    return Fit(distance, halves, languages, offer.left, asked, offer.trust, terms)


def text_points(units: int) -> int:
    return MOST_TEXT * units // FULL


def distance_points(distance_m: int) -> int:
    return MOST_DISTANCE * max(0, DISTANCE_SCALE_M - distance_m) // DISTANCE_SCALE_M


def asked_points(asked: int) -> int:
    return max(0, NEVER_ASKED - AN_ASK * asked)


def half_hours_in_common(need: Shown, offer: Shown, zone: ZoneInfo) -> int:
    """Return how many half hours of a week, or of the dates named, both can."""
    if need.slots & offer.slots:
        common = (need.slots & offer.slots).bit_count()
        if common >= FULL_OVERLAP:
            return common
    else:
        common = 0
    common += sum((slots_of(span, zone) & offer.slots).bit_count() for span in need.spans)
    common += sum((slots_of(span, zone) & need.slots).bit_count() for span in offer.spans)
    both = (min(until, end) - max(start, begin) for start, until in need.spans for begin, end in offer.spans)
    return common + sum(-(-seconds // (SLOT_MINUTES * 60)) for seconds in both if seconds > 0)


def _shut(need: Shown, offer: Shown, helper: Helper, seeker: Helper, distance: int, now: int) -> str | None:
    if need.author == offer.author:
        return "own_listing"
    if kept_apart(seeker, helper):
        return "blocked"
    if need.full or offer.full or now >= min(need.expires_at, offer.expires_at):
        return "listing_full"
    if need.category != offer.category and offer.category not in NEAR.get(need.category, ()):
        return "other_category"
    if distance > min(need.reach_m, offer.reach_m):
        return "too_far"
    return unasked_because(helper, need.category, now)
