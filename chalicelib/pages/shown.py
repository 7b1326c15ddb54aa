"""What the pages show of a match: what somebody is asked and, from their yes on, what was agreed.

The link of a mail may be passed on: a page shows no more than that mail said, and that it was answered.
"""

from typing import TYPE_CHECKING

from chalicelib.pages.model import Way, done_page
from chalicelib.places.model import distance_m
from chalicelib.postman import show_windows
from chalicelib.taps import Tap, seal
from chalicelib.wording.figures import show_distance, show_moment
from chalicelib.wording.model import say, sentence

if TYPE_CHECKING:
    from chalicelib.listings.model import Listing
    from chalicelib.matching.repository import Pair
    from chalicelib.wiring import House

Facts = list[tuple[str, str]]


def show_asked(house: "House", language: str, pair: "Pair", tap: Tap) -> Facts:
    """Return what a match is about, in the reader's words."""
    assert pair.match is not None
    other = house.people.get(pair.match.other(pair.match.side_of(tap.person)))
    facts = [("person", (other and other.name) or sentence(say(language, "person.nameless")))]
    if pair.need is not None:
        facts.append(("title", pair.need.draft.title))
    if pair.need is not None and pair.offer is not None:
        metres = distance_m(pair.need.cell.centre, pair.offer.cell.centre)
        facts.append(("distance", show_distance(language, metres)))
    return _named(language, facts)


def show_agreed(house: "House", language: str, pair: "Pair", tap: Tap, now: int) -> str:
    """Return the page of a match that stands, as who said yes is shown it, with the way to take it back."""
    match, need = pair.match, pair.need
    assert match is not None
    facts = show_asked(house, language, pair, tap)
    if need is not None:
        when = show_windows(language, need.draft.windows)
        facts += _named(
            language, [("category", say(language, f"category.{need.draft.category}")), ("when", when)]
        )
    facts += _named(language, [("message", match.message)] if match.message else [])
    kept, keep = show_end(house, language, own(pair, tap), tap, now)
    state = "agreed" if match.state == "agreed" else "accept"
    parts = [say(language, f"page.{state}.after", until=show_moment(language, tap.until, house.city.zone))]
    if match.state != "agreed":
        parts.append(say(language, "mail.match_accepted.next"))
    ways = [Way(say(language, "mail.match_accepted.secondary"), seal(house.secrets, _cancelling(tap)))]
    return done_page(
        language,
        city_name=house.city.name,
        title=say(language, f"page.{state}.done"),
        text="\n\n".join(parts),
        facts=facts + kept,
        ways=[*(ways if match.state != "done" else ()), *keep],
    )


def show_end(
    house: "House", language: str, listing: "Listing | None", tap: Tap, now: int
) -> tuple[Facts, list[Way]]:
    """Return until when a listing of the reader's stands, and the way to keep it, if its end is near."""
    if listing is None or not listing.ends_soon(now):
        return [], []
    ends = show_moment(language, listing.expires_at, house.city.zone)
    renewing = Tap("renew", listing.id, tap.person, tap.until, str(listing.expires_at))
    way = Way(say(language, "page.renew.keep", title=listing.draft.title), seal(house.secrets, renewing))
    return _named(language, [("own_ends", ends)]), [way]


def own(pair: "Pair", tap: Tap) -> "Listing | None":
    """Return the listing of a pair that is the reader's."""
    return next((each for each in (pair.need, pair.offer) if each and each.author == tap.person), None)


def _cancelling(tap: Tap) -> Tap:
    """Return what takes back the yes of a tap: it is good for as long as that is."""
    return Tap("cancel", tap.subject, tap.person, tap.until)


def _named(language: str, facts: Facts) -> Facts:
    return [(say(language, f"fact.{name}"), shown) for name, shown in facts]
