"""What is said to and by the matches' routes."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from chalicelib.api.bodies import Body, CellShown, Message

Side = Literal["seeker", "helper"]
State = Literal[
    "proposed", "queued", "agreed", "accepted", "declined", "lapsed", "refused", "cancelled", "done"
]
DeclineReason = Literal["no_time", "too_far", "not_able", "already_helping", "other"]
CancelReason = Literal["no_longer_needed", "no_longer_able", "no_answer", "other"]
Outcome = Literal["went_well", "partly", "did_not_happen", "problem"]
ListingId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{16}$")]


class ProposeBody(Body):
    """A need and an offer, one of which is mine."""

    need: ListingId
    offer: ListingId
    message: Message = Field(default="", examples=["Bonjour, le mardi matin vous irait-il ?"])


class AcceptBody(Body):
    """A word for the other side, such as how to reach me; only they see it."""

    message: Message = ""


class DeclineBody(Body):
    reason: DeclineReason = "other"


class CancelBody(Body):
    reason: CancelReason


class TellBody(Body):
    outcome: Outcome


class Reason(BaseModel):
    """One term of the score: whole points, and why in words."""

    term: Literal["category", "text", "distance", "time", "languages", "capacity", "asked", "trust"]
    points: int
    words: str


class CandidateShown(BaseModel):
    """A listing that fits, how well, and why."""

    id: str
    version: int
    category: str
    title: str
    cell: CellShown
    languages: list[str]
    left: int
    capacity: int
    distance_m: int
    score: int
    reasons: list[Reason]


class CandidatesShown(BaseModel):
    """The best first; the points of the reasons sum to the score."""

    candidates: list[CandidateShown]


class OtherShown(BaseModel):
    """The other side: what they call themselves, nothing that finds them."""

    name: str
    languages: list[str]
    trust: int


class MatchShown(BaseModel):
    """A match of mine."""

    id: str
    state: State
    side: Side
    my_turn: bool
    need: str
    need_title: str | None
    offer: str
    offer_title: str | None
    other: OtherShown | None
    distance_m: int | None
    message: str
    answer: str
    reason: str | None
    my_outcome: Outcome | None
    their_outcome: Outcome | None
    made_at: str
    answer_by: str | None
    place_in_queue: int | None
    """Of a queued match: its number in the queue of the need, from 1."""
    terms: dict[str, int]


class MatchesShown(BaseModel):
    matches: list[MatchShown]
    next: str | None
