"""Receipts: a thing remembers the last requests that changed it, so that a repeated one changes nothing."""

from chalicelib.errors import Conflict

Receipt = tuple[str, str]
"""A request's idempotency key and what it did."""

KEPT = 5


def received(receipts: tuple[Receipt, ...], receipt: Receipt) -> bool:
    """Tell whether this very request is among them; Conflict when its key did another thing."""
    key, done = receipt
    known = dict(receipts).get(key)
    if known is not None and known != done:
        raise Conflict("key_reused")
    return known is not None


def kept(receipts: tuple[Receipt, ...], receipt: Receipt) -> tuple[Receipt, ...]:
    return (*receipts[1 - KEPT :], receipt)
