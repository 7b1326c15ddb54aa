"""A match: one need and one offer brought together, from the asking to how it went."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from chalicelib.errors import Conflict, NotAllowed, NotFound
from chalicelib.receipts import Receipt, kept

State = Literal["proposed", "accepted", "declined", "lapsed", "cancelled", "done"]
Side = Literal["seeker", "helper"]
DeclineReason = Literal["no_time", "too_far", "not_able", "already_helping", "other"]
CancelReason = Literal["no_longer_needed", "no_longer_able", "no_answer", "other"]
Outcome = Literal["went_well", "partly", "did_not_happen", "problem"]

MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        "proposed": frozenset({"accepted", "declined", "lapsed", "cancelled"}),
        "accepted": frozenset({"cancelled", "done"}),
        "declined": frozenset(),
        "lapsed": frozenset(),
        "cancelled": frozenset(),
        "done": frozenset(),
    }
)

DAY_S = 86_400
FOLLOW_UP_S = 3 * DAY_S
"""How long after an acceptance both are asked how it went."""
DONE_S = 30 * DAY_S
"""An accepted match that nobody speaks of any more is done after this long."""
KEPT_S = 90 * DAY_S


@dataclass(frozen=True, slots=True)
class Match:
    """The need's author seeks, the offer's author helps; `proposer` asked and the other side answers.

    `due_at` is when a schedule must look at it next: to lapse it, to ask how it went, to close it.
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
    state: State = "proposed"
    reason: str | None = None
    seeker_outcome: Outcome | None = None
    helper_outcome: Outcome | None = None
    followed_up: bool = False
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
    def answerer(self) -> Side:
        return "helper" if self.proposer == "seeker" else "seeker"

    def side_of(self, person: str) -> Side:
        """Return the person's side; to anybody else the match does not exist."""
        if person == self.seeker:
            return "seeker"
        if person == self.helper:
            return "helper"
        raise NotFound("not_found")

    def person_on(self, side: Side) -> str:
        return self.seeker if side == "seeker" else self.helper

    def other(self, side: Side) -> str:
        return self.helper if side == "seeker" else self.seeker

    def accepted(self, by: str, now: int, answer: str) -> "Match":
        self._answerable(by)
        if now >= self.due_at:
            raise Conflict("match_lapsed")
        return self._to("accepted", answer=answer, due_at=now + FOLLOW_UP_S)

    def declined(self, by: str, now: int, reason: DeclineReason) -> "Match":
        self._answerable(by)
        return self._to("declined", reason=reason, due_at=now + KEPT_S)

    def lapsed(self, now: int) -> "Match":
        if now < self.due_at:
            raise Conflict("match_not_due")
        return self._to("lapsed", due_at=now + KEPT_S)

    def cancelled(self, by: str, now: int, reason: CancelReason) -> "Match":
        self.side_of(by)
        return self._to("cancelled", reason=reason, due_at=now + KEPT_S)

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

    def with_receipt(self, receipt: Receipt) -> "Match":
        return replace(self, receipts=kept(self.receipts, receipt))

    def _answerable(self, by: str) -> None:
        if self.side_of(by) != self.answerer:
            raise NotAllowed("not_your_turn")

    def _to(self, state: State, **fields: object) -> "Match":
        if state not in MOVES[self.state]:
            code = "match_over" if not MOVES[self.state] else "match_not_proposed"
            raise Conflict(code, state=self.state)
        return replace(self, state=state, **fields, version=self.version + 1)  # type: ignore[arg-type]
