"""A notice: one fact the city owes somebody, from the transaction that makes it so until a mail has told it.

A mail carries one notice or several of one person. The one it is sent for, its lead, lists what it `carries`;
from then on only the lead moves, and what becomes of it has become of them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from chalicelib.errors import Conflict
from chalicelib.identity import make_id

State = Literal["waiting", "claimed", "unsure", "sent", "carried", "dropped", "parked"]

MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        "waiting": frozenset({"waiting", "claimed", "carried", "sent", "dropped"}),
        "claimed": frozenset({"waiting", "unsure", "sent", "parked"}),
        "unsure": frozenset({"waiting", "claimed", "sent", "dropped"}),
        "sent": frozenset(),
        "carried": frozenset(),
        "dropped": frozenset(),
        "parked": frozenset({"waiting"}),
    }
)
"""It is put off while its reader sleeps or until the digest, carried when another's mail tells it, dropped
when it is not wanted or no longer so, parked when it was refused for good or tried too often, unsure when
its answer or its sender was lost. The provider's own word makes it sent. Of what is parked a person may say
that it is tried again."""

OVER: frozenset[State] = frozenset({"sent", "carried", "dropped", "parked"})
"""States in which a notice moves no more by itself: only a person makes one that is parked wait again."""

DAY_S = 86_400

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

Pace = Literal["urgent", "prompt", "soon", "calm", "along"]
"""How long a notice may wait for others to go with it: not at all, not even for who chose one mail a day;
not at all; a few minutes; until the day's digest; as long as it is of use, since its reader has it already:
then no mail is sent for it alone. Whatever is waiting goes with the next mail to the same person."""

_PACES: Mapping[str, Pace] = {
    "sign_in": "urgent",
    "match_lapsed": "calm",
    "how_did_it_go": "calm",
    "listing_ending": "calm",
    "listing_expired": "calm",
}
"""Of every other template: soon, unless who owes it knows better."""

PATIENCE_S: Mapping[str, int] = MappingProxyType(
    {
        "listing_ending": 14 * DAY_S,
        "listing_expired": 2 * DAY_S,
        "need_unanswered": DAY_S,
        "how_did_it_go": 14 * DAY_S,
    }
)
"""How long what is calm waits for company, by template: it goes with the last digest before that at the
latest, or with any mail sooner. Of every other template: until the next digest."""
ALONG_S = 14 * DAY_S
"""How long what only goes along is of use."""
GATHER_S = 300
"""How long a notice that goes soon waits for others."""
HEADROOM_S = 12 * 3_600
"""What must be left of a notice's use when it is told: if the digest comes later than that, it does not
wait."""
LEFT_S: Mapping[str, int] = MappingProxyType({"listing_ending": DAY_S})
"""The same by template, for what waits for company: the last day before an end is for reading of it."""
_WAITS: Mapping[Pace, int] = MappingProxyType({"soon": GATHER_S, "along": ALONG_S})
LEASE_S = 60
"""How long a sender may hold a notice."""
SETTLE_S = 600
"""How long the provider's own word is waited for before a mail whose answer was lost is sent again."""
RETRY_S = 300
MOST_ATTEMPTS = 48
"""Every five minutes, 48 times: four hours, as GOV.UK Notify does."""
KEPT_S = 30 * DAY_S


