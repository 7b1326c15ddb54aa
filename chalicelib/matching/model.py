"""A match: one need and one offer brought together, from the asking to how it went."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from chalicelib.errors import Conflict, NotAllowed, NotFound
from chalicelib.receipts import Receipt, kept

State = Literal[
    "proposed", "queued", "agreed", "accepted", "declined", "lapsed", "refused", "cancelled", "done"
]
Side = Literal["seeker", "helper"]
DeclineReason = Literal["no_time", "too_far", "not_able", "already_helping", "other"]
CancelReason = Literal["no_longer_needed", "no_longer_able", "no_answer", "other"]
Outcome = Literal["went_well", "partly", "did_not_happen", "problem"]

MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        "proposed": frozenset({"accepted", "agreed", "queued", "declined", "lapsed", "cancelled"}),
        "queued": frozenset({"proposed", "lapsed", "cancelled"}),
        "agreed": frozenset({"accepted", "refused", "cancelled"}),
        "accepted": frozenset({"cancelled", "done"}),
        "declined": frozenset(),
        "lapsed": frozenset(),
        "refused": frozenset(),
        "cancelled": frozenset(),
        "done": frozenset(),
    }
)
"""A yes to a need with no place left is queued; in a city that confirms, any other yes is agreed first."""
TAKING: frozenset[State] = frozenset({"agreed", "accepted", "done"})
"""States in which a match takes a place of both its listings."""
IN_VAIN: frozenset[State] = frozenset({"declined", "refused", "cancelled", "lapsed"})
"""Ends of a match from which no help comes: others may be asked for its need."""

HOUR_S, DAY_S = 3_600, 86_400
LOOK_S = HOUR_S
"""How often a queued match is looked at: its need may be over, or have a place nobody told it of."""
CONFIRM_S = 3 * DAY_S
"""An agreed match that no coordinator decided for so long is overdue: it stays first on their desk."""
FOLLOW_UP_S = 3 * DAY_S
"""How long after an acceptance both are asked how it went."""
DONE_S = 30 * DAY_S
"""An accepted match that nobody speaks of any more is done after this long."""
KEPT_S = 90 * DAY_S


@dataclass(frozen=True, slots=True)
class Match:
    """The need's author seeks, the offer's author helps; `proposer` asked and the other side answers.

    `due_at` is when a schedule must look at it next: to lapse it, to see whether its turn has come, to ask
    how it went, to close it; of an agreed match it is when a coordinator's word is overdue.
    `receipts` are (key, digest) of the last requests that changed it.
    """

    need: str
    offer: str
    seeker: str
    helper: str
    proposer: Side
    made_at: int
    due_at: int
    terms: Mapping[str, int]
    """The integer terms of the score it was proposed with."""
    message: str = ""
    answer: str = ""
    chosen: bool = False
    """A person proposed it, or joined in; else it is the city's alone."""
    state: State = "proposed"
    reason: str | None = None
    seeker_outcome: Outcome | None = None
    helper_outcome: Outcome | None = None
    followed_up: bool = False
    ticket: int | None = None
    """Its number in the queue of the need, the first time it had to wait; the lower, the sooner its turn."""
    calls: int = 0
    """How often a place became free for it after it was queued."""
    receipts: tuple[Receipt, ...] = ()
    version: int = 1

    @property
    def id(self) -> str:
        return f"{self.need}-{self.offer}"

    @property
    def made_key(self) -> str:
        """What a person's matches are ordered by, oldest first."""
        return f"{self.made_at:011d}#{self.id}"

    @property
    def is_called(self) -> bool:
        """Say whether its helper was called from the queue and has not answered: a place is promised."""
        return self.state == "proposed" and self.calls > 0

    @property
    def answerer(self) -> Side:
        return "helper" if self.proposer == "seeker" else "seeker"

    @property
    def passed_on(self) -> str:
        """Return what the answerer wrote to the other side, once it is for them to read."""
        return "" if self.state == "agreed" else self.answer

    def side_of(self, person: str) -> Side:
        """Return the person's side; to anybody else the match does not exist."""
        if person == self.seeker:
            return "seeker"
        if person == self.helper:
            return "helper"
        raise NotFound("not_found")

    def outcome_of(self, person: str) -> Outcome | None:
        """Return how it went in one side's words, if they have said."""
        return self.seeker_outcome if self.side_of(person) == "seeker" else self.helper_outcome

    def person_on(self, side: Side) -> str:
        return self.seeker if side == "seeker" else self.helper

    def other(self, side: Side) -> str:
        return self.helper if side == "seeker" else self.seeker

    def accepted(self, by: str, now: int, answer: str) -> "Match":
        self._in_time(by, now)
        return self._to("accepted", answer=answer, due_at=now + FOLLOW_UP_S)

    def agreed(self, by: str, now: int, answer: str) -> "Match":
        """Both want it; a coordinator has the last word, and the answer waits for it too."""
        self._in_time(by, now)
        return self._to("agreed", answer=answer, due_at=now + CONFIRM_S)

    def queued(self, by: str, now: int, ticket: int) -> "Match":
        """Wait for a place of the need, in the order of the first yes."""
        self._in_time(by, now)
        first = ticket if self.ticket is None else self.ticket
        return self._to("queued", ticket=first, due_at=now + LOOK_S)

    def called(self, due_at: int) -> "Match":
        """A place is free after all: the helper is asked again."""
        return self._to("proposed", calls=self.calls + 1, due_at=due_at)

    def looked_at(self, now: int) -> "Match":
        """Nothing is free yet; the next look is a whole number of hours after the first."""
        if self.state != "queued" or now < self.due_at:
            raise Conflict("match_not_due")
        looks = (now - self.due_at) // LOOK_S + 1
        return replace(self, due_at=self.due_at + looks * LOOK_S, version=self.version + 1)

    def confirmed(self, now: int) -> "Match":
        if self.state != "agreed":
            raise Conflict("match_not_agreed", state=self.state)
        return self._to("accepted", due_at=now + FOLLOW_UP_S)

    def refused(self, now: int, reason: str) -> "Match":
        """A coordinator says no, and why; what one side wrote to the other is not passed on."""
        if self.state != "agreed":
            raise Conflict("match_not_agreed", state=self.state)
        return self._to("refused", reason=reason, answer="", due_at=now + KEPT_S)

    def declined(self, by: str, now: int, reason: DeclineReason) -> "Match":
        self.answerable(by)
        return self._to("declined", reason=reason, due_at=now + KEPT_S)

    def lapsed(self, now: int) -> "Match":
        if now < self.due_at:
            raise Conflict("match_not_due")
        return self._to("lapsed", due_at=now + KEPT_S)

    def cancelled(self, by: str, now: int, reason: CancelReason) -> "Match":
        self.side_of(by)
        answer = self.answer if self.state == "accepted" else ""
        return self._to("cancelled", reason=reason, answer=answer, due_at=now + KEPT_S)

    def blocked(self, by: str, now: int) -> "Match":
        """End what is not settled yet, as any cancelling does: nothing in it tells of the block."""
        self.side_of(by)
        if self.state in ("proposed", "queued", "agreed"):
            return self.cancelled(by, now, "other")
        return replace(self, version=self.version + 1)

    def followed(self, now: int) -> "Match":
        """Both were asked how it went; when nobody says, it is done in time."""
        if self.state != "accepted":
            raise Conflict("match_not_accepted", state=self.state)
        return replace(self, followed_up=True, due_at=now + DONE_S, version=self.version + 1)

    def told(self, by: str, now: int, outcome: Outcome) -> "Match":
        """Record how it went for one side; the match is done when both have said."""
        side = self.side_of(by)
        if self.state not in ("accepted", "done"):
            raise Conflict("match_not_accepted", state=self.state)
        said = replace(
            self,
            seeker_outcome=outcome if side == "seeker" else self.seeker_outcome,
            helper_outcome=outcome if side == "helper" else self.helper_outcome,
            version=self.version + 1,
        )
        if self.state == "accepted" and said.seeker_outcome and said.helper_outcome:
            return replace(said, state="done", due_at=now + KEPT_S)
        return said

    def closed(self, now: int) -> "Match":
        return self._to("done", due_at=now + KEPT_S)

    def for_the_seeker(self, side: Side) -> bool:
        """Say whether the city proposed it and nobody has joined or answered yet, to the seeker alone."""
        return side == self.proposer == "seeker" and self.state == "proposed" and not self.receipts

    def joined(self, message: str) -> "Match":
        return replace(self, message=message, chosen=True, version=self.version + 1)

    def with_receipt(self, receipt: Receipt) -> "Match":
        return replace(self, receipts=kept(self.receipts, receipt))

    def answerable(self, by: str) -> None:
        if self.side_of(by) != self.answerer:
            raise NotAllowed("not_your_turn")

    def _in_time(self, by: str, now: int) -> None:
        self.answerable(by)
        if self.state == "agreed":
            raise Conflict("match_not_proposed", state=self.state)
        if self.state == "proposed" and now >= self.due_at:
            raise Conflict("match_lapsed")

    def _to(self, state: State, **fields: object) -> "Match":
        if state not in MOVES[self.state]:
            over = "match_lapsed" if self.state == "lapsed" else "match_over"
            raise Conflict("match_not_proposed" if MOVES[self.state] else over, state=self.state)
        return replace(self, state=state, **fields, version=self.version + 1)  # type: ignore[arg-type]
