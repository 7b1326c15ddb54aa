"""Coordination over HTTP: what was agreed and waits, and what is decided of it."""

from typing import TYPE_CHECKING

from chalice import Blueprint

from chalicelib.api.operation import Answer, Call, Operation, operation

if TYPE_CHECKING:
    from chalicelib.matching.changing import Told

routes = Blueprint(__name__)

_DECIDED = {200: "DecidedShown"}


@operation(
    routes,
    Operation(
        "coordination",
        "read_agreed",
        "GET",
        "/v1/coordination/agreed",
        "coordinator",
        "Read the matches that wait for a coordinator, the oldest first",
        about="Nothing leaves this list by itself; what waits for three days is overdue.",
        answers={200: "AllAgreedShown"},
    ),
)
def read_agreed(call: Call) -> Answer:
    from chalicelib.coordination.shown import show_agreed

    return Answer({"matches": [show_agreed(pair, call.now) for pair in call.house.coordination.agreed()]})


@operation(
    routes,
    Operation(
        "coordination",
        "confirm_match",
        "POST",
        "/v1/coordination/matches/{match_id}/confirm",
        "coordinator",
        "Bring two who agreed together; both are told",
        answers=_DECIDED,
        problems=(404, 409),
    ),
)
def confirm_match(call: Call) -> Answer:
    desk = call.house.coordination
    told = desk.confirm(call.path["match_id"], by=call.person.id, key=call.key, now=call.now)
    return _told(call, told)


@operation(
    routes,
    Operation(
        "coordination",
        "refuse_match",
        "POST",
        "/v1/coordination/matches/{match_id}/refuse",
        "coordinator",
        "Refuse what two agreed, with a reason both are told",
        body="RefuseMatchBody",
        answers=_DECIDED,
        problems=(404, 409, 422),
    ),
)
def refuse_match(call: Call) -> Answer:
    from chalicelib.coordination.bodies import RefuseMatchBody

    reason = call.body(RefuseMatchBody).reason
    desk = call.house.coordination
    told = desk.refuse(call.path["match_id"], reason, by=call.person.id, key=call.key, now=call.now)
    return _told(call, told)


def _told(call: Call, told: "Told") -> Answer:
    call.house.dispatcher.send_now(told.notices, call.now)
    return Answer({"id": told.match.id, "state": told.match.state, "reason": told.match.reason})
