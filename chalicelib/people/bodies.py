"""What is said to and by the people's routes."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StrictInt, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.api.bodies import Body, Instant, Languages, Name, PlaceBody, TimeOfDay, minutes, one_way_of
from chalicelib.notices.hours import Quiet

Topic = Literal["asked", "answered", "listing"]


def _mailable(address: str) -> str:
    """Return the address as mailboxes are told apart and mailed: in lower case, its domain in ASCII."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 — 60 ms, sign-in only

    try:
        read = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise PydanticCustomError("email_invalid", "not a mail address") from error
    return str(read.ascii_email).lower()


class SignInBody(Body):
    """The address a link and a code are sent to."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(_mailable)] = Field(
        examples=["monique@example.org"]
    )


class SessionBody(Body):
    """Either the token of the mailed link, or the attempt and the six digits of its code."""

    model_config = one_way_of(("token",), ("attempt", "code"))

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    attempt: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = Field(
        default=None, examples=["123456"]
    )

    @model_validator(mode="after")
    def _one_way(self) -> "SessionBody":
        by_code = self.attempt is not None and self.code is not None
        alone = self.attempt is None and self.code is None
        if not ((self.token is None and by_code) or (self.token is not None and alone)):
            raise PydanticCustomError("token_or_code", "a token, or an attempt and a code")
        return self


class QuietBody(Body):
    """Hours without mail, local time; past midnight when `until` is before `start`."""

    start: TimeOfDay = Field(examples=["21:00"])
    until: TimeOfDay = Field(examples=["08:00"])

    @property
    def quiet(self) -> Quiet:
        return Quiet(minutes(self.start), minutes(self.until))


class MeChange(Body):
    """What one says of oneself; what is left out stays, null takes it back where that means something."""

    name: Name | None = None
    languages: Languages | None = None
    place: PlaceBody | None = None
    willing: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=30)] | None = Field(
        default=None, description="Categories I may be asked for; null is any that I offer"
    )
    asks_per_week: Annotated[StrictInt, Field(ge=0, le=50)] | None = None
    asks_per_season: Annotated[StrictInt, Field(ge=0, le=200)] | None = Field(
        default=None, description="In thirteen weeks; no more than a third of them, rounded up, in one week"
    )
    quiet_hours: QuietBody | None = None
    paused_until: Instant | None = None
    muted: Annotated[tuple[Topic, ...], Field(max_length=3)] | None = Field(
        default=None, description="Mails I do not want"
    )
    rhythm: Literal["each", "daily"] | None = Field(
        default=None,
        description="How mails come: `each` in its time, or one a day (`daily`) and at once what is urgent",
    )

    @model_validator(mode="after")
    def _nothing_lost(self) -> "MeChange":
        nullable = {"place", "willing", "quiet_hours", "paused_until"}
        if any(getattr(self, name) is None for name in self.model_fields_set - nullable):
            raise PydanticCustomError("not_null", "a member that is given has a value")
        return self


class SignInShown(BaseModel):
    """What a code must be sent with."""

    attempt: str = Field(examples=["mzxw6ytboi4dcmrt"])
    expires_at: str


class MeShown(BaseModel):
    """Oneself."""

    id: str
    email: str
    name: str
    languages: list[str]
    place: dict[str, Any] | None
    willing: list[str] | None
    asks_per_week: int
    asks_per_season: int
    quiet_hours: dict[str, str] | None
    paused_until: str | None
    muted: list[Topic]
    rhythm: Literal["each", "daily"]
    mail: Literal["fine", "bounced", "complained"]
    trust: int
    role: Literal["resident", "moderator", "coordinator"]
    version: int


class BlockShown(BaseModel):
    """Somebody I want nothing more to do with: by the match we met in, nothing that finds them."""

    id: str
    match: str
    name: str
    since: str


class BlocksShown(BaseModel):
    """The last first."""

    blocks: list[BlockShown]


class SessionShown(BaseModel):
    """An open session; the token is sent as `Authorization: Bearer`."""

    token: str
    expires_at: str
    me: MeShown
