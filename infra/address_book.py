"""A city's address book: `python -m infra.address_book paris adresses-75.csv.gz` fills the city's table.

Saying it again changes nothing; after an interruption it goes on where it stopped.
"""

import argparse
import hashlib
import os
import random
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pynamodb.exceptions import PynamoDBException

from chalicelib.cities.model import load_city
from chalicelib.errors import DomainError
from chalicelib.places.dynamodb import ADDRESSES, item_of_town, items_of_street
from chalicelib.places.model import Point
from chalicelib.places.spelling import spelling
from chalicelib.places.street import Street, Town, Towns
from chalicelib.storage.codec import Item, encode
from chalicelib.storage.tables import Tables, connect
from infra.ban import NotAddresses, Reading, read, towns_of

CITIES = Path(__file__).with_name("cities")
BATCH = 25
"""Most items of one BatchWriteItem."""

NOTED_EVERY = 40
"""Batches after which an import notes how far it is."""


class MemoryAddressBook:
    """An address book that is not stored: for tests, and to try a file out."""

    def __init__(self, streets: Iterable[Street]) -> None:
        self._by_key: dict[str, list[Street]] = {}
        known = list(streets)
        for street in known:
            spelled = spelling(street.name)
            for key in (f"sound#{spelled.sound}", f"start#{spelled.start}"):
                self._by_key.setdefault(key, []).append(street)
        self._towns = Towns(towns_of(known))

    def towns(self) -> Towns:
        return self._towns

    def sounding(self, sound: str, postcodes: Collection[str] = ()) -> Sequence[Street]:
        return self._between(f"sound#{sound}", postcodes)

    def starting(self, start: str, postcodes: Collection[str] = ()) -> Sequence[Street]:
        return self._between(f"start#{start}", postcodes)

    def _between(self, key: str, postcodes: Collection[str]) -> Sequence[Street]:
        streets = self._by_key.get(key, [])
        if not postcodes:
            return streets
        first, last = min(postcodes), max(postcodes)
        return [street for street in streets if first <= street.postcode <= last]


def from_streets(rows: Iterable[Mapping[str, Any]]) -> list[Street]:
    """Return the streets of a small book without house numbers: name, postcode, town, lat, lon of each."""
    return [
        Street(row["name"], row["postcode"], row["town"], Point(row["lat"], row["lon"])) for row in rows
    ]


def fill(
    tables: Tables, streets: Sequence[Street], *, edition: str = "", progress: Callable[[float], None] = lambda _: None
) -> None:
    """Write the streets and their towns to the city's table; `progress` is told the part that is done.

    An import of the same edition that was interrupted is taken up where it noted last.
    """
    note = {"pk": "import", "sk": edition or "-"}
    stood = tables.get(ADDRESSES, note) or {}
    items = [item for street in streets for item in items_of_street(street)]
    items += [item_of_town(town) for town in towns_of(streets)]
    starts = range(stood.get("done", 0), len(items), BATCH)
    for turn, start in enumerate(starts, 1):
        _put(tables, items[start : start + BATCH])
        if turn % NOTED_EVERY == 0:
            _put(tables, [{**note, "done": start + BATCH}])
            progress(start / len(items))
    _write(tables, [{"DeleteRequest": {"Key": encode(note)}}])
    progress(1)


def _put(tables: Tables, items: Iterable[Item]) -> None:
    _write(tables, [{"PutRequest": {"Item": encode(item)}} for item in items])


def _write(tables: Tables, requests: Sequence[Mapping[str, Any]]) -> None:
    name, attempt = tables.name(ADDRESSES), 0
    while requests:
        answer = tables.connection.dispatch("BatchWriteItem", {"RequestItems": {name: requests}})
        requests = answer.get("UnprocessedItems", {}).get(name, ())
        if requests:
            attempt += 1
            tables.pause(attempt)
