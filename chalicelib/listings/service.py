"""Publish a listing, change it, keep it standing, end it; and what schedules owe it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from chalicelib.cities.model import Category, City
from chalicelib.errors import Conflict, Fault, Invalid, NotFound
from chalicelib.identity import is_id, make_id
from chalicelib.listings.card import Kind
from chalicelib.listings.model import DAY_S, KEPT_S, REMEMBERED_S, Draft, Listing, Outcome
from chalicelib.listings.repository import Job, Listings
from chalicelib.places.model import cell_at
from chalicelib.receipts import Receipt, received
from chalicelib.rounds import Round, go_round

if TYPE_CHECKING:
    from chalicelib.notices.model import Notice, Pace
    from chalicelib.people.model import Person

TRIES = 4
"""Of a change that another change of the same listing overtook."""


@dataclass(frozen=True, slots=True)
class Publishing:
    """The city's listings and the city's rules."""

    listings: Listings
    city: City

    def publish(
        self, kind: Kind, draft: Draft, *, by: "Person", key: str, print_: str, now: int
    ) -> tuple[Listing, bool]:
        """Publish a need or an offer; the same request again finds the same listing. True when it is new."""
        category = self._checked(draft, now)
        expires_at, remind_at = lifetime(kind, draft, self.city, now)
        listing = Listing(
            id=make_id("listing", by.id, key),
            kind=kind,
            author=by.id,
            trust=by.trust,
            draft=draft,
            cell=cell_at(draft.place.point, self.city.cell_m),
            left=draft.capacity,
            state="held" if category.moderation == "before" else "open",
            created_at=now,
            published_at=now,
            expires_at=expires_at,
            remind_at=remind_at,
            print=print_,
        )
        limit = (f"publish#{by.id}", self.city.limits.listings_per_day, (now // DAY_S + 1) * DAY_S)
        standing = self.listings.add(listing, limit=limit)
        if standing.print != print_:
            raise Conflict("key_reused")
        return standing, standing is listing

    def edit(self, listing_id: str, draft: Draft, *, by: str, version: int, now: int) -> Listing:
        """Say a listing anew; it ends when it did, unless it is needed by another time than before."""
        listing = self.owned(listing_id, by)
        listing.at(version)
        category = self._checked(draft, now)
        expires_at, remind_at = listing.expires_at, listing.remind_at
        if draft.needed_by != listing.draft.needed_by:
            expires_at, remind_at = lifetime(listing.kind, draft, self.city, now)
        edited = listing.edited(
            draft,
            cell_at(draft.place.point, self.city.cell_m),
            now,
            held=category.moderation == "before",
            expires_at=expires_at,
            remind_at=remind_at,
        )
        try:
            self.listings.save(edited)
        except Conflict:
            self.owned(listing_id, by).at(version)
            raise
        return edited

    def withdraw(self, listing_id: str, *, by: str, key: str, now: int) -> Listing:
        return self._change(listing_id, by, (key, "withdraw"), lambda listing: listing.withdrawn(now))

    def fulfil(self, listing_id: str, outcome: Outcome, *, by: str, key: str, now: int) -> Listing:
        receipt = (key, f"fulfil {outcome}")
        return self._change(listing_id, by, receipt, lambda listing: listing.fulfilled(now, outcome))

    def renew(self, listing_id: str, *, by: str, key: str, now: int) -> Listing:
        """Let a listing stand for another lifetime from now."""
        return self._change(listing_id, by, (key, "renew"), partial(self._renewed, now=now))

    def owned(self, listing_id: str, by: str) -> Listing:
        listing = self.get(listing_id)
        listing.owned_by(by)
        return listing

    def get(self, listing_id: str) -> Listing:
        listing = self.listings.get(listing_id) if is_id(listing_id) else None
        if listing is None:
            raise NotFound("not_found")
        return listing

    def expire_due(self, now: int) -> Round:
        """End what has lapsed and tell its author; it was shown to nobody since it lapsed."""
        return self._round("expire", lambda listing: self._expire(listing, now), now)

    def remind_due(self, now: int) -> Round:
        """Tell authors that a listing ends soon, with one tap to keep it."""
        return self._round("remind", lambda listing: self._remind(listing, now), now)

    def purge_due(self, now: int) -> Round:
        """Forget what has been over for long enough."""
        return self._round("purge", lambda listing: self._purge(listing, now), now)

    def _round(self, job: Job, act: Callable[[Listing], object], now: int) -> Round:
        due = self.listings.due(job, now)
        outcome = go_round(due, lambda listing_id: act(self.get(listing_id)))
        if not outcome.failed:
            self.listings.finished(job, now)
        return outcome

    def _expire(self, listing: Listing, now: int) -> None:
        ended = listing.expired(now)
        mail = mail_about("listing_expired", listing, now, about=str(listing.expires_at))
        self.listings.save(ended, (mail,))

    def _remind(self, listing: Listing, now: int) -> None:
        if listing.remind_at is None or listing.state != "open" or now < listing.remind_at:
            raise Conflict("listing_not_due")
        if now >= listing.expires_at:  # a reminder would come too late: only the end is told
            return self._expire(listing, now)
        mail = mail_about("listing_ending", listing, now, about=str(listing.expires_at))
        return self.listings.save(listing.reminded(), (mail,))

    def _purge(self, listing: Listing, now: int) -> None:
        if listing.ended_at is None or now < listing.ended_at + KEPT_S:  # it was renewed after all
            raise Conflict("listing_not_due")
        self.listings.purge(listing)

    def _renewed(self, listing: Listing, now: int) -> Listing:
        expires_at, remind_at = lifetime(listing.kind, listing.draft, self.city, now)
        if expires_at <= now:
            raise Conflict("listing_past")
        return listing.renewed(now, expires_at=expires_at, remind_at=remind_at)

    def _change(
        self, listing_id: str, by: str, receipt: Receipt, act: Callable[[Listing], Listing]
    ) -> Listing:
        """Change one's own listing once a key: the same request again finds it done."""
        for _ in range(TRIES):
            listing = self.owned(listing_id, by)
            if received(listing.receipts, receipt):
                return listing
            changed = act(listing).with_receipt(receipt)
            try:
                self.listings.save(changed)
            except Conflict:
                continue
            return changed
        raise Conflict("listing_changed")

    def _checked(self, draft: Draft, now: int) -> Category:
        faults = list(_faults(draft, self.city, now))
        if faults:
            raise Invalid(*faults)
        return category_of(draft, self.city)


