"""A listing as a table keeps it and as the change log tells it."""

from dataclasses import fields
from datetime import date
from functools import lru_cache
from json import dumps, loads
from typing import Any
from zlib import compress, decompress
from zoneinfo import ZoneInfo

from chalicelib.listings.card import Card
from chalicelib.listings.model import KEPT_S, Draft, Listing, OnBehalf
from chalicelib.listings.windows import Dated, Weekly, Windows
from chalicelib.places.model import read_cell
from chalicelib.places.rows import place_item, read_place
from chalicelib.storage.agenda import due
from chalicelib.storage.transaction import Change

LISTING = "listing"
"""What the change log calls lines about a listing."""

HELD = "held"
"""Where what waits for a moderator is filed: it is due to a person, not at an hour."""

_CARD = tuple(field.name for field in fields(Card))
_PLAIN = tuple(f.name for f in fields(Listing) if f.name not in ("id", "draft", "cell", "receipts"))
_SAID = tuple(f.name for f in fields(Draft) if f.name not in ("place", "windows", "on_behalf"))


def listing_item(listing: Listing) -> dict[str, Any]:
    said = listing.draft
    item = {name: getattr(listing, name) for name in _PLAIN} | {name: getattr(said, name) for name in _SAID}
    if said.on_behalf is not None:
        behalf = said.on_behalf
        item["on_behalf"] = (behalf.relation, behalf.consent, behalf.recorded_at)
    item["weekly"] = tuple((w.weekday, w.start, w.until) for w in said.windows.weekly)
    item["dated"] = tuple((w.day.isoformat(), w.start, w.until) for w in said.windows.dated)
    item["cell"], item["place"] = listing.cell.id, place_item(said.place)
    item["created_key"] = f"{listing.created_at:011d}#{listing.id}"
    return {"pk": listing.id, **item, "receipts": listing.receipts, **_owed(listing)}


def read_listing(item: dict[str, Any]) -> Listing:
    windows = Windows(
        tuple(Weekly(*window) for window in item["weekly"]),
        tuple(Dated(date.fromisoformat(day), start, until) for day, start, until in item["dated"]),
    )
    behalf = OnBehalf(*item["on_behalf"]) if "on_behalf" in item else None
    said: dict[str, Any] = {name: item.get(name) for name in _SAID}
    draft = Draft(place=read_place(item["place"]), windows=windows, on_behalf=behalf, **said)
    cell = read_cell(item["cell"])
    if cell is None:
        raise ValueError(item["cell"])
    plain: dict[str, Any] = {name: item[name] for name in _PLAIN if name in item}
    return Listing(id=item["pk"], draft=draft, cell=cell, receipts=item["receipts"], **plain)


def change_of(listing: Listing, zone: ZoneInfo) -> Change:
    """Return the line of the change log that says how the listing stands now."""
    return Change(f"{LISTING}#{listing.id}", listing.version, pack(listing.card(zone)))


def pack(card: Card) -> bytes:
    """Return the card in few bytes: the change log is read by every search."""
    values = [getattr(card, name) for name in _CARD]
    values[_CARD.index("cell")] = card.cell.id
    values[_CARD.index("slots")] = f"{card.slots:x}"
    return compress(dumps(values, ensure_ascii=False, separators=(",", ":")).encode(), 9)


@lru_cache(maxsize=512)
def unpack(data: bytes) -> Card:
    """Return the card of a line; search after search reads the last half minute's again."""
    card: dict[str, Any] = dict(zip(_CARD, loads(decompress(data)), strict=True))
    card["cell"], card["slots"] = read_cell(card["cell"]), int(card["slots"], 16)
    for name in ("title_terms", "text_terms", "languages"):
        card[name] = tuple(card[name])
    card["spans"] = tuple((start, until) for start, until in card["spans"])
    return Card(**card)


def _owed(listing: Listing) -> dict[str, Any]:
    """Return under what the listing is filed: what a schedule must do with it next."""
    if listing.state == "held":
        return {"due_hour": HELD, "due_key": f"{listing.created_at:011d}#{listing.id}"}
    if listing.state == "open" and listing.remind_at is not None:
        return due("remind", listing.remind_at, listing.id)
    if listing.state == "open":
        return due("expire", listing.expires_at, listing.id)
    gone = (listing.ended_at or listing.created_at) + KEPT_S
    return {**due("purge", gone, listing.id), "purge_at": gone}
