"""What is wrong with a city, judged from what its log, its gateway and its dead letters say."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

HOUR_S = 3_600
DAY_S = 24 * HOUR_S
BOUNCED_MOST = 0.03
COMPLAINED_MOST = 0.0008
"""Of the mails of a day. The provider reviews an account at 5 % and 0.1 %, and stops it at 10 % and 0.5 %."""

BOUNCED_LEAST = 3
"""So many must come back before a share of them means something."""

PATIENCE_S = 600
"""Beyond two of its periods, before a schedule counts as one that did not run."""

REPEAT_S = DAY_S
"""After which a trouble that still stands is told again."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen since the last look. Counts but for `ran`: when each function was last seen at work."""

    errors: Mapping[str, int] = field(default_factory=dict)
    """By function."""
    failed: int = 0
    """Requests answered with 5xx."""
    throttled: int = 0
    """Requests turned away with 429 by the gateway, or by Lambda behind it."""
    dead_letters: int = 0
    mails: Mapping[str, int] = field(default_factory=dict)
    """By what became of them: sent, bounced, complained."""
    ran: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: its name, the same while it lasts, and a sentence for the operator."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What a look leaves: until when it saw, the mails of each hour, who ran when, what was told when."""

    seen_until: int
    mails: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    ran: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)

    def after(self, sight: Sight, now: int) -> "Memory":
        """Return the memory with what was seen up to now in it."""
        hour = now // HOUR_S
        kept = {at: counts for at, counts in self.mails.items() if at > hour - 24}
        kept[hour] = dict(Counter(kept.get(hour, {})) + Counter(sight.mails))
        return replace(self, seen_until=now, mails=kept, ran={**self.ran, **sight.ran})

    def telling(self, troubles: tuple[Trouble, ...], now: int) -> "tuple[tuple[Trouble, ...], Memory]":
        """Return the troubles to tell now, and the memory of having told them; what is over is forgotten."""
        due = tuple(each for each in troubles if now - self.told.get(each.name, -REPEAT_S) >= REPEAT_S)
        still = {each.name: self.told[each.name] for each in troubles if each.name in self.told}
        return due, replace(self, told={**still, **{each.name: now for each in due}})


def troubles(sight: Sight, memory: Memory, schedules: Mapping[str, int], now: int) -> tuple[Trouble, ...]:
    """Return what is wrong; `schedules` says how often each function is to run, in seconds.

    The memory has a time for each of them: of its last run, or since when it is watched.
    """
    return (*_seen(sight), *_mails(memory), *_late(memory, schedules, now))


def _seen(sight: Sight) -> Iterator[Trouble]:
    for function, count in sorted(sight.errors.items()):
        yield Trouble(f"errors-{function}", f"{function} failed {count} times.")
    if sight.failed:
        yield Trouble("failed", f"{sight.failed} requests were answered with a fault of ours (5xx).")
    if sight.throttled:
        yield Trouble(
            "throttled", f"{sight.throttled} requests were turned away because there were too many."
        )
    if sight.dead_letters:
        yield Trouble("dead-letters", f"{sight.dead_letters} dead letters wait to be looked at.")


def _mails(memory: Memory) -> Iterator[Trouble]:
    day: Counter[str] = sum((Counter(counts) for counts in memory.mails.values()), Counter())
    sent = max(1, day["sent"])
    if day["bounced"] >= BOUNCED_LEAST and day["bounced"] / sent > BOUNCED_MOST:
        yield Trouble("bounces", f"{day['bounced']} of {sent} mails of a day came back: over 3 %.")
    if day["complained"] / sent > COMPLAINED_MOST:
        yield Trouble(
            "complaints", f"{day['complained']} of {sent} mails of a day were called spam: over 0.08 %."
        )


def _late(memory: Memory, schedules: Mapping[str, int], now: int) -> Iterator[Trouble]:
    for function, every in sorted(schedules.items()):
        quiet = now - memory.ran[function]
        if quiet > 2 * every + PATIENCE_S:
            yield Trouble(f"quiet-{function}", f"{function} has not run for {quiet // 60} minutes.")
