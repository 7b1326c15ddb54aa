"""People over HTTP: sign in and out, and oneself."""

from typing import TYPE_CHECKING, Any

from chalice import Blueprint

from chalicelib.api.operation import Answer, Call, Operation, operation
from chalicelib.api.reading import read_version
from chalicelib.api.shown import etag, show_cell, show_instant, show_time
from chalicelib.errors import Fault, Invalid

if TYPE_CHECKING:
    from chalicelib.people.bodies import MeChange
    from chalicelib.people.model import Person
    from chalicelib.people.service import Opened

routes = Blueprint(__name__)


@operation(
    routes,
    Operation(
        "people",
        "start_sign_in",
        "POST",
        "/v1/sign-in",
        "anyone",
        "Ask for a link and a code by mail",
        about=(
            "The answer is the same whether the address is known or not. The link and the code are good for "
            "fifteen minutes and one session; a code may be tried five times."
        ),
        body="SignInBody",
        answers={202: "SignInShown"},
        problems=(409, 422, 429),
    ),
)
def start_sign_in(call: Call) -> Answer:
    from chalicelib.people.bodies import SignInBody
    from chalicelib.people.model import LINK_S

    address = call.body(SignInBody).email
    attempt, notice = call.house.door.start(
        address, language=call.language, ip=call.ip, key=call.key, now=call.now
    )
    call.house.dispatcher.send_now([notice], call.now)
    return Answer({"attempt": attempt.id, "expires_at": show_instant(attempt.made_at + LINK_S)}, 202)


@operation(
    routes,
    Operation(
        "people",
        "open_session",
        "POST",
        "/v1/sessions",
        "anyone",
        "Sign in with the link's token or the code",
        body="SessionBody",
        answers={201: "SessionShown"},
        problems=(401, 409, 422),
    ),
)
def open_session(call: Call) -> Answer:
    from chalicelib.people.bodies import SessionBody

    body = call.body(SessionBody)
    if body.token is not None:
        opened = call.house.door.open_by_link(body.token, key=call.key, now=call.now)
    else:
        opened = call.house.door.open_by_code(body.attempt or "", body.code or "", key=call.key, now=call.now)
    return Answer(show_session(opened, call.house.city.cell_m), 201)


@operation(
    routes,
    Operation(
        "people",
        "sign_out",
        "DELETE",
        "/v1/sessions/current",
        "resident",
        "Sign out here",
        answers={204: None},
    ),
)
def sign_out(call: Call) -> Answer:
    call.house.door.leave(call.session)
    return Answer(status=204)


@operation(
    routes,
    Operation(
        "people", "sign_out_everywhere", "DELETE", "/v1/sessions", "resident", "Sign out everywhere",
        answers={204: None},
    ),
)  # fmt: skip
def sign_out_everywhere(call: Call) -> Answer:
    from chalicelib.people import service

    service.leave_everywhere(call.house.people, call.session)
    return Answer(status=204)


@operation(
    routes,
    Operation(
        "people", "read_me", "GET", "/v1/me", "resident", "Read oneself",
        answers={200: "MeShown"}, headers=("ETag",),
    ),
)  # fmt: skip
def read_me(call: Call) -> Answer:
    return _me(call, call.person)


@operation(
    routes,
    Operation(
        "people",
        "change_me",
        "PATCH",
        "/v1/me",
        "resident",
        "Say who one is and what one may be asked for",
        body="MeChange",
        answers={200: "MeShown"},
        problems=(412, 422, 428),
        versioned=True,
        headers=("ETag",),
    ),
)
def change_me(call: Call) -> Answer:
    from chalicelib.people import service
    from chalicelib.people.bodies import MeChange

    version = read_version(call.headers)
    fields = _said(call, call.body(MeChange))
    return _me(call, service.change(call.house.people, call.person, fields, version=version))


@operation(
    routes,
    Operation(
        "people", "read_blocks", "GET", "/v1/me/blocks", "resident", "Read whom I block",
        answers={200: "BlocksShown"},
    ),
)  # fmt: skip
def read_blocks(call: Call) -> Answer:
    from chalicelib.people import service

    shown = [
        {
            "id": block.id_for(call.person.id),
            "match": block.match,
            "name": name,
            "since": show_instant(block.at),
        }
        for block, name in service.blocks(call.house.people, call.person)
    ]
    return Answer({"blocks": shown})


@operation(
    routes,
    Operation(
        "people",
        "unblock",
        "DELETE",
        "/v1/me/blocks/{block_id}",
        "resident",
        "Take a block back",
        about="A block that is not there is answered in the same way.",
        answers={204: None},
    ),
)
def unblock(call: Call) -> Answer:
    from chalicelib.people import service

    service.unblock(call.house.people, call.person.id, call.path["block_id"])
    return Answer(status=204)


def show_session(opened: "Opened", cell_m: int) -> dict[str, Any]:
    from chalicelib.people.model import SESSION_S

    return {
        "token": opened.token,
        "expires_at": show_instant(opened.session.opened_at + SESSION_S),
        "me": show_me(opened.person, cell_m),
    }


def show_me(person: "Person", cell_m: int) -> dict[str, Any]:
    from chalicelib.places.model import cell_at

    place, quiet = person.place, person.quiet
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "languages": list(person.languages),
        "place": place
        and {
            "lat": place.point.lat,
            "lon": place.point.lon,
            "label": place.label,
            "cell": show_cell(cell_at(place.point, cell_m)),
        },
        "willing": None if person.willing is None else list(person.willing),
        "asks_per_week": person.asks_per_week,
        "asks_per_season": person.asks_per_season,
        "quiet_hours": quiet and {"start": show_time(quiet.start), "until": show_time(quiet.until)},
        "paused_until": None if person.paused_until is None else show_instant(person.paused_until),
        "muted": list(person.muted),
        "rhythm": person.rhythm,
        "mail": person.mail,
        "trust": person.trust,
        "role": person.role,
        "version": person.version,
    }


def _me(call: Call, person: "Person") -> Answer:
    return Answer(show_me(person, call.house.city.cell_m), headers=etag(person.version))


def _said(call: Call, change: "MeChange") -> dict[str, Any]:
    """Return the given members as a person has them; Invalid when the city cannot agree."""
    city, given = call.house.city, change.model_fields_set
    said: dict[str, Any] = {name: getattr(change, name) for name in given - {"place", "quiet_hours"}}
    if "place" in given:
        where = change.place
        said["place"] = where and where.find(call.house.address_book)
    if "quiet_hours" in given:
        said["quiet"] = change.quiet_hours and change.quiet_hours.quiet
    if change.paused_until is not None:
        said["paused_until"] = int(change.paused_until.timestamp())
    faults = [
        Fault(f"/willing/{index}", "category_unknown")
        for index, slug in enumerate(change.willing or ())
        if city.category(slug) is None
    ]
    if said.get("place") is not None and not city.contains(said["place"].point):
        faults.append(Fault("/place", "outside_city", {"city": city.name}))
    if faults:
        raise Invalid(*faults)
    return said
