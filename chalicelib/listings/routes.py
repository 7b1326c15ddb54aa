"""Needs and offers over HTTP: publish, read, change, keep, end."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalice import Blueprint

from chalicelib.api.cursor import seal, unseal
from chalicelib.api.operation import Answer, Call, Operation, Parameter, operation
from chalicelib.api.reading import checked, one, only_known, read_version, whole
from chalicelib.api.shown import etag
from chalicelib.errors import Fault, NotFound
from chalicelib.identity import digest
from chalicelib.listings.card import Kind
from chalicelib.listings.model import Draft, Listing, OnBehalf
from chalicelib.listings.shown import show_listing, show_own_listing

if TYPE_CHECKING:
    from chalicelib.listings.bodies import ListingBody, ListingChange

routes = Blueprint(__name__)

MOST = 50
_ABOUT_PUBLISH = (
    "The place is a point or the text of an address inside the city; it stays private and is shown as a "
    "cell. The same Idempotency-Key repeats the request safely: it is answered 200 with the same listing."
)
_PUBLISHED = {201: "OwnListingShown", 200: "OwnListingShown"}
_OWN = {200: "OwnListingShown"}
_ETAG = ("ETag",)


def _publishing(kind: Kind) -> Operation:
    return Operation(
        noun="listings",
        name=f"publish_{kind}",
        method="POST",
        path=f"/v1/{kind}s",
        who="resident",
        summary=f"Publish {'a need' if kind == 'need' else 'an offer'}",
        about=_ABOUT_PUBLISH,
        body="ListingBody",
        answers=_PUBLISHED,
        problems=(409, 422, 429),
        headers=("ETag", "Location"),
    )


def _act(name: str, path: str, summary: str, **more: Any) -> Operation:
    return Operation("listings", name, "POST", path, "resident", summary, answers=_OWN, headers=_ETAG, **more)


@operation(routes, _publishing("need"))
def publish_need(call: Call) -> Answer:
    return _publish(call, "need")


@operation(routes, _publishing("offer"))
def publish_offer(call: Call) -> Answer:
    return _publish(call, "offer")


@operation(
    routes,
    Operation(
        "listings",
        "read_listing",
        "GET",
        "/v1/listings/{listing_id}",
        "anyone",
        "Read a listing",
        answers={200: "ListingShown"},
        problems=(404,),
        headers=_ETAG,
    ),
)
def read_listing(call: Call) -> Answer:
    listing = call.house.publishing.get(_id(call))
    if listing.state in ("held", "refused"):
        raise NotFound("not_found")
    return Answer(show_listing(listing, call.now), headers=etag(listing.version))


@operation(
    routes,
    Operation(
        "listings",
        "read_own_listings",
        "GET",
        "/v1/me/listings",
        "resident",
        "Read my listings, newest first",
        parameters=(
            Parameter("limit", "How many at most", {"type": "integer", "minimum": 1, "maximum": MOST}),
            Parameter("cursor", "Where the next page begins", {"type": "string"}),
        ),
        answers={200: "OwnListingsShown"},
        problems=(400, 422),
    ),
)
def read_own_listings(call: Call) -> Answer:
    faults: list[Fault] = []
    only_known(call.query, frozenset({"limit", "cursor"}), faults)
    limit = whole(one(call.query, "limit", faults), "/limit", 1, MOST, faults) or 20
    cursor = one(call.query, "cursor", faults)
    checked(faults)
    purpose = f"own-listings {call.person.id}"
    before = None if cursor is None else unseal(call.house.secrets, purpose, cursor)
    found = call.house.publishing.listings.of_author(call.person.id, before=before, limit=limit)
    last = found[-1] if len(found) == limit else None
    following = last and seal(call.house.secrets, purpose, f"{last.created_at:011d}#{last.id}")
    shown = [show_own_listing(listing, call.now) for listing in found]
    return Answer({"listings": shown, "next": following})


@operation(
    routes,
    Operation(
        "listings",
        "read_own_listing",
        "GET",
        "/v1/me/listings/{listing_id}",
        "resident",
        "Read a listing of mine, with its place",
        answers=_OWN,
        problems=(403, 404),
        headers=_ETAG,
    ),
)
def read_own_listing(call: Call) -> Answer:
    return _own(call, call.house.publishing.owned(_id(call), call.person.id))


@operation(
    routes,
    Operation(
        "listings",
        "edit_listing",
        "PATCH",
        "/v1/listings/{listing_id}",
        "resident",
        "Say a listing anew",
        about="Members that are left out stay as they are. Capacity cannot fall below what is taken.",
        body="ListingChange",
        answers=_OWN,
        problems=(403, 404, 409, 412, 422, 428),
        versioned=True,
        headers=_ETAG,
    ),
)
def edit_listing(call: Call) -> Answer:
    from chalicelib.listings.bodies import ListingChange

    version = read_version(call.headers)
    change = call.body(ListingChange)
    listing = call.house.publishing.owned(_id(call), call.person.id)
    draft = replace(listing.draft, **_said(call, change, change.model_fields_set))
    edited = call.house.publishing.edit(listing.id, draft, by=call.person.id, version=version, now=call.now)
    return _own(call, edited)


@operation(
    routes,
    _act(
        "withdraw_listing",
        "/v1/listings/{listing_id}/withdraw",
        "Withdraw a listing",
        problems=(403, 404, 409),
    ),
)
def withdraw_listing(call: Call) -> Answer:
    return _own(
        call, call.house.publishing.withdraw(_id(call), by=call.person.id, key=call.key, now=call.now)
    )


@operation(
    routes,
    _act(
        "renew_listing",
        "/v1/listings/{listing_id}/renew",
        "Let a listing stand for another lifetime",
        problems=(403, 404, 409),
    ),
)
def renew_listing(call: Call) -> Answer:
    return _own(call, call.house.publishing.renew(_id(call), by=call.person.id, key=call.key, now=call.now))


@operation(
    routes,
    _act(
        "fulfil_listing",
        "/v1/listings/{listing_id}/fulfil",
        "Say that a listing met its end",
        body="FulfilBody",
        problems=(403, 404, 409, 422),
    ),
)
def fulfil_listing(call: Call) -> Answer:
    from chalicelib.listings.bodies import FulfilBody

    outcome = call.body(FulfilBody).outcome
    publishing = call.house.publishing
    return _own(call, publishing.fulfil(_id(call), outcome, by=call.person.id, key=call.key, now=call.now))


def _publish(call: Call, kind: Kind) -> Answer:
    from chalicelib.listings.bodies import ListingBody

    body = call.body(ListingBody)
    print_ = digest(kind, body.model_dump_json()).hex()
    draft = Draft(**_said(call, body, type(body).model_fields))
    listing, new = call.house.publishing.publish(
        kind, draft, by=call.person, key=call.key, print_=print_, now=call.now
    )
    headers = {**etag(listing.version), "Location": f"/v1/listings/{listing.id}"}
    return Answer(show_own_listing(listing, call.now), 201 if new else 200, headers)


def _said(call: Call, body: "ListingBody | ListingChange", given: Iterable[str]) -> dict[str, Any]:
    """Return the given members of a body as a draft has them."""
    said: dict[str, Any] = {}
    for name in given:
        value = getattr(body, name)
        if name == "place":
            said["place"] = value.find(call.house.address_book)
        elif name == "windows":
            said["windows"] = value.windows
        elif name == "languages":
            said["languages"] = tuple(dict.fromkeys(value))
        elif name == "on_behalf_of":
            said["on_behalf"] = value and OnBehalf(value.relation, value.consent, call.now)
        elif name == "needed_by":
            said["needed_by"] = value and int(value.timestamp())
        else:
            said[name] = value
    return said


def _own(call: Call, listing: Listing) -> Answer:
    return Answer(show_own_listing(listing, call.now), headers=etag(listing.version))


def _id(call: Call) -> str:
    return call.path["listing_id"]
