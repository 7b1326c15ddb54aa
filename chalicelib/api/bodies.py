"""What bodies are made of: strict, closed models whose texts are clean when they leave here."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictFloat,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.errors import Fault, Invalid
from chalicelib.places.model import Place, Point
from chalicelib.places.repository import AddressBook
from chalicelib.places.service import find_place

Model = TypeVar("Model")

_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
"""What turns text around or hides in it; the marks that Arabic and emoji need stay."""
FIRST_YEAR, LAST_YEAR = 2000, 2099
_TOLD = ("min_length", "max_length", "ge", "gt", "le", "lt", "expected")


class Body(BaseModel):
    """A body with no unknown member."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def one_way_of(*ways: tuple[str, ...]) -> ConfigDict:
    """Return what makes the document say that these members are given one way or the other."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": list(way)} for way in ways]})


def read_body(schema: type[Model], value: Any) -> Model:
    """Return the value as the model reads it, or raise Invalid with every fault."""
    try:
        return schema.model_validate(value)  # type: ignore[attr-defined, no-any-return]
    except ValidationError as error:
        faults = [_fault(entry) for entry in error.errors(include_url=False)]
        raise Invalid(*(fault for fault in faults if not _told_within(fault, faults))) from error


def clean_line(text: str) -> str:
    """Return the text as one line: composed, without controls, its white space single."""
    return " ".join(clean(text).split())


def clean(text: str) -> str:
    """Return the text composed (NFC), without controls but line ends, and without what hides or reorders."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " ")))
    kept = (letter for letter in plain if letter == "\n" or unicodedata.category(letter) != "Cc")
    return "".join(kept).strip()


def _at_least(length: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) < length:
            raise PydanticCustomError("string_too_short", "too short", {"min_length": length})
        return text

    return AfterValidator(check)


def _instant(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("datetime_type", "a date and time")
    return value


def _in_our_days(when: date) -> date:
    """Return the date; what no calendar here will ever show is refused, as nothing could say it back."""
    if when.year < FIRST_YEAR:
        raise PydanticCustomError("in_the_past", "long past")
    if when.year > LAST_YEAR:
        raise PydanticCustomError("too_far_ahead", "far ahead")
    return when


def minutes(text: str) -> int:
    """Return the minutes of a time of day."""
    return int(text[:2]) * 60 + int(text[3:])


Title = Annotated[
    str, StringConstraints(min_length=3, max_length=100), AfterValidator(clean_line), _at_least(3)
]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(clean), _at_least(1)]
Message = Annotated[str, StringConstraints(max_length=500), AfterValidator(clean)]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=50), AfterValidator(clean_line), _at_least(1)
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Languages = Annotated[tuple[Language, ...], Field(min_length=1, max_length=8)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Day = Annotated[date, AfterValidator(_in_our_days)]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_instant),
    AfterValidator(_in_our_days),
    Field(examples=["2026-12-24T18:00:00+01:00"]),
]
Urgency = Literal["low", "normal", "high"]


class PointBody(Body):
    """Degrees, WGS 84."""

    lat: Annotated[StrictFloat, Field(ge=-90, le=90, examples=[47.7486])]
    lon: Annotated[StrictFloat, Field(ge=-180, le=180, examples=[7.3393])]

    @property
    def point(self) -> Point:
        return Point(self.lat, self.lon)


class PlaceBody(Body):
    """Where: either a point or the text of an address. It stays private; the public sees its cell."""

    model_config = one_way_of(("point",), ("address",))

    point: PointBody | None = None
    address: (
        Annotated[
            str, StringConstraints(min_length=3, max_length=200), AfterValidator(clean_line), _at_least(3)
        ]
        | None
    ) = Field(default=None, examples=["12 rue du Sauvage, 68100 Mulhouse"])

    @model_validator(mode="after")
    def _one_way(self) -> "PlaceBody":
        if (self.point is None) == (self.address is None):
            raise PydanticCustomError("point_or_address", "a point or an address")
        return self

    def find(self, book: AddressBook) -> Place:
        """Return the place; Invalid when the address is not known or may be several."""
        return find_place(book, None if self.point is None else self.point.point, self.address)


class CellShown(BaseModel):
    """The cell a place is shown as: its id, its middle, its edges (west, south, east, north)."""

    id: str = Field(examples=["250.61268.56022"])
    lat: float
    lon: float
    bounds: tuple[float, float, float, float]


class FaultShown(BaseModel):
    """One field that is wrong."""

    pointer: str
    code: str
    detail: str
    values: dict[str, Any] | None = None


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    errors: list[FaultShown] = []
    id: str = ""


def _told_within(fault: Fault, faults: Iterable[Fault]) -> bool:
    """Tell whether a list is only wrong for what is wrong in it: too short, say, without a wrong member."""
    return any(other.pointer.startswith(f"{fault.pointer}/") for other in faults)


def _fault(entry: Mapping[str, Any]) -> Fault:
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in entry["loc"])
    context = entry.get("ctx", {})
    values = {name: context[name] for name in _TOLD if name in context}
    return Fault(pointer, entry["type"], values)
