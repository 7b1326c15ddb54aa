"""Addresses in DynamoDB: a street stands under the sound of its name and under how it starts."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.places.model import Point
from chalicelib.places.spelling import spelling
from chalicelib.places.street import Street, Town, Towns
from chalicelib.storage.codec import Item
from chalicelib.storage.tables import Tables

ADDRESSES = "addresses"

MOST = 300
"""Streets of one answer."""

_TOWNS = "towns"
_MICRO = 1_000_000


class DynamoAddressBook:
    """The city's table of addresses. Towns are read once: they change when the book is imported anew."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._towns: Towns | None = None

    def towns(self) -> Towns:
        if self._towns is None:
            towns = [_town(item) for item in self._tables.query(ADDRESSES, Path("pk") == _TOWNS)]
            if not towns:
                return Towns(())
            self._towns = Towns(towns)
        return self._towns

    def sounding(self, sound: str, postcodes: Collection[str] = ()) -> Sequence[Street]:
        return self._streets(f"sound#{sound}", postcodes)

    def starting(self, start: str, postcodes: Collection[str] = ()) -> Sequence[Street]:
        return self._streets(f"start#{start}", postcodes)

    def _streets(self, key: str, postcodes: Collection[str]) -> Sequence[Street]:
        condition = Path("pk") == key
        if postcodes:
            condition &= Path("sk").between(min(postcodes), f"{max(postcodes)}~")
        return [_street(item) for item in self._tables.query(ADDRESSES, condition, limit=MOST)]


def items_of_street(street: Street) -> tuple[Item, ...]:
    """Return the street as the table keeps it, once under each of its keys."""
    known = spelling(street.name)
    item = {
        "sk": f"{street.postcode}#{street.town}#{street.name}",
        "name": street.name,
        "postcode": street.postcode,
        "town": street.town,
        **_coordinates(street.point),
        "houses": street.houses or None,
    }
    return {"pk": f"sound#{known.sound}", **item}, {"pk": f"start#{known.start}", **item}


def item_of_town(town: Town) -> Item:
    return {
        "pk": _TOWNS,
        "sk": f"{town.postcode}#{town.name}",
        "name": town.name,
        "postcode": town.postcode,
        **_coordinates(town.point),
    }


def _street(item: Mapping[str, Any]) -> Street:
    return Street(item["name"], item["postcode"], item["town"], _point(item), item.get("houses", b""))


def _town(item: Mapping[str, Any]) -> Town:
    return Town(item["name"], item["postcode"], _point(item))


def _coordinates(point: Point) -> Item:
    return {"lat": round(point.lat * _MICRO), "lon": round(point.lon * _MICRO)}


def _point(item: Mapping[str, Any]) -> Point:
    return Point(item["lat"] / _MICRO, item["lon"] / _MICRO)
