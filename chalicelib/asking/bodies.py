"""What is said to and by the askings' routes."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt

from chalicelib.api.bodies import Body, CellShown, Urgency

State = Literal["asking", "served", "unanswered", "over"]
Why = Literal[
    "no_answer",
    "declined",
    "cancelled",
    "refused",
    "helps",
    "not_asked",
    "own_listing",
    "blocked",
    "listing_full",
    "other_category",
    "too_far",
    "no_common_time",
    "helper_paused",
    "helper_not_willing",
    "helper_asked_enough",
    "helper_unreachable",
    "helper_asleep",
]


class AgainBody(Body):
    """Begin anew; a radius lets it look farther than the need and the waves say."""

    radius_m: Annotated[StrictInt, Field(ge=100, le=300_000)] | None = Field(default=None, examples=[8000])


class AskingShown(BaseModel):
    """How the asking of a need goes, without a name. The numbers are of helpers the city asked."""

    state: State
    wave: int
    waves: int
    asked: int
    declined: int
    waiting: int
    accepted: int
    no_answer: int
    """Whose time to answer is over."""
    next_look_at: str | None
    """When the city looks again at the latest: at the next wave, when somebody wakes, when a wave is over."""


class ReasonCount(BaseModel):
    why: Why
    count: int
    words: str


class PassedShown(BaseModel):
    """A candidate who does not help, and why."""

    offer: str
    distance_m: int
    why: Why
    said: str | None
    """The reason of who declined or cancelled."""
    words: str


class CertificateShown(BaseModel):
    """Why the last assignment of all at once did not serve it.

    Either nobody passed the gates (`no_option`, with the gates counted), or nobody has room, or serving it
    would cost another need: which one, and in which part of the objective, by how much.
    """

    why: Literal["no_option", "no_room", "no_other", "costs_another"]
    gates: dict[str, int] = {}
    loser: str | None = None
    part: str | None = None
    by: int = 0


class UnansweredShown(BaseModel):
    """A need that nobody answered: why, counted; then the nearest candidates one by one."""

    need: str
    title: str
    category: str
    urgency: Urgency
    cell: CellShown
    published_at: str
    expires_at: str
    unanswered_at: str
    asked: int
    totals: list[ReasonCount]
    candidates: list[PassedShown]
    certificate: CertificateShown | None


class DeskShown(BaseModel):
    """What nobody answered, the oldest first; over all of it, the reasons counted."""

    totals: list[ReasonCount]
    needs: list[UnansweredShown]


class AskedAgainShown(BaseModel):
    need: str
    state: State
    next_look_at: str | None
