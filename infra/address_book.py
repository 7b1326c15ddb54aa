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
from chalicelib.places.street import Street, Towns
from chalicelib.storage.codec import Item, encode
from chalicelib.storage.tables import Tables, connect
from infra.ban import NotAddresses, Reading, read, towns_of

CITIES = Path(__file__).with_name("cities")
BATCH = 25
"""Most items of one BatchWriteItem."""

NOTED_EVERY = 10
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
    return [Street(row["name"], row["postcode"], row["town"], Point(row["lat"], row["lon"])) for row in rows]


def fill(
    tables: Tables,
    streets: Sequence[Street],
    *,
    edition: str = "",
    progress: Callable[[float], None] = lambda _: None,
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


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m infra.address_book", description=__doc__)
    asked.add_argument("city", metavar="CITY", choices=sorted(path.stem for path in CITIES.glob("*.json")))
    asked.add_argument("file", metavar="FILE.csv[.gz]", type=Path)
    asked.add_argument("--region", default=os.environ.get("AWS_REGION", "eu-west-3"))
    choice = asked.parse_args()
    try:
        _import(choice.city, choice.file, choice.region)
    except (NotAddresses, OSError, DomainError, PynamoDBException) as error:
        print(f"\nNothing more was written: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def _import(slug: str, path: Path, region: str) -> None:
    city = load_city(CITIES / f"{slug}.json")
    reading = Reading(city.contains, city.name)
    read(path, reading, progress=lambda rows: _show(f"{rows:,} rows read"))
    streets = reading.streets()
    _show(
        f"{reading.rows:,} rows read: {len(streets):,} streets. Left out: {reading.outside:,} rows outside "
        f"{city.name}, {reading.nameless:,} that name no street.\n"
    )
    tables = Tables(connect(region), slug, lambda: time.time_ns() // 1_000_000, _pause)
    edition = hashlib.sha256(path.read_bytes()).hexdigest()
    fill(tables, streets, edition=edition, progress=lambda part: _show(f"{part:.0%} written"))
    _show("The address book is complete.\n")


def _show(text: str) -> None:
    """Print over what was printed last; a text that ends its line stays."""
    print(f"\r\033[K{text}", end="", flush=True)


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0, min(5.0, 0.05 * 2**attempt)))  # noqa: S311 — only to spread the calls


if __name__ == "__main__":
    sys.exit(main())
