"""What happened in a simulated city, in the order it happened: all that the figures are made of."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Word = Literal["yes", "no", "late"]
"""`late` is a yes to a need that somebody else had taken."""


class Limit(NamedTuple):
    """How often a helper chose to be asked."""

    week: int
    season: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody was asked to help with a need. Needs and residents are named by their numbers in the world."""

    at: int
    need: int
    helper: int


@dataclass(frozen=True, slots=True)
class Reply:
    at: int
    need: int
    helper: int
    word: Word


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail to one resident; `lead` is the template of the notice it was sent for."""

    at: int
    to: int
    lead: str = ""


@dataclass(slots=True)
class NeedStory:
    """A need from its posting: how many helpers it wants, and when each really came."""

    number: int
    posted_at: int
    wants: int
    kept_at: list[int] = field(default_factory=list)

    @property
    def met(self) -> bool:
        return len(self.kept_at) >= self.wants


@dataclass(slots=True)
class History:
    """`limits` is how often each helper chose to be asked.

    `idle_h` is, by need, the most hours on end that nobody was asked while somebody could have been.
    """

    limits: Mapping[int, Limit]
    asks: list[Ask] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    mails: list[Sent] = field(default_factory=list)
    needs: dict[int, NeedStory] = field(default_factory=dict)
    posts: int = 0
    events: int = 0
    """Of which somebody was to be told: mails, if each had one of its own."""
    idle_h: dict[int, int] = field(default_factory=dict)
    standing: Counter[int] = field(default_factory=Counter)
    """By need: how many were asked and may still answer."""
    asked_at: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By helper."""
    asked_for: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """By need: who was asked."""

    def ask(self, ask: Ask) -> None:
        self.asks.append(ask)
        self.asked_at[ask.helper].append(ask.at)
        self.asked_for[ask.need].add(ask.helper)

    def asked_lately(self, helper: int, now: int, span_s: int) -> int:
        """Return how often a helper was asked in the last seconds."""
        count = 0
        for at in reversed(self.asked_at.get(helper, ())):
            if at <= now - span_s:
                break
            count += 1
        return count