@dataclass(frozen=True, slots=True)
class Notice:
    """One fact owed. It holds no secret: links are made when it is sent.

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
    pace: Pace = "soon"
    until: int | None = None
    """The instant from which it is of no more use, if there is one."""
    state: State = "waiting"
    digest: bool = False
    """It waits for a digest, or went in one."""
    carries: tuple[str, ...] = ()
    """The notices that go in the same mail, fixed when it is first claimed."""
    carried_by: str | None = None
    counted: str = ""
    """The local day on which its mail counts in what the person gets."""
    attempts: int = 0
    version: int = 1
    provider_id: str | None = None

    @property
    def topic(self) -> Topic:
        return TEMPLATES[self.template]

    @property
    def told(self) -> bool:
        """Whether a mail told it, or one that may have gone."""
        return self.state in ("claimed", "unsure", "sent", "carried")

    @property
    def latest(self) -> int:
        """The instant by which it goes, with company or without, if there is a digest before it."""
        patient = PATIENCE_S.get(self.template, 0) if self.pace == "calm" else 0
        at = self.made_at + patient
        return at if self.until is None else min(at, self.until - LEFT_S.get(self.template, HEADROOM_S))

    @property
    def free(self) -> bool:
        """Whether it waits and was in no mail yet: it can still go with another, or take others along."""
        return self.state == "waiting" and not self.carries and not self.attempts

    def claimed(self, now: int, *, carries: tuple[str, ...] = (), counted: str = "") -> "Notice":
        """Take it to send it now; whoever holds an older version has lost it."""
        taken = self._moved("claimed", due_at=now + LEASE_S)
        return replace(taken, carries=carries or self.carries, counted=counted or self.counted)

    def carried(self, now: int, by: str) -> "Notice":
        """Leave it to another's mail, whose fate is its own from now on."""
        return replace(self._moved("carried", due_at=now + KEPT_S), carried_by=by)

    def sent(self, now: int, provider_id: str | None) -> "Notice":
        return replace(self._moved("sent", due_at=now + KEPT_S), provider_id=provider_id)

    def put_off(self, until: int) -> "Notice":
        """Not sent, for a reason that is not its own: a throttle, quiet hours."""
        return self._moved("waiting", due_at=until)

    def for_digest(self, at: int) -> "Notice":
        return replace(self.put_off(at), digest=True)

    def failed(self, now: int) -> "Notice":
        """Not sent; wait and try again, or set it aside for a person after the last try."""
        return self._tried("waiting", now, RETRY_S)

    def unsure(self, now: int) -> "Notice":
        """It may have gone: wait for the provider's word before it is sent again."""
        return self._tried("unsure", now, SETTLE_S)

    def parked(self, now: int) -> "Notice":
        return self._moved("parked", due_at=now + KEPT_S)

    def again(self, now: int) -> "Notice":
        """Owe it anew, with all its tries, because a person said so; Conflict unless it is parked."""
        if self.state != "parked":
            raise Conflict("notice_not_waiting", state=self.state)
        return replace(self, state="waiting", due_at=now, attempts=0, version=self.version + 1)

    def dropped(self, now: int) -> "Notice":
        return self._moved("dropped", due_at=now + KEPT_S)

    @property
    def over(self) -> bool:
        return self.state in OVER

    def _tried(self, state: State, now: int, wait_s: int) -> "Notice":
        if self.attempts + 1 < MOST_ATTEMPTS:
            return replace(self._moved(state, due_at=now + wait_s), attempts=self.attempts + 1)
        return replace(self.parked(now), attempts=self.attempts + 1)

    def _moved(self, state: State, *, due_at: int) -> "Notice":
        if self.over or state not in MOVES[self.state]:
            raise Conflict("notice_not_waiting", state=self.state)
        return replace(self, state=state, due_at=due_at, version=self.version + 1)


def notice(
    template: str,
    to: str,
    subject: str,
    now: int,
    *,
    about: str = "",
    values: Mapping[str, str] | None = None,
    pace: Pace | None = None,
    until: int | None = None,
) -> Notice:
    """Return the one notice of this kind that this person is owed about this subject.

    `about` tells apart what may happen to one subject more than once, such as each renewal of a listing.
    `pace` is the template's own when none is given.
    """
    pace = pace or _PACES.get(template, "soon")
    due_at = now + _WAITS.get(pace, 0)
    made = notice_id(template, to, subject, about)
    return Notice(made, template, to, subject, now, due_at, values=values or {}, pace=pace, until=until)


def notice_id(template: str, to: str, subject: str, about: str) -> str:
    return make_id("notice", template, to, subject, about)
