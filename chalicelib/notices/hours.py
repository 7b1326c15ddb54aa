"""When somebody is written to: not in their quiet hours, and once a day what can wait for the digest."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.wallclock import instant

_DAYS_AROUND = range(-2, 3)
"""Quiet hours move a digest by less than a day."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours without mail: minutes of the local day; past midnight when `until < start`, none when equal."""

    start: int
    until: int

    def over_at(self, now: int, zone: ZoneInfo) -> int:
        """Return the first instant from `now` on that is not quiet."""
        local = datetime.fromtimestamp(now, zone)
        minute = local.hour * 60 + local.minute
        if not self._holds(minute):
            return now
        day = local.date() if minute < self.until else local.date() + timedelta(days=1)
        end = instant(day, self.until, zone)
        return end if end > now else instant(day, self.until, zone, fold=1)

    def _holds(self, minute: int) -> bool:
        if self.start <= self.until:
            return self.start <= minute < self.until
        return minute >= self.start or minute < self.until


@dataclass(frozen=True, slots=True)
class Hours:
    """The city's hours. Each local day has one digest, at the minute `digest_at` or when quiet hours end.

    A minute that the clock skips is the moment it skips, one that it repeats is the first of the two: a
    digest a day, on the nights of the change as on any other.
    """

    zone: ZoneInfo
    digest_at: int

    def day(self, now: int) -> str:
        """Return the local day, as YYYY-MM-DD."""
        return datetime.fromtimestamp(now, self.zone).date().isoformat()

    def awake_at(self, now: int, quiet: Quiet | None) -> int:
        """Return the first instant from `now` on at which the person may be written to."""
        return quiet.over_at(now, self.zone) if quiet else now

    def next_digest(self, after: int, quiet: Quiet | None) -> int:
        """Return the person's first digest after an instant."""
        return min(at for _, at in self._digests(after, quiet) if at > after)

    def last_digest(self, after: int, latest: int, quiet: Quiet | None) -> int:
        """Return the person's last digest up to an instant, or the first after `after` if that is later."""
        at = self.next_digest(after, quiet)
        while (later := self.next_digest(at, quiet)) <= latest:
            at = later
        return at

    def digest_of(self, now: int, quiet: Quiet | None) -> str:
        """Return the day whose digest was the last up to now."""
        return max(day for day, at in self._digests(now, quiet) if at <= now).isoformat()

    def _digests(self, around: int, quiet: Quiet | None) -> list[tuple[date, int]]:
        today = datetime.fromtimestamp(around, self.zone).date()
        days = [today + timedelta(days=off) for off in _DAYS_AROUND]
        return [(day, self.awake_at(instant(day, self.digest_at, self.zone), quiet)) for day in days]
