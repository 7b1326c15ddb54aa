"""Numbers, distances, days and hours as a person says them."""

from collections.abc import Iterable
from datetime import date, datetime, tzinfo

from chalicelib.wording.catalogue import find, phrase, spoken_to

_DAY_MINUTES = 24 * 60


def show_number(language: str, value: float) -> str:
    """Return the number with at most one decimal, as the language writes it."""
    text = f"{value:,.1f}".removesuffix(".0")
    mark, group = phrase(language, "number.mark"), phrase(language, "number.group")
    return text.translate({ord("."): mark, ord(","): group})


def show_distance(language: str, metres: float) -> str:
    """Return "450 m", "1,2 km", "12 km": no finer than the cells that distances are taken from."""
    near = round(metres / 50) * 50
    if near < 100:  # noqa: PLR2004
        return phrase(language, "distance.near")
    if near < 1000:  # noqa: PLR2004
        return phrase(language, "distance.metres", n=show_number(language, near))
    kilometres = round(metres / 1000, 1 if metres < 10_000 else None)  # noqa: PLR2004
    return phrase(language, "distance.kilometres", n=show_number(language, kilometres))


def show_duration_hours(language: str, hours: float) -> str:
    """Return "3 heures", "1 heure 30 minutes", "30 minutes"."""
    whole, minutes = divmod(round(hours * 60), 60)
    spans = [_count(language, "duration.hours", whole)] if whole or not minutes else []
    if minutes:
        spans.append(_count(language, "duration.minutes", minutes))
    return phrase(language, "duration.both", hours=spans[0], minutes=spans[1]) if spans[1:] else spans[0]


def show_wait(language: str, seconds: float) -> str:
    """Return how long to wait in one unit, rounded up: "45 secondes", "5 minutes", "2 heures"."""
    for unit, length, most in (("seconds", 1, 60), ("minutes", 60, 60), ("hours", 3600, 48)):
        if seconds < length * most:
            return _count(language, f"duration.{unit}", max(1, -int(-seconds // length)))
    return _count(language, "duration.days", -int(-seconds // 86_400))


def show_day(language: str, epoch: int, zone: tzinfo) -> str:
    """Return "mardi 3 mars"."""
    return _day(language, datetime.fromtimestamp(epoch, zone).date())


def show_time(language: str, epoch: int, zone: tzinfo) -> str:
    """Return "14 h 30"."""
    local = datetime.fromtimestamp(epoch, zone)
    return _clock(language, local.hour * 60 + local.minute)


def show_moment(language: str, epoch: int, zone: tzinfo) -> str:
    """Return "mardi 3 mars à 14 h 30"."""
    day, time = show_day(language, epoch, zone), show_time(language, epoch, zone)
    return phrase(language, "date.moment", day=day, time=time)


def show_dated(language: str, day: date, start: int, until: int) -> str:
    """Return "mardi 3 mars de 14 h à 16 h 30"; minutes of the local day."""
    hours = {"start": _clock(language, start), "until": _clock(language, until)}
    return phrase(language, "date.dated", day=_day(language, day), **hours)


def show_weekly(language: str, weekday: int, start: int, until: int) -> str:
    """Return "le mardi de 14 h à 16 h 30"; weekday 0 is Monday, minutes of the local day."""
    hours = {"start": _clock(language, start), "until": _clock(language, until)}
    return phrase(language, "date.weekly", weekday=phrase(language, f"day.{weekday}"), **hours)


def show_list(language: str, items: Iterable[str]) -> str:
    """Return "a, b et c"."""
    *first, last = tuple(items) or ("",)
    return phrase(language, "list.two", first=", ".join(first), last=last) if first else last


def show_languages(language: str, codes: Iterable[str]) -> str:
    """Return "français, arabe et wolof"; a language we have no name for is shown by its code."""
    tongue, *_ = spoken_to(language)
    return show_list(language, [find(tongue, f"language.{code}") or code for code in codes])


def _count(language: str, code: str, n: int) -> str:
    return phrase(language, code, n, n=show_number(language, n))


def _day(language: str, day: date) -> str:
    return phrase(
        language,
        "date.day",
        weekday=phrase(language, f"day.{day.weekday()}"),
        day=phrase(language, "date.first") if day.day == 1 else str(day.day),
        month=phrase(language, f"month.{day.month}"),
    )


def _clock(language: str, minutes: int) -> str:
    hour, minute = divmod(minutes % _DAY_MINUTES, 60)
    if not minute:
        return phrase(language, "time.hour", hour=str(hour))
    return phrase(language, "time.minute", hour=str(hour), minute=f"{minute:02d}")
