"""Asking over HTTP: how it goes for one's own need, and what coordinators do with what nobody answered."""

from chalice import Blueprint

from chalicelib.api.operation import Answer, Call, Operation, operation
from chalicelib.errors import NotFound

routes = Blueprint(__name__)


@operation(
    routes,
    Operation(
        "asking",
        "read_asking",
        "GET",
        "/v1/me/listings/{listing_id}/asking",
        "resident",
        "Read how the city asks for a need of mine",
        about="Which wave it is in, how many were asked, what came of it, when it looks next. No names.",
        answers={200: "AskingShown"},
        problems=(403, 404),
    ),
)
def read_asking(call: Call) -> Answer:
    from chalicelib.asking.shown import show_asking

    need = call.house.publishing.owned(call.path["listing_id"], call.person.id)
    if need.kind != "need":
        raise NotFound("not_found")
    return Answer(show_asking(call.house.asking.progress(need), call.house.city, call.now))


@operation(
    routes,
    Operation(
        "asking",
        "read_unanswered",
        "GET",
        "/v1/coordination/unanswered",
        "coordinator",
        "Read the needs that nobody answered, and why",
        about="The oldest first, 200 at most. Of each, the reasons counted, then the nearest candidates.",
        answers={200: "DeskShown"},
    ),
)
def read_unanswered(call: Call) -> Answer:
    from chalicelib.asking.shown import show_desk

    return Answer(show_desk(call.house.asking.unanswered(call.now), call.house.city, call.language))


@operation(
    routes,
    Operation(
        "asking",
        "ask_again",
        "POST",
        "/v1/coordination/unanswered/{need_id}/ask-again",
        "coordinator",
        "Let the city ask anew for a need, farther if so wished",
        about="Whom it asked before stays asked.",
        body="AgainBody",
        answers={200: "AskedAgainShown"},
        problems=(404, 409, 422),
    ),
)
def ask_again(call: Call) -> Answer:
    from chalicelib.asking.bodies import AgainBody
    from chalicelib.asking.shown import show_asked_again

    radius_m, need_id = call.body(AgainBody).radius_m, call.path["need_id"]
    asking = call.house.asking.ask_again(need_id, radius_m, key=call.key, now=call.now)
    return Answer(show_asked_again(asking, call.now))
