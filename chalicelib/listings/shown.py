"""A listing in JSON: to anybody, and to its author."""

from collections.abc import Mapping
from typing import Any

from chalicelib.api.shown import show_cell, show_instant, show_time
from chalicelib.listings.model import Listing
from chalicelib.listings.windows import Windows


def show_listing(listing: Listing, now: int) -> dict[str, Any]:
    """Return what anybody may know: no name, no point, no address."""
    said = listing.draft
    return {
        "id": listing.id,
        "kind": listing.kind,
        "state": listing.shown_state(now),
        "category": said.category,
        "title": said.title,
        "text": said.text,
        "cell": show_cell(listing.cell),
        "reach_m": said.reach_m,
        "windows": show_windows(said.windows),
        "capacity": said.capacity,
        "left": listing.left,
        "languages": list(said.languages),
        "urgency": said.urgency,
        "trust": listing.trust,
        "on_behalf": said.on_behalf is not None,
        "needed_by": None if said.needed_by is None else show_instant(said.needed_by),
        "published_at": show_instant(listing.published_at),
        "expires_at": show_instant(listing.expires_at),
        "version": listing.version,
    }


def show_own_listing(listing: Listing, now: int) -> dict[str, Any]:
    place, behalf = listing.draft.place, listing.draft.on_behalf
    return {
        **show_listing(listing, now),
        "place": {"lat": place.point.lat, "lon": place.point.lon, "label": place.label},
        "on_behalf_of": behalf
        and {
            "relation": behalf.relation,
            "consent": behalf.consent,
            "recorded_at": show_instant(behalf.recorded_at),
        },
        "created_at": show_instant(listing.created_at),
        "outcome": listing.outcome,
        "refusal": listing.refusal,
    }


def show_windows(windows: Windows) -> Mapping[str, Any]:
    return {
        "weekly": [
            {"weekday": w.weekday, "start": show_time(w.start), "until": show_time(w.until)}
            for w in windows.weekly
        ],
        "dated": [
            {"day": w.day.isoformat(), "start": show_time(w.start), "until": show_time(w.until)}
            for w in windows.dated
        ],
    }
