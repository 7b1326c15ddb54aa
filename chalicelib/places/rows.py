"""A place as tables keep it."""

from typing import Any

from chalicelib.places.model import Place, Point


def place_item(place: Place) -> dict[str, Any]:
    """Return a place as tables keep it: degrees in whole ten-millionths."""
    return {"lat": round(place.point.lat * 1e7), "lon": round(place.point.lon * 1e7), "label": place.label}


def read_place(item: dict[str, Any]) -> Place:
    return Place(Point(item["lat"] / 1e7, item["lon"] / 1e7), item["label"])
