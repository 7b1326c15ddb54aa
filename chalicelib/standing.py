"""What still stands: a notice may wait for hours, and what it tells may be overtaken meanwhile."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from chalicelib.listings.model import Listing
from chalicelib.listings.repository import Listings
from chalicelib.matching.mails import calls_of
from chalicelib.matching.model import Match
from chalicelib.matching.repository import Matches
from chalicelib.matching.steps import went_well
from chalicelib.notices.model import Notice, notice_id
from chalicelib.notices.repository import Outbox


def _awaits_an_answer(match: Match, notice: Notice) -> bool:
    """Say whether this very asking is open: who was queued may have been called since."""
    return match.state == "proposed" and calls_of(match) == notice.values["calls"]


def _awaits_a_coordinator(match: Match, _: Notice) -> bool:
    return match.state == "agreed"


def _was_not_taken_back(match: Match, _: Notice) -> bool:
    return match.state in ("accepted", "done")


def _may_be_told_of(match: Match, notice: Notice) -> bool:
    """Say whether the reader may still say how it went, and has not yet."""
    return match.state in ("accepted", "done") and match.outcome_of(notice.to) is None


def _ends_then(listing: Listing, notice: Notice) -> bool:
    """Say whether it ends as the notice says and has a place left to keep it for."""
    return _has_a_place(listing, notice) and str(listing.expires_at) == notice.values["expires_at"]


def _ended_then(listing: Listing, notice: Notice) -> bool:
    ended = listing.state == "expired" and listing.left > 0
    return ended and str(listing.expires_at) == notice.values["expires_at"]


def _has_a_place(listing: Listing, _: Notice) -> bool:
    return listing.state == "open" and listing.left > 0


_OF_MATCHES: Mapping[str, Callable[[Match, Notice], bool]] = MappingProxyType(
    {
        "asked_to_help": _awaits_an_answer,
        "offered_help": _awaits_an_answer,
        "place_free": _awaits_an_answer,
        "match_agreed": _awaits_a_coordinator,
        "match_accepted": _was_not_taken_back,
        "how_did_it_go": _may_be_told_of,
    }
)
_OF_LISTINGS: Mapping[str, Callable[[Listing, Notice], bool]] = MappingProxyType(
    {
        "listing_ending": _ends_then,
        "listing_expired": _ended_then,
        "need_unanswered": _has_a_place,
    }
)
"""By template, whether it is still so. What ended for good (declined, lapsed, refused) stays so."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The city's matches, listings and notices as they are now, asked about what a notice tells."""

    matches: Matches
    listings: Listings
    outbox: Outbox

    def untrue(self, notices: Sequence[Notice]) -> frozenset[str]:
        """Return the ids of the notices that something later has overtaken; a read of each kind at most."""
        ids = dict.fromkeys(each.subject for each in notices if each.template in _OF_MATCHES)
        matches = dict(zip(ids, self.matches.get_many([*ids]) if ids else (), strict=True))
        ids = dict.fromkeys(map(_listing_of, filter(_is_of_a_listing, notices)))
        listings = dict(zip(ids, self.listings.get_many([*ids]) if ids else (), strict=True))
        before = [word for each in notices if (word := _said_before(each, listings.get(_listing_of(each))))]
        told = {each.id for each in self.outbox.get_many(before) if each.told} if before else set()
        return frozenset(each.id for each in notices if not _stands(each, matches, listings, told))


def _stands(
    notice: Notice,
    matches: Mapping[str, Match | None],
    listings: Mapping[str, Listing | None],
    told: Collection[str],
) -> bool:
    listing = listings.get(_listing_of(notice))
    if notice.template in _OF_MATCHES:
        match = matches[notice.subject]
        if match is None or not _OF_MATCHES[notice.template](match, notice):
            return False
        return notice.template != "how_did_it_go" or not went_well(match, listing)
    if notice.template in _OF_LISTINGS:
        true = listing is not None and _OF_LISTINGS[notice.template](listing, notice)
        return true and _said_before(notice, listing) not in told
    return True


def _is_of_a_listing(notice: Notice) -> bool:
    return notice.template in _OF_LISTINGS or notice.template == "how_did_it_go"


def _listing_of(notice: Notice) -> str:
    """Return the listing that a notice is about; of a match, the need."""
    return notice.subject.partition("-")[0]


def _said_before(notice: Notice, listing: Listing | None) -> str:
    """Return the id of the notice after which nobody need be told of an end.

    It is the reminder, or where the author named the day, which is not reminded of, that nobody could help.
    """
    if notice.template != "listing_expired" or listing is None:
        return ""
    if listing.ends_as_named:
        return notice_id("need_unanswered", notice.to, notice.subject, str(listing.published_at))
    return notice_id("listing_ending", notice.to, notice.subject, notice.values["expires_at"])
