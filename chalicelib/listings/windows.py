"""When: windows of a week or of a date, in the city's own time, right on both nights the clock changes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.errors import Fault

SLOT_MINUTES = 30
SLOTS_A_DAY = 24 * 60 // SLOT_MINUTES
SLOTS_A_WEEK = 7 * SLOTS_A_DAY
ANY_TIME = (1 << SLOTS_A_WEEK) - 1
DAY_MINUTES = 24 * 60

Span = tuple[int, int]
"""From and until, in UTC epoch seconds; `until` is outside."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week: weekday (0 is Monday), minutes of the local day; past midnight when `until <= start`."""

    weekday: int
    start: int
    until: int

    @property
    def slots(self) -> int:
        """The half hours of the local week it touches, as a mask of 336 bits, Monday 00:00 lowest."""
        length = (self.until - self.start) % DAY_MINUTES or DAY_MINUTES
        first = self.weekday * SLOTS_A_DAY + self.start // SLOT_MINUTES
        count = -(-(self.start % SLOT_MINUTES + length) // SLOT_MINUTES)
        return sum(1 << ((first + slot) % SLOTS_A_WEEK) for slot in range(count))


@dataclass(frozen=True, slots=True)
class Dated:
    """Once: a local date and minutes of that day; past midnight when `until <= start`."""

    day: date
    start: int
    until: int

    def span(self, zone: ZoneInfo) -> Span:
        """Return the instants it covers: an hour the clock skips is not there, one it repeats is twice."""
        last = self.day if self.until > self.start else self.day + timedelta(days=1)
        return instant(self.day, self.start, zone), instant(last, self.until, zone, fold=1)


@dataclass(frozen=True, slots=True)
class Windows:
    """When a need wants help or an offer can give it; none at all means any time."""

    weekly: tuple[Weekly, ...] = ()
    dated: tuple[Dated, ...] = ()

    @property
    def slots(self) -> int:
        """The half hours of the local week; every one of them when there is no window at all."""
        if not self.weekly and not self.dated:
            return ANY_TIME
        mask = 0
        for window in self.weekly:
            mask |= window.slots
        return mask

    def spans(self, zone: ZoneInfo) -> tuple[Span, ...]:
        return tuple(sorted({window.span(zone) for window in self.dated}))

    def faults(self, zone: ZoneInfo) -> Iterator[Fault]:
        """Yield what can never be: a dated window that lies in the hour the clock skips."""
        for index, window in enumerate(self.dated):
            start, until = window.span(zone)
            if until <= start:
                yield Fault(f"/windows/dated/{index}", "window_never_occurs")


def instant(day: date, minutes: int, zone: ZoneInfo, *, fold: int = 0) -> int:
    """Return the instant of a local wall-clock time; a time the clock skips is the moment it skips."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    naive = midnight + timedelta(minutes=minutes)
    early = int(naive.replace(tzinfo=zone, fold=0).timestamp())
    late = int(naive.replace(tzinfo=zone, fold=1).timestamp())
    if early > late:  # skipped: fold 1 reads it by the offset after the change, fold 0 by the one before
        return _change_between(late, early, zone)
    return late if fold else early


def slots_of(span: Span, zone: ZoneInfo) -> int:
    """Return the half hours of the local week that the span touches; all of them from a week on."""
    start, until = span
    if until - start >= SLOTS_A_WEEK * SLOT_MINUTES * 60:
        return ANY_TIME
    mask, at = 0, start
    while at < until:
        local = datetime.fromtimestamp(at, zone)
        minute = local.hour * 60 + local.minute
        mask |= 1 << (local.weekday() * SLOTS_A_DAY + minute // SLOT_MINUTES)
        at += (SLOT_MINUTES - minute % SLOT_MINUTES) * 60 - local.second
    return mask


def overlap(spans: Iterable[Span], others: Iterable[Span]) -> bool:
    others = tuple(others)
    return any(start < end and begin < until for start, until in spans for begin, end in others)


def _change_between(low: int, high: int, zone: ZoneInfo) -> int:
    """Return the instant in (low, high] from which the zone's offset is the one at `high`."""
    after = datetime.fromtimestamp(high, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high
