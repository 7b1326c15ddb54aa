"""What others do: a scan, an index by category with a filter, dynamodbgeo, and brute force in memory.

Each finds the open listings of one kind and category near a point. The first three read one table of
lean rows: what a card holds and no more, the keys that dynamodbgeo wants, and an index by category.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import cos, radians
from typing import Any

import dynamodbgeo

from bench.content import cards
from chalicelib.listings.card import Card
from chalicelib.listings.rows import pack
from chalicelib.places.model import METRES_PER_DEGREE, Cell, Point, distance_m
from chalicelib.storage.codec import encode

INDEX = "category"
MICRO = 1_000_000

DEFINITION: Mapping[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": "hashKey", "AttributeType": "N"},
        {"AttributeName": "rangeKey", "AttributeType": "S"},
        {"AttributeName": "geohash", "AttributeType": "N"},
        {"AttributeName": "category", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "hashKey", "KeyType": "HASH"},
        {"AttributeName": "rangeKey", "KeyType": "RANGE"},
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "geohash-index",
            "KeySchema": [
                {"AttributeName": "hashKey", "KeyType": "HASH"},
                {"AttributeName": "geohash", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": INDEX,
            "KeySchema": [
                {"AttributeName": "category", "KeyType": "HASH"},
                {"AttributeName": "rangeKey", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def table_of(size: int) -> str:
    return f"neighbours-{size}"


def items(size: int) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of so many cards."""
    return map(_item, cards(size))


def by_scan(client: Any, size: int, *, kind: str, category: str, near: Point, radius_m: int) -> list[str]:
    """Return the ids, nearest first, that a scan of everything finds."""
    filtered = "category = :category AND " + _BOX
    request = {"TableName": table_of(size), "FilterExpression": filtered}
    values = {":category": {"S": category}, **_box(kind, near, radius_m)}
    return _nearest(_pages(client.scan, {**request, "ExpressionAttributeValues": values}), near, radius_m)


def by_category(client: Any, size: int, *, kind: str, category: str, near: Point, radius_m: int) -> list[str]:
    """Return the ids, nearest first, that an index by category and a filter by a box find."""
    request = {
        "TableName": table_of(size),
        "IndexName": INDEX,
        "KeyConditionExpression": "category = :category",
        "FilterExpression": _BOX,
        "ExpressionAttributeValues": {":category": {"S": category}, **_box(kind, near, radius_m)},
    }
    return _nearest(_pages(client.query, request), near, radius_m)


def by_dynamodbgeo(client: Any, size: int, *, near: Point, radius_m: int) -> list[Any]:
    """Return what dynamodbgeo finds; it knows of no category and no kind."""
    manager = dynamodbgeo.GeoDataManager(dynamodbgeo.GeoDataManagerConfiguration(client, table_of(size)))
    point = dynamodbgeo.GeoPoint(near.lat, near.lon)
    found: list[Any] = manager.queryRadius(dynamodbgeo.QueryRadiusRequest(point, radius_m, {}, sort=True))
    return found


def by_force(
    every: Sequence[Card], *, kind: str, category: str, near: Point, radius_m: int, now: int
) -> list[str]:
    """Return the ids, nearest first, that looking at every card in memory finds."""
    found: list[tuple[int, int, str]] = []
    for card in every:
        if card.kind != kind or card.category != category or card.left == 0 or now >= card.expires_at:
            continue
        metres = distance_m(near, card.cell.centre)
        if metres <= radius_m:
            found.append((metres, -card.published_at, card.id))
    return [id_ for _, _, id_ in sorted(found)]


_BOX = "kind = :kind AND spare > :none AND lat BETWEEN :s AND :n AND lon BETWEEN :w AND :e"


def _box(kind: str, near: Point, radius_m: int) -> dict[str, Any]:
    high = radius_m / METRES_PER_DEGREE
    wide = high / cos(radians(near.lat))
    sides = {":s": near.lat - high, ":n": near.lat + high, ":w": near.lon - wide, ":e": near.lon + wide}
    numbers = {name: {"N": str(round(degrees * MICRO))} for name, degrees in sides.items()}
    return {":kind": {"S": kind}, ":none": {"N": "0"}, **numbers}


def _pages(ask: Any, request: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    answer = ask(**request)
    yield from answer["Items"]
    while "LastEvaluatedKey" in answer:
        answer = ask(**request, ExclusiveStartKey=answer["LastEvaluatedKey"])
        yield from answer["Items"]


def _nearest(found: Iterator[Mapping[str, Any]], near: Point, radius_m: int) -> list[str]:
    placed = [
        (distance_m(near, Point(int(one["lat"]["N"]) / MICRO, int(one["lon"]["N"]) / MICRO)), one)
        for one in found
    ]
    inside = [(metres, -int(one["published"]["N"]), one["rangeKey"]["S"]) for metres, one in placed]
    return [id_ for metres, _, id_ in sorted(inside) if metres <= radius_m]


def _item(card: Card) -> Mapping[str, Any]:
    point, (geohash, hash_key) = card.cell.centre, _hashes(card.cell)
    return encode(
        {
            "hashKey": hash_key,
            "rangeKey": card.id,
            "geohash": geohash,
            "geoJson": f"{point.lat},{point.lon}",
            "lat": round(point.lat * MICRO),
            "lon": round(point.lon * MICRO),
            "category": card.category,
            "kind": card.kind,
            "spare": card.left,
            "published": card.published_at,
            "body": pack(card),
        }
    )


@cache
def _hashes(cell: Cell) -> tuple[int, int]:
    """Return the geohash of a cell's centre and the partition dynamodbgeo files it under."""
    manager = dynamodbgeo.S2Manager()
    geohash = manager.generateGeohash(dynamodbgeo.GeoPoint(cell.centre.lat, cell.centre.lon))
    return geohash, manager.generateHashKey(geohash, 2)
