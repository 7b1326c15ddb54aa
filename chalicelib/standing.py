"""What still stands: a notice may wait for hours, and what it tells may be overtaken meanwhile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from chalicelib.listings.model import Listing
from chalicelib.listings.repository import Listings
from chalicelib.matching.mails import calls_of
from chalicelib.matching.model import Match
from chalicelib.matching.repository import Matches
from chalicelib.notices.model import Notice


def _awaits_an_answer(match: Match, notice: Notice) -> bool:
    """Say whether this very asking is open: who was queued may have been called since."""
    return match.state == "proposed" and calls_of(match) == notice.values["calls"]


def _awaits_a_coordinator(match: Match, _: Notice) -> bool:
    return match.state == "agreed"


def _was_not_taken_back(match: Match, _: Notice) -> bool:
    return match.state in ("accepted", "done")


def _may_be_told_of(match: Match, notice: Notice) -> bool:
    """Say whether the reader may still say how it went, and has not yet."""
    said = match.seeker_outcome if notice.to == match.seeker else match.helper_outcome
    return match.state in ("accepted", "done") and said is None


def _ends_then(listing: Listing, notice: Notice) -> bool:
    return listing.state == "open" and str(listing.expires_at) == notice.values["expires_at"]


def _ended_then(listing: Listing, notice: Notice) -> bool:
    return listing.state == "expired" and str(listing.expires_at) == notice.values["expires_at"]


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
    """The city's matches and listings as they are now, asked about what a notice tells."""

    matches: Matches
    listings: Listings

    def untrue(self, notices: Sequence[Notice]) -> frozenset[str]:
        """Return the ids of the notices that something later has overtaken; two reads at most."""
        about_matches = [each for each in notices if each.template in _OF_MATCHES]
        about_listings = [each for each in notices if each.template in _OF_LISTINGS]
        matches = self.matches.get_many([each.subject for each in about_matches]) if about_matches else []
        listings = self.listings.get_many([each.subject for each in about_listings]) if about_listings else []
        return frozenset(
            [
                notice.id
                for notice, match in zip(about_matches, matches, strict=True)
                if match is None or not _OF_MATCHES[notice.template](match, notice)
            ]
            + [
                notice.id
                for notice, listing in zip(about_listings, listings, strict=True)
                if listing is None or not _OF_LISTINGS[notice.template](listing, notice)
            ]
        )
