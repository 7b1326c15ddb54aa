"""Read a search from the query string: every fault at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from chalicelib.api.reading import checked, one, only_known, whole
from chalicelib.board.choices import KINDS, MOST, MOST_RADIUS_M, MOST_TEXT, ORDERS, STATES
from chalicelib.board.model import Order, Query, State, When, Where
from chalicelib.cities.model import City
from chalicelib.errors import Fault
from chalicelib.listings.card import URGENCIES, Kind, Urgency
from chalicelib.listings.windows import slots_of
from chalicelib.places.model import Point, read_cell
from chalicelib.words.model import terms

KNOWN = frozenset(
    "near radius_m kind category text urgency from until language state order limit cursor format".split()
)

Values = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was asked, less the place of its page."""

    query: Query
    cursor: str | None
    geojson: bool


def read_search(values: Values, city: City, accept: str) -> Asked:
    """Return the search, or raise Invalid with every fault of the query string."""
    faults: list[Fault] = []
    only_known(values, KNOWN, faults)
    near = _near(one(values, "near", faults), faults)
    radius = whole(one(values, "radius_m", faults), "/radius_m", 1, MOST_RADIUS_M, faults)
    where = _where(values, city, faults)
    order = _choice(values, "order", ORDERS, faults) or ("newest" if near is None else "distance")
    if near is None and "near" not in values and (order == "distance" or radius is not None):
        faults.append(Fault("/near", "missing"))
    if order == "relevance" and not where.terms:
        faults.append(Fault("/text", "missing"))
    limit = whole(one(values, "limit", faults), "/limit", 1, MOST, faults) or 20
    geojson = _choice(values, "format", ("json", "geojson"), faults) == "geojson" or "geo+json" in accept
    cursor = one(values, "cursor", faults)
    checked(faults)
    return Asked(Query(where, near, radius, cast("Order", order), limit), cursor, geojson)


def _where(values: Values, city: City, faults: list[Fault]) -> Where:
    text = one(values, "text", faults) or ""
    if len(text) > MOST_TEXT:
        faults.append(Fault("/text", "string_too_long", {"max_length": MOST_TEXT}))
    unknown = [slug for slug in values.get("category", []) if city.category(slug) is None]
    faults += [Fault("/category", "category_unknown") for _ in unknown]
    languages = values.get("language", [])
    faults += [Fault("/language", "string_pattern_mismatch") for code in languages if not _is_language(code)]
    return Where(
        kind=cast("Kind | None", _choice(values, "kind", KINDS, faults)),
        categories=frozenset(values.get("category", [])),
        terms=terms(text[:MOST_TEXT]),
        urgency=cast("Urgency | None", _choice(values, "urgency", URGENCIES, faults)),
        when=_when(values, city.zone, faults),
        languages=frozenset(languages),
        state=_state(values, faults),
    )


def _state(values: Values, faults: list[Fault]) -> State | None:
    """Return the one state asked for; both are no condition, none is open."""
    asked = set(values.get("state", ["open"]))
    if not asked <= {*STATES}:
        faults.append(Fault("/state", "literal_error", {"expected": ", ".join(STATES)}))
    return None if asked == {*STATES} else cast("State", min(asked))


def _choice(values: Values, name: str, known: tuple[str, ...], faults: list[Fault]) -> str | None:
    chosen = one(values, name, faults)
    if chosen is not None and chosen not in known:
        faults.append(Fault(f"/{name}", "literal_error", {"expected": ", ".join(known)}))
        return None
    return chosen


def _near(text: str | None, faults: list[Fault]) -> Point | None:
    """Return the point of `lat,lon`, or the middle of the cell of that id."""
    if text is None:
        return None
    if (cell := read_cell(text)) is not None:
        return cell.centre
    lat, _, lon = text.partition(",")
    try:
        point = Point(float(lat), float(lon))
    except ValueError:
        point = Point(91, 0)
    if len(text) > 40 or not (-90 <= point.lat <= 90 and -180 <= point.lon <= 180):  # noqa: PLR2004
        faults.append(Fault("/near", "point_or_cell"))
        return None
    return point


def _when(values: Values, zone: ZoneInfo, faults: list[Fault]) -> When | None:
    start = _instant(values, "from", faults)
    until = _instant(values, "until", faults)
    missing = {"from", "until"} - values.keys()
    faults += [Fault(f"/{name}", "missing") for name in missing if len(missing) == 1]
    if start is None or until is None:
        return None
    if until <= start:
        faults.append(Fault("/until", "before_from"))
        return None
    return When(slots_of((start, until), zone), ((start, until),))


def _instant(values: Values, name: str, faults: list[Fault]) -> int | None:
    text = one(values, name, faults)
    if text is None:
        return None
    try:
        # A '+' that was not escaped arrives as a space.
        moment: Any = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is not None:
            return int(moment.timestamp())
    except (ValueError, OverflowError):
        pass
    faults.append(Fault(f"/{name}", "datetime_parsing"))
    return None


def _is_language(code: str) -> bool:
    return 2 <= len(code) <= 3 and code.isascii() and code.isalpha() and code.islower()  # noqa: PLR2004