def category_of(draft: Draft, city: City) -> Category:
    category = city.category(draft.category)
    if category is None:
        raise Invalid(Fault("/category", "category_unknown"))
    return category


def lifetime(kind: Kind, draft: Draft, city: City, now: int) -> tuple[int, int | None]:
    """Return when a listing that begins now ends, and from when on its author is reminded, if there is time.

    Nobody is reminded of a day they named themselves. A reminder begins to wait for company a third of the
    lifetime before the end, as long as it is remembered, `remind_days` at the least. Offers stand longer.
    """
    days = category_of(draft, city).lifetime_days
    ends = now + (days if kind == "need" else max(days, city.limits.offer_days)) * DAY_S
    if draft.needed_by is not None:
        ends = min(ends, draft.needed_by)
    early = min((ends - now) // 3, REMEMBERED_S)
    remind = ends - max(early, city.limits.remind_days * DAY_S)
    return ends, remind if remind > now and ends != draft.needed_by else None


def mail_about(
    template: str, listing: Listing, now: int, *, about: str, pace: "Pace | None" = None
) -> "Notice":
    """Return what the author is told of a listing."""
    from chalicelib.notices.model import notice  # noqa: PLC0415 — publishing owes no mail

    values = {
        "title": listing.draft.title,
        "kind": listing.kind,
        "expires_at": str(listing.expires_at),
        "reason": listing.refusal or "",
    }
    until = listing.expires_at if template in ("listing_ending", "need_unanswered") else None
    author = listing.author
    return notice(template, author, listing.id, now, about=about, values=values, pace=pace, until=until)


def _faults(draft: Draft, city: City, now: int) -> Iterator[Fault]:
    """Yield what only the city can know to be wrong with a draft."""
    if city.category(draft.category) is None:
        yield Fault("/category", "category_unknown")
    if not city.contains(draft.place.point):
        yield Fault("/place", "outside_city", {"city": city.name})
    if draft.reach_m > city.limits.radius_max_m:
        yield Fault("/reach_m", "less_than_equal", {"le": city.limits.radius_max_m})
    if draft.needed_by is not None and draft.needed_by <= now:
        yield Fault("/needed_by", "in_the_past")
    yield from draft.windows.faults(city.zone)
    for index, window in enumerate(draft.windows.dated):
        if window.span(city.zone)[1] <= now:
            yield Fault(f"/windows/dated/{index}", "in_the_past")
