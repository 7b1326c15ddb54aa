"""Expiry of a hundredth of the listings: when it takes effect, and what finding and ending them cost."""

from collections.abc import Iterator
from math import ceil

from bench.content import LARGEST, ZONE, cards, city_of, listings
from bench.ground import Ground
from bench.meter import metered
from bench.rows import Row, missing, progress, row
from chalicelib.board.model import Query, Where
from chalicelib.board.replica import Replica
from chalicelib.board.search import search
from chalicelib.board.segment import Segment
from chalicelib.cities.model import load_city
from chalicelib.listings.dynamodb import DynamoListings
from chalicelib.listings.model import Listing
from chalicelib.listings.service import Publishing
from chalicelib.settings import CITIES
from chalicelib.storage.agenda import Agenda, due
from tests.cards import NOW

HOUR_S, DAY_S = 3_600, 86_400
WATCHED = 100
"""Listings that are looked for at their end."""


def rows(ground: Ground) -> Iterator[Row]:
    progress("expiring a hundredth of the listings")
    yield _effect()
    if ground.engine is None:
        yield missing("expire_units", ground.reason)
        return
    city, later = city_of(LARGEST), NOW + DAY_S
    agenda = Agenda(ground.tables(city), "listings", "expire")
    agenda.finished(NOW)
    with ground.metered() as meter:
        found = len(list(agenda.due(later)))
    units = meter.total
    due_then = [listing for listing in listings(LARGEST) if listing.expires_at <= later]
    assert found == len(due_then), (found, len(due_then))
    unit = f"read units to find {found:,}"
    floor = ceil(sum(map(_key_bytes, due_then)) / 4_096) / 2
    scanned = _scanned(ground, f"entraide-{city}-listings")
    yield row("expire_units", LARGEST, units, unit, peer="scan + filter", peer_value=scanned)
    yield row("expire_units", LARGEST, units, unit, peer="bytes of their keys / 4 KB / 2", peer_value=floor)
    yield row("expire_units", LARGEST, units, unit, peer="an hour's index, an hour a query", peer_value=24.0)
    yield from _ended(ground)


def _effect() -> Row:
    """Return how long after its end a listing is still found: nothing has run meanwhile."""
    replica = Replica(Segment.of(cards(1_000)))
    late = 0
    for card in sorted(cards(1_000), key=lambda card: card.expires_at)[:WATCHED]:
        query = Query(Where(kind=card.kind, state=None), card.cell.centre, 1, "ending", 100)
        shown = {hit.card.id for hit in search(replica, query, card.expires_at).hits}
        before = {hit.card.id for hit in search(replica, query, card.expires_at - 1).hits}
        late += card.id in shown or card.id not in before
    return row("expire_effect_s", 1_000, late, f"of {WATCHED} shown at their end or gone before", most=0)


def _ended(ground: Ground) -> Iterator[Row]:
    """Yield what a round costs for each listing it ends, when few are due and when many are."""
    listings_ = DynamoListings(ground.tables(city_of(LARGEST)), ZONE)
    publishing = Publishing(listings_, load_city(CITIES / "paris.json"))
    each: list[tuple[int, float]] = []
    for hours in (1, 6):
        with ground.metered() as meter:
            done = publishing.expire_due(NOW + hours * HOUR_S).done
        each.append((done, meter.total / done))
    (few, each_of_few), (many, each_of_many) = each
    yield row(
        "expire_units, each ended and told",
        many,
        each_of_many,
        "units, found, read, written and mail owed",
        peer=f"a round that ends {few}",
        peer_value=each_of_few,
        most_ratio=1.05,
    )


def _scanned(ground: Ground, table: str) -> float:
    assert ground.engine is not None
    client = ground.engine.client
    request = {
        "TableName": table,
        "FilterExpression": "expires_at <= :now",
        "ExpressionAttributeValues": {":now": {"N": str(NOW + DAY_S)}},
    }
    with metered(client) as meter:
        answer = client.scan(**request)
        while "LastEvaluatedKey" in answer:
            answer = client.scan(**request, ExclusiveStartKey=answer["LastEvaluatedKey"])
    return meter.total


def _key_bytes(listing: Listing) -> int:
    filed = due("expire", listing.expires_at, listing.id)
    return sum(len(name) + len(value) for name, value in filed.items()) + len("pk") + len(listing.id)
