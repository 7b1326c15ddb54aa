"""A notice: one mail the city owes somebody, from the fact that causes it until a provider has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from chalicelib.errors import Conflict
from chalicelib.identity import make_id
from chalicelib.wallclock import instant

State = Literal["waiting", "claimed", "unsure", "sent", "dropped", "parked"]

MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        "waiting": frozenset({"waiting", "claimed", "sent", "dropped"}),
        "claimed": frozenset({"waiting", "unsure", "sent", "parked"}),
        "unsure": frozenset({"waiting", "claimed", "sent", "dropped"}),
        "sent": frozenset(),
        "dropped": frozenset(),
        "parked": frozenset(),
    }
)
"""It is put off while its reader sleeps, dropped when it is not wanted, parked when it was refused for good
or tried too often, unsure when its answer or its sender was lost. The provider's own word makes it sent."""

Topic = Literal["sign_in", "asked", "answered", "listing"]
"""What a resident can switch off; sign_in cannot be."""

TEMPLATES: Mapping[str, Topic] = {
    "sign_in": "sign_in",
    "asked_to_help": "asked",
    "offered_help": "asked",
    "place_free": "asked",
    "match_agreed": "answered",
    "match_accepted": "answered",
    "match_declined": "answered",
    "match_lapsed": "answered",
    "match_refused": "answered",
    "match_cancelled": "answered",
    "how_did_it_go": "answered",
    "need_unanswered": "listing",
    "listing_ending": "listing",
    "listing_expired": "listing",
    "listing_released": "listing",
    "listing_refused": "listing",
}

LEASE_S = 60
"""How long a sender may hold a notice."""
SETTLE_S = 600
"""How long the provider's own word is waited for before a mail whose answer was lost is sent again."""
RETRY_S = 300
MOST_ATTEMPTS = 48
"""Every five minutes, 48 times: four hours, as GOV.UK Notify does."""
KEPT_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Notice:
    """One mail owed. It holds no secret: links are made when it is sent.

    `to` is a person's id, or empty when `address` says where a sign-in mail goes. `due_at` is when somebody
    must look at it next; `version` grows with every change and fences out a sender whose lease is over.
    """

    id: str
    template: str
    to: str
    subject: str
    made_at: int
    due_at: int
    address: str | None = None
    language: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    state: State = "waiting"
    attempts: int = 0
    version: int = 1
    provider_id: str | None = None

    @property
    def topic(self) -> Topic:
        return TEMPLATES[self.template]

    def claimed(self, now: int) -> "Notice":
        """Take it to send it now; whoever holds an older version has lost it."""
        return self._moved("claimed", due_at=now + LEASE_S)

    def sent(self, now: int, provider_id: str | None) -> "Notice":
        return replace(self._moved("sent", due_at=now + KEPT_S), provider_id=provider_id)

    def put_off(self, until: int) -> "Notice":
        """Not sent, for a reason that is not its own: a throttle, quiet hours."""
        return self._moved("waiting", due_at=until)

    def failed(self, now: int) -> "Notice":
        """Not sent; wait and try again, or set it aside for a person after the last try."""
        return self._tried("waiting", now, RETRY_S)

    def unsure(self, now: int) -> "Notice":
        """It may have gone: wait for the provider's word before it is sent again."""
        return self._tried("unsure", now, SETTLE_S)

    def parked(self, now: int) -> "Notice":
        return self._moved("parked", due_at=now + KEPT_S)

    def dropped(self, now: int) -> "Notice":
        return self._moved("dropped", due_at=now + KEPT_S)

    @property
    def over(self) -> bool:
        return not MOVES[self.state]

    def _tried(self, state: State, now: int, wait_s: int) -> "Notice":
        if self.attempts + 1 < MOST_ATTEMPTS:
            return replace(self._moved(state, due_at=now + wait_s), attempts=self.attempts + 1)
        return replace(self.parked(now), attempts=self.attempts + 1)

    def _moved(self, state: State, *, due_at: int) -> "Notice":
        if state not in MOVES[self.state]:
            raise Conflict("notice_not_waiting", state=self.state)
        return replace(self, state=state, due_at=due_at, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours without mail: minutes of the local day; past midnight when `until < start`, none when equal."""

    start: int
    until: int

    def over_at(self, now: int, zone: ZoneInfo) -> int:
        """Return the first instant from `now` on that is not quiet."""
        local = datetime.fromtimestamp(now, zone)
        minute = local.hour * 60 + local.minute
        if not self._holds(minute):
            return now
        day = local.date() if minute < self.until else local.date() + timedelta(days=1)
        end = instant(day, self.until, zone)
        return end if end > now else instant(day, self.until, zone, fold=1)

    def _holds(self, minute: int) -> bool:
        if self.start <= self.until:
            return self.start <= minute < self.until
        return minute >= self.start or minute < self.until


def notice(
    template: str,
    to: str,
    subject: str,
    now: int,
    *,
    about: str = "",
    values: Mapping[str, str] | None = None,
) -> Notice:
    """Return the one notice of this kind that this person is owed about this subject.

    `about` tells apart what may happen to one subject more than once, such as each renewal of a listing.
    """
    made = make_id("notice", template, to, subject, about)
    return Notice(made, template, to, subject, made_at=now, due_at=now, values=values or {})
