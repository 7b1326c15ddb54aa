"""The clock on the wall: its times as instants, right on both nights it changes."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def instant(day: date, minutes: int, zone: ZoneInfo, *, fold: int = 0) -> int:
    """Return the instant of a local wall-clock time; a time the clock skips is the moment it skips.

    Of a time that the clock repeats, `fold` 0 is the first and 1 the second.
    """
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    naive = midnight + timedelta(minutes=minutes)
    early = int(naive.replace(tzinfo=zone, fold=0).timestamp())
    late = int(naive.replace(tzinfo=zone, fold=1).timestamp())
    if early > late:  # skipped: fold 1 reads it by the offset after the change, fold 0 by the one before
        return _change_between(late, early, zone)
    return late if fold else early


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
