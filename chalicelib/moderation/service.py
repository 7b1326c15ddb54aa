"""What a moderator decides: a held listing is opened or refused, and its author is told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.cities.model import City
from chalicelib.errors import Conflict, NotFound
from chalicelib.identity import is_id
from chalicelib.listings.model import Listing
from chalicelib.listings.repository import Listings
from chalicelib.listings.service import TRIES, lifetime, mail_about
from chalicelib.notices.model import Notice
from chalicelib.receipts import Receipt, received


class Told(NamedTuple):
    """A listing as it now stands and the notices its change owes."""

    listing: Listing
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """The moderators' desk of the city."""

    listings: Listings
    city: City

    def held(self) -> list[Listing]:
        """Return what waits, oldest first."""
        return self.listings.held()

    def release(self, listing_id: str, *, key: str, now: int) -> Told:
        """Open a held listing; its lifetime begins now."""

        def act(held: Listing) -> Listing:
            expires_at, remind_at = lifetime(held.kind, held.draft, self.city, now)
            return held.released(now, expires_at=expires_at, remind_at=remind_at)

        return self._decide("listing_released", listing_id, (key, "release"), act, now)

    def refuse(self, listing_id: str, reason: str, *, key: str, now: int) -> Told:
        """Refuse a held listing, and say why."""

        def act(held: Listing) -> Listing:
            return held.refused(now, reason)

        return self._decide("listing_refused", listing_id, (key, f"refuse {reason}"), act, now)

    def _decide(
        self, template: str, listing_id: str, receipt: Receipt, act: Callable[[Listing], Listing], now: int
    ) -> Told:
        """Decide once a key: the same request again finds it done."""
        for _ in range(TRIES):
            listing = self.listings.get(listing_id) if is_id(listing_id) else None
            if listing is None:
                raise NotFound("not_found")
            if received(listing.receipts, receipt):
                return Told(listing)
            decided = act(listing).with_receipt(receipt)
            mail = mail_about(template, decided, now, about=str(decided.version))
            try:
                self.listings.save(decided, (mail,))
            except Conflict:
                continue
            return Told(decided, (mail,))
        raise Conflict("listing_changed")
