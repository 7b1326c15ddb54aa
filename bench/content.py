"""What the benchmarks are run on: listings as a city like Paris would have them, all of them standing."""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.listings.card import Card
from chalicelib.listings.model import Draft, Listing
from chalicelib.listings.rows import listing_item
from chalicelib.listings.windows import ANY_TIME, SLOT_MINUTES, SLOTS_A_DAY, Dated, Span, Weekly, Windows
from chalicelib.places.model import Place
from chalicelib.storage.codec import encode
from tests.cards import NOW, Cards

ZONE = ZoneInfo("Europe/Paris")
LARGEST = 100_000
SIZES = (1_000, 10_000, LARGEST)
WAITING = 8
DAYS_LEFT = 100
"""Listings end one after another over so many days: one day's are a hundredth of them."""

_DAY = (1 << SLOTS_A_DAY) - 1


def city_of(size: int) -> str:
    """Return the slug of the city that has so many listings."""
    return f"bench-{size}"


@cache
def listings(size: int) -> list[Listing]:
    """Return so many listings; fewer are the first of more."""
    if size < LARGEST:
        return listings(LARGEST)[:size]
    source = Cards(seed=8)
    made = source.many(LARGEST)
    ends = [NOW + 1 + DAYS_LEFT * 86_400 * rank // LARGEST for rank in range(LARGEST)]
    source.random.shuffle(ends)
    return [_listing(card, end) for card, end in zip(made, ends, strict=True)]


@cache
def cards(size: int) -> list[Card]:
    """Return the cards of those listings."""
    if size < LARGEST:
        return cards(LARGEST)[:size]
    return [listing.card(ZONE) for listing in listings(LARGEST)]


@cache
def changes(size: int) -> list[Card]:
    """Return what became of a few of the cards since the snapshot: just less than 4 KB in the log."""
    return [
        replace(card, version=card.version + 1, left=card.left + 1, capacity=card.capacity + 1)
        for card in cards(size)[:WAITING]
    ]


def export(directory: Path, table: str, items: Iterable[Mapping[str, Any]]) -> None:
    """Write a table's encoded items as an export of DynamoDB holds them."""
    data = directory / table / "data"
    data.mkdir(parents=True, exist_ok=True)
    with gzip.open(data / "0.json.gz", "wt", compresslevel=1, encoding="utf-8") as file:
        file.writelines(json.dumps({"Item": item}, default=_text) + "\n" for item in items)


def listing_items(size: int) -> Iterator[Mapping[str, Any]]:
    return (encode(listing_item(listing)) for listing in listings(size))


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _listing(card: Card, expires_at: int) -> Listing:
    draft = Draft(
        category=card.category,
        title=card.title,
        text=f"{' '.join(card.text_terms).capitalize()}.",
        place=Place(card.cell.centre, "12 rue de la Concorde"),
        reach_m=card.reach_m,
        windows=_windows(card.slots, card.spans),
        capacity=card.capacity,
        languages=card.languages,
        urgency=card.urgency,
        on_behalf=None,
        needed_by=card.needed_by,
    )
    return Listing(
        id=card.id,
        kind=card.kind,
        author=card.author,
        trust=card.trust,
        draft=draft,
        cell=card.cell,
        left=card.left,
        state="open",
        created_at=card.published_at,
        published_at=card.published_at,
        expires_at=expires_at,
        print="0" * 64,
        version=card.version,
    )


def _windows(slots: int, spans: tuple[Span, ...]) -> Windows:
    """Return the windows that give those half hours of the week and those spans."""
    weekly = () if slots == ANY_TIME and not spans else tuple(_weekly(slots))
    return Windows(weekly, tuple(_dated(span) for span in spans))


def _weekly(slots: int) -> Iterator[Weekly]:
    for weekday in range(7):
        day = slots >> weekday * SLOTS_A_DAY & _DAY
        if day:
            first, last = (day & -day).bit_length() - 1, day.bit_length()
            yield Weekly(weekday, first * SLOT_MINUTES, last * SLOT_MINUTES % (24 * 60))


def _dated(span: Span) -> Dated:
    start, until = (datetime.fromtimestamp(at, ZONE) for at in span)
    return Dated(start.date(), start.hour * 60 + start.minute, until.hour * 60 + until.minute)
