"""Matching over HTTP: who fits, ask, answer, cancel, say how it went."""

from typing import TYPE_CHECKING, Any, cast

from chalice import Blueprint

from chalicelib.api.cursor import seal, unseal
from chalicelib.api.operation import Answer, Call, Operation, Parameter, operation
from chalicelib.api.reading import checked, one, only_known, whole
from chalicelib.errors import Fault

if TYPE_CHECKING:
    from chalicelib.matching.changing import Told
    from chalicelib.matching.model import Match, Side
    from chalicelib.matching.repository import Pair

routes = Blueprint(__name__)

MOST = 50
_MATCH = {200: "MatchShown"}


def _act(name: str, verb: str, summary: str, body: str | None, about: str = "") -> Operation:
    return Operation(
        "matching",
        name,
        "POST",
        f"/v1/matches/{{match_id}}/{verb}",
        "resident",
        summary,
        about=about,
        body=body,
        answers=_MATCH,
        problems=(403, 404, 409, 422),
    )


@operation(
    routes,
    Operation(
        "matching",
        "read_candidates",
        "GET",
        "/v1/me/listings/{listing_id}/candidates",
        "resident",
        "Read who fits a listing of mine, the best first",
        about="The offers that fit my need, or the needs that fit my offer, with reasons and points.",
        parameters=(
            Parameter("limit", "How many at most", {"type": "integer", "minimum": 1, "maximum": MOST}),
        ),
        answers={200: "CandidatesShown"},
        problems=(403, 404, 409, 422),
    ),
)
def read_candidates(call: Call) -> Answer:
    from chalicelib.matching.shown import show_candidate

    faults: list[Fault] = []
    only_known(call.query, frozenset({"limit"}), faults)
    limit = whole(one(call.query, "limit", faults), "/limit", 1, MOST, faults) or 10
    checked(faults)
    listing = call.house.publishing.owned(call.path["listing_id"], call.person.id)
    ranked = call.house.matching.candidates(listing, call.house.board, limit=limit, now=call.now)
    return Answer({"candidates": [show_candidate(listing, *one, call.language) for one in ranked]})


@operation(
    routes,
    Operation(
        "matching",
        "propose_match",
        "POST",
        "/v1/matches",
        "resident",
        "Propose a match of a need and an offer, one of which is mine",
        about="The other side is asked by mail and has until `answer_by`; two listings meet once.",
        body="ProposeBody",
        answers={201: "MatchShown"},
        problems=(403, 404, 409, 422, 429),
        headers=("Location",),
    ),
)
def propose_match(call: Call) -> Answer:
    from chalicelib.matching.bodies import ProposeBody

    body = call.body(ProposeBody)
    told = call.house.matching.propose(
        body.need, body.offer, by=call.person, message=body.message, key=call.key, now=call.now
    )
    return _told(call, told, status=201)


@operation(
    routes,
    Operation(
        "matching",
        "read_matches",
        "GET",
        "/v1/matches",
        "resident",
        "Read my matches, newest first",
        parameters=(
            Parameter("side", "On which side I am", {"type": "string", "enum": ["seeker", "helper"]}),
            Parameter("limit", "How many at most", {"type": "integer", "minimum": 1, "maximum": MOST}),
            Parameter("cursor", "Where the next page begins", {"type": "string"}),
        ),
        answers={200: "MatchesShown"},
        problems=(400, 422),
    ),
)
def read_matches(call: Call) -> Answer:
    faults: list[Fault] = []
    only_known(call.query, frozenset({"side", "limit", "cursor"}), faults)
    side = one(call.query, "side", faults)
    if side not in (None, "seeker", "helper"):
        faults.append(Fault("/side", "literal_error", {"expected": "seeker, helper"}))
    limit = whole(one(call.query, "limit", faults), "/limit", 1, MOST, faults) or 20
    cursor = one(call.query, "cursor", faults)
    checked(faults)
    purpose = f"matches {call.person.id} {side}"
    before = None if cursor is None else unseal(call.house.secrets, purpose, cursor)
    found, following = call.house.matching.of_person(
        call.person.id, cast("Side | None", side), before=before, limit=limit
    )
    shown = [_shown(call, call.house.matching.get(match.id, by=call.person.id)) for match in found]
    return Answer({"matches": shown, "next": following and seal(call.house.secrets, purpose, following)})


@operation(
    routes,
    Operation(
        "matching",
        "read_match",
        "GET",
        "/v1/matches/{match_id}",
        "resident",
        "Read a match of mine",
        answers=_MATCH,
        problems=(404,),
    ),
)
def read_match(call: Call) -> Answer:
    return Answer(_shown(call, call.house.matching.get(call.path["match_id"], by=call.person.id)))


_ABOUT_ACCEPT = (
    "A helper whom others were quicker than is `queued`, with their number, and asked again when a place is "
    "free. Where the city confirms, the match is `agreed` until a coordinator decides, and the answer waits."
)
_ABOUT_BLOCK = (
    "They are not proposed to each other again, whoever asks. A match that is not accepted yet ends as if it "
    "were cancelled; nobody is told of the block."
)


@operation(routes, _act("accept_match", "accept", "Say yes", "AcceptBody", _ABOUT_ACCEPT))
def accept_match(call: Call) -> Answer:
    from chalicelib.matching.bodies import AcceptBody

    answer = call.body(AcceptBody).message
    return _told(call, call.house.matching.accept(call.path["match_id"], answer=answer, **_by(call)))


@operation(routes, _act("decline_match", "decline", "Say no, with a reason", "DeclineBody"))
def decline_match(call: Call) -> Answer:
    from chalicelib.matching.bodies import DeclineBody

    reason = call.body(DeclineBody).reason
    return _told(call, call.house.matching.decline(call.path["match_id"], reason, **_by(call)))


@operation(routes, _act("cancel_match", "cancel", "Take back a match that is not over", "CancelBody"))
def cancel_match(call: Call) -> Answer:
    from chalicelib.matching.bodies import CancelBody

    reason = call.body(CancelBody).reason
    return _told(call, call.house.matching.cancel(call.path["match_id"], reason, **_by(call)))


@operation(
    routes,
    _act("block_other", "block", "Have nothing more to do with the other side", None, _ABOUT_BLOCK),
)
def block_other(call: Call) -> Answer:
    return _told(call, call.house.matching.block(call.path["match_id"], **_by(call)))


@operation(routes, _act("tell_outcome", "outcome", "Say how it went", "TellBody"))
def tell_outcome(call: Call) -> Answer:
    from chalicelib.matching.bodies import TellBody

    outcome = call.body(TellBody).outcome
    return _told(call, call.house.matching.tell(call.path["match_id"], outcome, **_by(call)))


def _by(call: Call) -> dict[str, Any]:
    return {"by": call.person.id, "key": call.key, "now": call.now}


def _told(call: Call, told: "Told", *, status: int = 200) -> Answer:
    call.house.dispatcher.send_now(told.notices, call.now)
    pair = call.house.matching.get(told.match.id, by=call.person.id)
    headers = {"Location": f"/v1/matches/{told.match.id}"} if status == 201 else {}  # noqa: PLR2004
    return Answer(_shown(call, pair._replace(match=told.match)), status, headers)


def _shown(call: Call, pair: "Pair") -> dict[str, Any]:
    from chalicelib.matching.shown import show_match

    match: Match = pair.match  # type: ignore[assignment]
    other = call.house.people.get(match.other(match.side_of(call.person.id)))
    return show_match(pair, match, call.person.id, other, call.house.matching.place_in_queue(match))
