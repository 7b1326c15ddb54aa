"""When: windows of a week or of a date, in the city's own time, right on both nights the clock changes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.errors import Fault
from chalicelib.wallclock import instant

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


def write_windows(windows: Windows) -> str:
    """Return the windows as one short text, for `read_windows`."""
    weekly = [f"{w.weekday}/{w.start}/{w.until}" for w in windows.weekly]
    return " ".join([*weekly, *(f"{w.day.isoformat()}/{w.start}/{w.until}" for w in windows.dated)])


def read_windows(text: str) -> Windows:
    rows = [row.split("/") for row in text.split()]
    return Windows(
        tuple(Weekly(int(day), int(start), int(until)) for day, start, until in rows if len(day) == 1),
        tuple(
            Dated(date.fromisoformat(day), int(start), int(until))
            for day, start, until in rows
            if len(day) > 1
        ),
    )


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
