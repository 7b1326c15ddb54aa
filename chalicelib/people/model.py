"""A person: who they say they are, what they may be asked for, and how they prove to be themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from chalicelib.errors import Conflict, NotSignedIn
from chalicelib.identity import make_id
from chalicelib.notices.hours import Quiet
from chalicelib.notices.model import Topic
from chalicelib.notices.repository import Rhythm
from chalicelib.places.model import Place

Role = Literal["resident", "moderator", "coordinator"]
Mail = Literal["fine", "bounced", "complained"]
"""What came of our mails to somebody, the worse the later."""

DAY_S = 86_400
WEEK_S = 7 * DAY_S
SEASON_S = 13 * WEEK_S
ASKS_PER_SEASON = 10
"""What the product proposes, as it proposes three a week: what that does is measured in decision 29."""
WEEKS_SHARE = 3
"""A third of a season's asks is the most of one week: a surge leaves something for what comes after."""
LINK_S = 15 * 60
SESSION_S = 30 * DAY_S
MOST_TRIES = 5
MOST_BLOCKS = 200


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody a person wants nothing more to do with, the match they met in, and since when."""

    person: str
    match: str
    at: int

    def id_for(self, by: str) -> str:
        """Return what the person who blocks calls it: it finds nobody."""
        return make_id("block", by, self.person)


@dataclass(frozen=True, slots=True)
class Person:
    """A resident. `asked` holds the instants of the last season at which others asked them for help."""

    id: str
    email: str
    created_at: int
    name: str = ""
    languages: tuple[str, ...] = ("fr",)
    place: Place | None = None
    willing: tuple[str, ...] | None = None
    """Categories they may be asked for; None is any they offer."""
    asks_per_week: int = 3
    asks_per_season: int = ASKS_PER_SEASON
    quiet: Quiet | None = None
    paused_until: int | None = None
    muted: tuple[Topic, ...] = ()
    rhythm: Rhythm = "each"
    mail: Mail = "fine"
    trust: int = 0
    role: Role = "resident"
    asked: tuple[int, ...] = ()
    blocks: tuple[Block, ...] = ()
    epoch: int = 0
    """Grows when they sign out everywhere: sessions of an older epoch are over."""
    version: int = 1

    def may_be_asked(self, category: str, now: int) -> None:
        """Raise Conflict with the reason when this person must not be asked for help now."""
        if gate := unasked_because(self, category, now):
            raise Conflict(gate)

    def paused_at(self, now: int) -> bool:
        return self.paused_until is not None and now < self.paused_until

    def was_asked(self, now: int) -> "Person":
        return replace(self, asked=(*asked_within(SEASON_S, self, now), now), version=self.version + 1)

    @property
    def blocked(self) -> tuple[str, ...]:
        """Return whom they block."""
        return tuple(block.person for block in self.blocks)

    def blocking(self, other: str, match: str, now: int) -> "Person":
        """Return the person who wants nothing more to do with the other; once is enough."""
        if other in self.blocked:
            return self
        if len(self.blocks) >= MOST_BLOCKS:
            raise Conflict("blocks_full", most=MOST_BLOCKS)
        return self.changed(blocks=(*self.blocks, Block(other, match, now)))

    def without_block(self, block_id: str) -> "Person":
        """Return the person without that block; without it already, the same person."""
        kept = tuple(block for block in self.blocks if block.id_for(self.id) != block_id)
        return self if kept == self.blocks else self.changed(blocks=kept)

    def beyond(self, epoch: int) -> "Person":
        """Return the person in a later epoch than that; in one already, the same person."""
        return self.changed(epoch=epoch + 1) if self.epoch <= epoch else self

    def changed(self, **fields: object) -> "Person":
        return replace(self, **fields, version=self.version + 1)  # type: ignore[arg-type]

    def without_mail(self, why: Mail) -> "Person":
        """Return the person whose address refused our mail, or who called it unwanted; the worse stays."""
        words = get_args(Mail)
        return self.changed(mail=why) if words.index(why) > words.index(self.mail) else self

    def muting(self, topics: Iterable[Topic]) -> "Person":
        """Return the person who wants nothing of these topics; the same person when that is so already."""
        muted = tuple(sorted({*self.muted, *topics}))
        return self if muted == self.muted else self.changed(muted=muted)


@dataclass(frozen=True, slots=True)
class Helper:
    """What ranking knows of a person: when they were asked, whether they may be, and whom they block."""

    id: str
    version: int
    asked: tuple[int, ...] = ()
    asks_per_week: int = 3
    asks_per_season: int = ASKS_PER_SEASON
    paused_until: int | None = None
    willing: tuple[str, ...] | None = None
    reachable: bool = True
    """Whether a mail that asks for help is wanted and arrives."""
    quiet: tuple[int, int] | None = None
    """Minutes of the local day from when until when they are sent nothing."""
    blocked: tuple[str, ...] = ()


def helper_of(person: Person) -> Helper:
    return Helper(
        id=person.id,
        version=person.version,
        asked=person.asked,
        asks_per_week=person.asks_per_week,
        asks_per_season=person.asks_per_season,
        paused_until=person.paused_until,
        willing=person.willing,
        reachable=person.mail == "fine" and "asked" not in person.muted,
        quiet=(person.quiet.start, person.quiet.until) if person.quiet else None,
        blocked=person.blocked,
    )


def read_helper(said: Mapping[str, Any]) -> Helper:
    """Return the helper of fields as JSON has them; a field that an older line lacks is as if unsaid."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
    return Helper(**fields)


