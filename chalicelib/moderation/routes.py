"""Moderation over HTTP: what waits, and what is decided of it."""

from chalice import Blueprint

from chalicelib.api.operation import Answer, Call, Operation, operation
from chalicelib.api.shown import etag
from chalicelib.listings.model import Listing
from chalicelib.listings.shown import show_own_listing

routes = Blueprint(__name__)

_DECIDED = {200: "OwnListingShown"}
_ETAG = ("ETag",)


@operation(
    routes,
    Operation(
        "moderation",
        "read_held",
        "GET",
        "/v1/held",
        "moderator",
        "Read the listings that wait for a moderator",
        answers={200: "OwnListingsShown"},
    ),
)
def read_held(call: Call) -> Answer:
    held = call.house.desk.held()
    return Answer({"listings": [show_own_listing(listing, call.now) for listing in held], "next": None})


@operation(
    routes,
    Operation(
        "moderation",
        "release_listing",
        "POST",
        "/v1/held/{listing_id}/release",
        "moderator",
        "Open a held listing",
        answers=_DECIDED,
        problems=(404, 409),
        headers=_ETAG,
    ),
)
def release_listing(call: Call) -> Answer:
    listing, _ = call.house.desk.release(call.path["listing_id"], key=call.key, now=call.now)
    return _shown(call, listing)


@operation(
    routes,
    Operation(
        "moderation",
        "refuse_listing",
        "POST",
        "/v1/held/{listing_id}/refuse",
        "moderator",
        "Refuse a held listing, with a reason its author is told",
        body="RefuseBody",
        answers=_DECIDED,
        problems=(404, 409, 422),
        headers=_ETAG,
    ),
)
def refuse_listing(call: Call) -> Answer:
    from chalicelib.moderation.bodies import RefuseBody

    reason = call.body(RefuseBody).reason
    listing, _ = call.house.desk.refuse(call.path["listing_id"], reason, key=call.key, now=call.now)
    return _shown(call, listing)


def _shown(call: Call, listing: Listing) -> Answer:
    return Answer(show_own_listing(listing, call.now), headers=etag(listing.version))
