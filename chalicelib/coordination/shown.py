"""What was agreed and waits for a coordinator, in JSON."""

from typing import Any

from chalicelib.api.shown import show_instant
from chalicelib.listings.shown import show_listing
from chalicelib.matching.model import CONFIRM_S
from chalicelib.matching.repository import Pair


def show_agreed(pair: Pair, now: int) -> dict[str, Any]:
    match, need, offer = pair
    assert match is not None
    return {
        "id": match.id,
        "state": match.state,
        "need": need and show_listing(need, now),
        "offer": offer and show_listing(offer, now),
        "distance_m": pair.distance_m,
        "terms": dict(match.terms),
        "agreed_at": show_instant(match.due_at - CONFIRM_S),
        "overdue": now >= match.due_at,
    }
