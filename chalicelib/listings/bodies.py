"""What is said to and by the listings' routes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.api.bodies import (
    Body,
    CellShown,
    Day,
    Instant,
    Languages,
    PlaceBody,
    Prose,
    TimeOfDay,
    Title,
    Urgency,
    minutes,
)
from chalicelib.listings.windows import Dated, Weekly, Windows

Outcome = Literal["helped_here", "helped_elsewhere", "no_longer_needed"]


class WeeklyBody(Body):
    """Every week on this day, local time; past midnight when `until` is not after `start`."""

    weekday: Annotated[StrictInt, Field(ge=0, le=6, description="0 is Monday")]
    start: TimeOfDay = Field(examples=["09:00"])
    until: TimeOfDay = Field(examples=["12:00"])


class DatedBody(Body):
    """Once, on this day, local time; past midnight when `until` is not after `start`."""

    day: Day
    start: TimeOfDay
    until: TimeOfDay


class WindowsBody(Body):
    """When; nothing at all means any time."""

    weekly: Annotated[tuple[WeeklyBody, ...], Field(max_length=28)] = ()
    dated: Annotated[tuple[DatedBody, ...], Field(max_length=20)] = ()

    @property
    def windows(self) -> Windows:
        return Windows(
            tuple(Weekly(w.weekday, minutes(w.start), minutes(w.until)) for w in self.weekly),
            tuple(Dated(w.day, minutes(w.start), minutes(w.until)) for w in self.dated),
        )


class OnBehalfBody(Body):
    """For somebody else, who agreed to it: who they are to the author, and how they said so."""

    relation: Literal["mother", "father", "relative", "neighbour", "client", "other"]
    consent: Literal["in person", "by phone", "in writing"]


class ListingBody(Body):
    """A need or an offer."""

    title: Title = Field(examples=["Courses pour ma voisine de 82 ans"])
    text: Prose = Field(examples=["Une fois par semaine, le Lidl est à dix minutes à pied."])
    category: Annotated[str, Field(max_length=40, examples=["groceries"])]
    place: PlaceBody
    reach_m: Annotated[
        StrictInt, Field(ge=100, le=300_000, description="How far the author goes, in metres")
    ] = 3_000
    windows: WindowsBody = WindowsBody()
    capacity: Annotated[
        StrictInt, Field(ge=1, le=50, description="Helpers wanted, or people who can be helped")
    ] = 1
    languages: Languages = ("fr",)
    urgency: Urgency = "normal"
    on_behalf_of: OnBehalfBody | None = None
    needed_by: Instant | None = None


class ListingChange(Body):
    """What is to be said anew of a listing; what is left out stays."""

    title: Title | None = None
    text: Prose | None = None
    category: Annotated[str, Field(max_length=40)] | None = None
    place: PlaceBody | None = None
    reach_m: Annotated[StrictInt, Field(ge=100, le=300_000)] | None = None
    windows: WindowsBody | None = None
    capacity: Annotated[StrictInt, Field(ge=1, le=50)] | None = None
    languages: Languages | None = None
    urgency: Urgency | None = None
    on_behalf_of: OnBehalfBody | None = None
    needed_by: Instant | None = None

    @model_validator(mode="after")
    def _nothing_lost(self) -> "ListingChange":
        nullable = {"on_behalf_of", "needed_by"}
        if any(getattr(self, name) is None for name in self.model_fields_set - nullable):
            raise PydanticCustomError("not_null", "a member that is given has a value")
        return self


class FulfilBody(Body):
    """How the need was met, or what became of the offer."""

    outcome: Outcome


class WindowShown(BaseModel):
    weekly: list[dict[str, Any]]
    dated: list[dict[str, Any]]


class ListingShown(BaseModel):
    """A listing as anybody may see it: its place is a cell."""

    id: str = Field(examples=["mzxw6ytboi4dcmrt"])
    kind: Literal["need", "offer"]
    state: Literal["held", "open", "matched", "fulfilled", "withdrawn", "expired", "refused"]
    category: str
    title: str
    text: str
    cell: CellShown
    reach_m: int
    windows: WindowShown
    capacity: int
    left: int
    languages: list[str]
    urgency: Urgency
    trust: int
    on_behalf: bool
    needed_by: str | None
    published_at: str
    expires_at: str
    version: int


class OwnListingShown(ListingShown):
    """One's own listing: with the place that nobody else is told."""

    place: dict[str, Any]
    on_behalf_of: dict[str, Any] | None
    created_at: str
    outcome: Outcome | None
    refusal: str | None


class OwnListingsShown(BaseModel):
    listings: list[OwnListingShown]
    next: str | None
