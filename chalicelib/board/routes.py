"""Search over HTTP: one page of one question, as a list or as a map."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from chalice import Blueprint

from chalicelib.api.cursor import canonical, seal, unseal
from chalicelib.api.operation import Answer, Call, Operation, Parameter, operation
from chalicelib.api.shown import show_cell, show_instant
from chalicelib.board.choices import KINDS, MOST, MOST_RADIUS_M, MOST_TEXT, ORDERS, STATES
from chalicelib.listings.card import URGENCIES

if TYPE_CHECKING:
    from chalicelib.board.model import Hit, Page

routes = Blueprint(__name__)

_TEXT = {"type": "string"}
_INSTANT = {"type": "string", "format": "date-time"}


def _one_of(values: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def _up_to(most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most}


PARAMETERS = (
    Parameter(
        "near",
        "A point `lat,lon` or the id of a cell",
        {**_TEXT, "examples": ["47.7486,7.3393", "250.61268.56022"]},
    ),
    Parameter("radius_m", "How far from it, in metres, to the middle of a cell", _up_to(MOST_RADIUS_M)),
    Parameter("kind", "Needs or offers", _one_of(KINDS)),
    Parameter("category", "Any of these categories", {**_TEXT, "examples": ["groceries"]}, many=True),
    Parameter(
        "text", "All of these words, whatever their endings and accents", {**_TEXT, "maxLength": MOST_TEXT}
    ),
    Parameter("urgency", "How urgent", _one_of(URGENCIES)),
    Parameter("from", "From when; with `until`, those that fit some of the time between", _INSTANT),
    Parameter("until", "Until when", _INSTANT),
    Parameter("language", "Any of these languages", {**_TEXT, "pattern": "^[a-z]{2,3}$"}, many=True),
    Parameter("state", "Open unless asked otherwise", _one_of(STATES), many=True),
    Parameter("order", "By distance where `near` is given, else newest first", _one_of(ORDERS)),
    Parameter("limit", "How many at most, 20 unless asked otherwise", _up_to(MOST)),
    Parameter("cursor", "Where the next page begins; good for the same question", _TEXT),
    Parameter(
        "format", "GeoJSON instead; so does Accept: application/geo+json", _one_of(("json", "geojson"))
    ),
)


@operation(
    routes,
    Operation(
        "board",
        "search_listings",
        "GET",
        "/v1/listings",
        "anyone",
        "Search needs and offers",
        about=(
            "What was published before the question is in the answer, and what expired is not. Distances "
            "are to the middle of a cell: no answer says more of a place. A following page never repeats a "
            "listing nor leaves one out that did not change meanwhile."
        ),
        parameters=PARAMETERS,
        answers={200: "SearchShown"},
        problems=(400, 422),
        headers=("Link",),
        geojson="SearchFeatures",
    ),
)
def search_listings(call: Call) -> Answer:
    from chalicelib.board.reading import read_search

    asked = read_search(call.query, call.house.city, call.headers.get("accept", ""))
    question = {
        name: values for name, values in call.query.items() if name not in ("cursor", "limit", "format")
    }
    purpose = f"search {canonical(question)}"
    query = asked.query
    if asked.cursor is not None:
        query = replace(query, after=tuple(unseal(call.house.secrets, purpose, asked.cursor)))
    page = call.house.board.search(query, call.now)
    cursor = page.next and seal(call.house.secrets, purpose, list(page.next))
    headers = {"Link": _link(call, cursor)} if cursor else {}
    if asked.geojson:
        return Answer(_features(page, cursor), headers=headers, media_type="application/geo+json")
    return Answer(
        {
            "total": page.total,
            "facets": dict(page.facets),
            "listings": [show_hit(hit) for hit in page.hits],
            "next": cursor,
        },
        headers=headers,
    )


def show_hit(hit: "Hit") -> dict[str, Any]:
    card = hit.card
    left, needed_by = card.left, card.needed_by
    return {
        "id": card.id,
        "version": card.version,
        "kind": card.kind,
        "state": "open" if left else "matched",
        "category": card.category,
        "title": card.title,
        "cell": show_cell(card.cell),
        "distance_m": hit.distance_m,
        "reach_m": card.reach_m,
        "urgency": card.urgency,
        "languages": list(card.languages),
        "capacity": card.capacity,
        "left": left,
        "trust": card.trust,
        "published_at": show_instant(card.published_at),
        "expires_at": show_instant(card.expires_at),
        "needed_by": None if needed_by is None else show_instant(needed_by),
    }


def _features(page: "Page", cursor: str | None) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "total": page.total,
        "facets": dict(page.facets),
        "next": cursor,
        "features": [_feature(hit) for hit in page.hits],
    }


def _feature(hit: "Hit") -> dict[str, Any]:
    west, south, east, north = hit.card.cell.bounds
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    rounded = [[round(lon, 6), round(lat, 6)] for lon, lat in ring]
    return {
        "type": "Feature",
        "id": hit.card.id,
        "geometry": {"type": "Polygon", "coordinates": [rounded]},
        "properties": show_hit(hit),
    }


def _link(call: Call, cursor: str) -> str:
    """Return the Link header (RFC 8288) of the following page."""
    again = [(name, value) for name, values in call.query.items() if name != "cursor" for value in values]
    return f'</v1/listings?{urlencode([*again, ("cursor", cursor)])}>; rel="next"'