def asked_within(span_s: int, who: Person | Helper, now: int) -> tuple[int, ...]:
    """Return when they were asked in the last seconds; what a clock that ran ahead noted as later counts."""
    return tuple(at for at in who.asked if now - span_s < at)


def asks_left(who: Person | Helper, now: int) -> int:
    """Return how often they may be asked now: what they chose for a week and a season, less what was."""
    week = min(who.asks_per_week, -(-who.asks_per_season // WEEKS_SHARE))
    left = (
        week - len(asked_within(WEEK_S, who, now)),
        who.asks_per_season - len(asked_within(SEASON_S, who, now)),
    )
    return max(0, min(left))


def unasked_because(who: Person | Helper, category: str, now: int) -> str | None:
    """Return the code of why somebody must not be asked for help in a category now; None when they may."""
    if who.paused_until is not None and now < who.paused_until:
        return "helper_paused"
    if who.willing is not None and category not in who.willing:
        return "helper_not_willing"
    return "helper_asked_enough" if asks_left(who, now) == 0 else None


def kept_apart(one: Person | Helper, other: Person | Helper) -> bool:
    """Say whether either of two blocks the other."""
    return other.id in one.blocked or one.id in other.blocked


@dataclass(frozen=True, slots=True)
class SignIn:
    """An attempt to sign in: one link and one code, either of which opens one session."""

    id: str
    email: str
    language: str
    made_at: int
    tries: int = 0
    tried_by: str | None = None
    """The request that tried the code last; the same request again is not another try."""
    used_by: str | None = None
    """The request that opened the session; the same request again is given the same session."""
    version: int = 1

    def usable(self, now: int) -> None:
        if now >= self.made_at + LINK_S:
            raise NotSignedIn("sign_in_expired")
        if self.used_by is not None:
            raise NotSignedIn("sign_in_used")

    def tried(self, by: str = "") -> "SignIn":
        """Count one try of the code before it is compared, so that no crowd of tries gets more than five."""
        if self.tries >= MOST_TRIES:
            raise NotSignedIn("code_locked")
        return replace(self, tries=self.tries + 1, tried_by=by, version=self.version + 1)

    def used(self, key: str) -> "SignIn":
        return replace(self, used_by=key, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Session:
    """An open session; `id` is a digest of its secret, which is nowhere kept."""

    id: str
    person: str
    opened_at: int
    epoch: int

    def open_for(self, person: Person, now: int) -> bool:
        return self.epoch == person.epoch and now < self.opened_at + SESSION_S
