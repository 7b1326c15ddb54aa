"""A listing: what somebody needs or can give, from its publishing to its end, and the rules between."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from chalicelib.errors import Conflict, NotAllowed, Stale
from chalicelib.listings.card import Card, Kind, Urgency
from chalicelib.listings.windows import Windows
from chalicelib.places.model import Cell, Place
from chalicelib.receipts import Receipt, kept
from chalicelib.words.model import terms

State = Literal["held", "open", "fulfilled", "withdrawn", "expired", "refused"]
Outcome = Literal["helped_here", "helped_elsewhere", "no_longer_needed"]

MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        "held": frozenset({"open", "refused", "withdrawn"}),
        "open": frozenset({"held", "fulfilled", "withdrawn", "expired"}),
        "expired": frozenset({"open", "fulfilled", "withdrawn"}),
        "fulfilled": frozenset(),
        "withdrawn": frozenset(),
        "refused": frozenset(),
    }
)
"""An open listing with nothing left is shown as matched; a cancelled match opens it again."""

DAY_S = 86_400
REMEMBERED_S = 14 * DAY_S
"""How long an end that was told is remembered: nobody is reminded of one that is farther off."""
KEPT_S = 90 * DAY_S
"""How long a listing that is over is kept before it is purged."""


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """For somebody else, who agreed: how, and recorded when."""

    relation: str
    consent: str
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author says; the same fields make and edit a listing."""

    category: str
    title: str
    text: str
    place: Place
    reach_m: int
    windows: Windows
    capacity: int
    languages: tuple[str, ...]
    urgency: Urgency
    on_behalf: OnBehalf | None
    needed_by: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A need or an offer. `left` of `capacity` is not yet taken by accepted matches.

    `print` is a digest of the request that made it; `receipts` are (key, digest) of the last requests that
    changed it, so that a repeated request is known from another with the same key.
    """

    id: str
    kind: Kind
    author: str
    trust: int
    draft: Draft
    cell: Cell
    left: int
    state: State
    created_at: int
    published_at: int
    expires_at: int
    print: str
    remind_at: int | None = None
    ended_at: int | None = None
    outcome: Outcome | None = None
    refusal: str | None = None
    receipts: tuple[Receipt, ...] = ()
    queue: int = 0
    """How many tickets of its queue were ever given out: the next one's number is one more."""
    version: int = 1

    def stands_at(self, now: int) -> bool:
        return self.state == "open" and now < self.expires_at

    def over_at(self, now: int) -> bool:
        """Say whether nothing more comes of it as it is; what is held may yet be opened."""
        return self.state != "held" and not self.stands_at(now)

    @property
    def ends_as_named(self) -> bool:
        """Say whether it ends when its author no longer needs it, and not because its lifetime is over."""
        return self.expires_at == self.draft.needed_by

    def ends_soon(self, now: int) -> bool:
        """Say whether it stands with a place left, can be kept, and its end is near enough to be told of."""
        near = self.expires_at - now <= REMEMBERED_S
        return self.stands_at(now) and self.left > 0 and near and not self.ends_as_named

    def shown_state(self, now: int) -> str:
        """Return the state a reader sees, whether or not housekeeping has come by since."""
        if self.state == "open" and now >= self.expires_at:
            return "expired"
        return "matched" if self.state == "open" and self.left == 0 else self.state

    def owned_by(self, person: str) -> None:
        if person != self.author:
            raise NotAllowed("not_yours")

    def at(self, version: int) -> None:
        if version != self.version:
            raise Stale("version_stale", version=self.version)

    def edited(
        self, draft: Draft, cell: Cell, now: int, *, held: bool, expires_at: int, remind_at: int | None
    ) -> "Listing":
        """Say it anew. What is already taken stays taken: capacity cannot fall below it."""
        if not self.stands_at(now) and self.state != "held":
            raise Conflict("listing_over", state=self.shown_state(now))
        taken = self.draft.capacity - self.left
        if draft.capacity < taken:
            raise Conflict("capacity_taken", taken=taken)
        return self._next(
            draft=draft,
            cell=cell,
            left=draft.capacity - taken,
            state="held" if held else self.state,
            expires_at=expires_at,
            remind_at=remind_at,
        )

    def renewed(self, now: int, *, expires_at: int, remind_at: int | None) -> "Listing":
        """Stand for another lifetime, also when it had expired."""
        if self.state == "held":
            raise Conflict("listing_held")
        return self._to("open", expires_at=expires_at, remind_at=remind_at, published_at=now, ended_at=None)

    def released(self, now: int, *, expires_at: int, remind_at: int | None) -> "Listing":
        """Open what a moderator held; its lifetime begins now."""
        if self.state != "held":
            raise Conflict("listing_not_held", state=self.state)
        return self._to("open", published_at=now, expires_at=expires_at, remind_at=remind_at)

    def refused(self, now: int, reason: str) -> "Listing":
        if self.state != "held":
            raise Conflict("listing_not_held", state=self.state)
        return self._to("refused", ended_at=now, refusal=reason)

    def withdrawn(self, now: int) -> "Listing":
        return self._to("withdrawn", ended_at=now)

    def fulfilled(self, now: int, outcome: Outcome) -> "Listing":
        return self._to("fulfilled", ended_at=now, outcome=outcome)

    def expired(self, now: int) -> "Listing":
        if now < self.expires_at:
            raise Conflict("listing_not_due")
        return self._to("expired", ended_at=self.expires_at)

    def reminded(self) -> "Listing":
        return self._next(remind_at=None)

    def taken(self, now: int) -> "Listing":
        """One more match stands on it."""
        if not self.stands_at(now):
            raise Conflict("listing_not_open", state=self.shown_state(now), kind=self.kind)
        if self.left < 1:
            raise Conflict("listing_full", kind=self.kind)
        return self._next(left=self.left - 1)

    def given_back(self) -> "Listing":
        """A match that stood on it is cancelled."""
        return self._next(left=min(self.draft.capacity, self.left + 1))

    def queued(self) -> "Listing":
        """One more waits for a place; a new version, so that no place can become free unnoticed meanwhile."""
        return self._next(queue=self.queue + 1)

    def touched(self) -> "Listing":
        """Return a new version that says the same: who decided on the older one must look again."""
        return self._next()

    def with_receipt(self, receipt: Receipt) -> "Listing":
        return replace(self, receipts=kept(self.receipts, receipt))

    def card(self, zone: ZoneInfo) -> Card:
        """Return what the public may know of it now."""
        said, title_terms = self.draft, terms(self.draft.title)
        return Card(
            id=self.id,
            version=self.version,
            on_board=self.state == "open",
            kind=self.kind,
            author=self.author,
            category=said.category,
            title=said.title,
            title_terms=title_terms,
            text_terms=tuple(term for term in terms(said.text) if term not in title_terms),
            cell=self.cell,
            reach_m=said.reach_m,
            urgency=said.urgency,
            languages=said.languages,
            slots=said.windows.slots,
            spans=said.windows.spans(zone),
            capacity=said.capacity,
            left=self.left,
            published_at=self.published_at,
            expires_at=self.expires_at,
            needed_by=said.needed_by,
            trust=self.trust,
        )

    def _to(self, state: State, **fields: object) -> "Listing":
        allowed = state in MOVES[self.state] or (state == self.state == "open")
        if not allowed:
            raise Conflict("listing_over", state=self.state)
        return self._next(state=state, **fields)

    def _next(self, **fields: object) -> "Listing":
        return replace(self, **fields, version=self.version + 1)  # type: ignore[arg-type]
