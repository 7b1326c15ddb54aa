"""What is said to and by the coordination's routes."""

from pydantic import BaseModel

from chalicelib.api.bodies import Body, Prose
from chalicelib.listings.bodies import ListingShown
from chalicelib.matching.bodies import State


class RefuseMatchBody(Body):
    """Why a coordinator refuses a match; both sides are told."""

    reason: Prose


class AgreedShown(BaseModel):
    """Two listings whose authors agreed: what anybody may know of both, and how well they fit."""

    id: str
    state: State
    need: ListingShown | None
    offer: ListingShown | None
    distance_m: int | None
    terms: dict[str, int]
    agreed_at: str
    overdue: bool


class AllAgreedShown(BaseModel):
    """The oldest first."""

    matches: list[AgreedShown]


class DecidedShown(BaseModel):
    """A match as it stands after a coordinator's word."""

    id: str
    state: State
    reason: str | None
