"""An asking: what the city does to find helpers for one need, wave after wave, and how it came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from chalicelib.cities.asking import Wave
from chalicelib.errors import Conflict
from chalicelib.receipts import Receipt, kept

State = Literal["asking", "served", "unanswered", "over"]

MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        "asking": frozenset({"served", "unanswered", "over"}),
        "served": frozenset({"asking", "over"}),
        "unanswered": frozenset({"asking", "served", "over"}),
        "over": frozenset({"asking"}),
    }
)
"""Served rests while no place is left; unanswered is on the coordinators' desk; over: the need is gone."""

KEPT_S = 90 * 86_400
"""How long the asking of a need that is gone is kept."""


class Asked(NamedTuple):
    """A helper the city asked: for which offer, when, in which wave of which start of the asking."""

    helper: str
    offer: str
    at: int
    start: int
    wave: int


class Passed(NamedTuple):
    """A candidate who does not help: which offer, how far, why, and what they said who declined."""

    offer: str
    distance_m: int
    why: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who was considered when nobody was left to ask: the nearest one by one, all counted by reason."""

    passed: tuple[Passed, ...] = ()
    totals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one assignment came to, in numbers: of options and needs, and of those asked.

    `left` is how many needs were not looked at, because other areas' turns come later.
    """

    needs: int = 0
    options: int = 0
    served: int = 0
    asked: int = 0
    passed: int = 0
    failed: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Asking:
    """The asking of one need. `wave` counts from 1; `start` grows when it starts anew.

    `published_at` is that of the need it answers: a need renewed since starts it anew. `due_at` is when the
    city must look at it next. `wave_ends` is when the next wave begins, None while nobody was asked in this.
    `version` is the one that stands in the table; whoever stores the asking lets the next one stand.
    """

    need: str
    published_at: int
    due_at: int
    state: State = "asking"
    start: int = 1
    wave: int = 1
    wave_ends: int | None = None
    asked: tuple[Asked, ...] = ()
    radius_m: int | None = None
    """How far a coordinator wants it to look, whatever the need and the wave say."""
    told: bool = False
    """Whether the seeker was told, since it started, that nobody answered."""
    unanswered_at: int | None = None
    outcome: Outcome = Outcome()
    certificate: Mapping[str, Any] | None = None
    """Why the last assignment did not serve it; None once somebody is asked, or it begins anew."""
    receipts: tuple[Receipt, ...] = ()
    version: int = 0

    @property
    def in_wave(self) -> tuple[Asked, ...]:
        """Whom the city asked in the wave it is in."""
        return tuple(each for each in self.asked if (each.start, each.wave) == (self.start, self.wave))

    @property
    def helpers(self) -> frozenset[str]:
        """Whom the city asked for this need, ever."""
        return frozenset(each.helper for each in self.asked)

    def wanted(self, wave: Wave, left: int) -> int:
        """Return how many more helpers the wave asks; one more for each further place of the need."""
        return max(0, wave.helpers + left - 1 - len(self.in_wave))

    def asking_one(self, helper: str, offer: str, now: int, *, wave_ends: int, due_at: int) -> "Asking":
        """Ask one more helper, ever the first time for this need."""
        if helper in self.helpers:
            raise Conflict("already_asked")
        one = Asked(helper, offer, now, self.start, self.wave)
        asked = (*self.asked, one)
        return self._to("asking", asked=asked, wave_ends=wave_ends, due_at=due_at, certificate=None)

    def waiting(self, due_at: int, wave_ends: int | None) -> "Asking":
        return replace(self, due_at=due_at, wave_ends=wave_ends)

    def next_wave(self) -> "Asking":
        return replace(self, wave=self.wave + 1, wave_ends=None)

    def renewed(self, published_at: int, now: int) -> "Asking":
        """Start anew for a need that was published again; whom it asked stays asked."""
        return self._anew(now, published_at=published_at, radius_m=None)

    def again(self, now: int, radius_m: int | None) -> "Asking":
        """Start anew because a coordinator says so."""
        if self.state != "unanswered":
            raise Conflict("not_unanswered", state=self.state)
        return self._anew(now, radius_m=radius_m)

    def resumed(self, now: int) -> "Asking":
        """Go on in the wave it was in: a place is free again."""
        return self._to("asking", wave_ends=None, due_at=now)

    def reopened(self) -> "Asking":
        """Ask once more in the last wave: somebody came who was not there."""
        return replace(self, start=self.start + 1, wave_ends=None)

    def served(self, due_at: int) -> "Asking":
        return self._to("served", due_at=due_at, wave_ends=None)

    def unanswered(self, now: int, due_at: int, outcome: Outcome) -> "Asking":
        fields: dict[str, object] = {
            "told": True,
            "unanswered_at": now,
            "outcome": outcome,
            "wave_ends": None,
        }
        return self._to("unanswered", due_at=due_at, **fields)

    def over(self, now: int) -> "Asking":
        return self._to("over", due_at=now + KEPT_S, wave_ends=None)

    def certified(self, certificate: Mapping[str, Any]) -> "Asking":
        return replace(self, certificate=certificate)

    def with_receipt(self, receipt: Receipt) -> "Asking":
        return replace(self, receipts=kept(self.receipts, receipt))

    def _anew(self, now: int, **fields: object) -> "Asking":
        begun: dict[str, object] = {
            "start": self.start + 1,
            "wave": 1,
            "wave_ends": None,
            "told": False,
            "due_at": now,
            "certificate": None,
        }
        return self._to("asking", **begun, **fields)

    def _to(self, state: State, **fields: object) -> "Asking":
        if state != self.state and state not in MOVES[self.state]:
            raise Conflict("asking_over", state=self.state)
        return replace(self, state=state, **fields)  # type: ignore[arg-type]
