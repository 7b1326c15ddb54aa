"""Whether what many saw of a few matches at once could have been seen one after another.

The checker is that of Wing and Gong (1993) with the memory of Lowe (2017): it looks for an order of the
operations in which each begins before none that had ended before it began, and each is answered as a network
that does one thing at a time would answer. What that network does is written here anew, from the rules and
not from the code.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple


class Seen(NamedTuple):
    """One operation as its caller saw it: when it was sent and answered, on one clock, and the answer."""

    sent: int
    answered: int
    act: str
    match: int
    answer: str


@dataclass(frozen=True)
class Pairs:
    """Matches by number: need and offer of each, and how many places each of those has."""

    pairs: tuple[tuple[int, int], ...]
    needs: tuple[int, ...]
    offers: tuple[int, ...]

    def begin(self) -> tuple[Any, ...]:
        """Return how all stands at first: of each match state, ticket and calls; the tickets of each need."""
        return tuple(("proposed", 0, 0) for _ in self.pairs), (0,) * len(self.needs)

    def do(self, stands: Any, act: str, number: int) -> tuple[Any, str]:
        """Return how all stands after an operation, and its answer."""
        matches, tickets = list(stands[0]), list(stands[1])
        if act == "read":
            return stands, matches[number][0]
        answer = (self._cancel if act == "cancel" else self._accept)(matches, tickets, number)
        return (tuple(matches), tuple(tickets)), answer

    def _cancel(self, matches: list[Any], _tickets: list[int], number: int) -> str:
        state, ticket, calls = matches[number]
        if state not in ("proposed", "queued", "accepted"):
            return "match_over"
        matches[number] = ("cancelled", ticket, calls)
        if state == "accepted" or (state == "proposed" and calls):
            self._call(matches, self.pairs[number][0])
        return "cancelled"

    def _accept(self, matches: list[Any], tickets: list[int], number: int) -> str:
        state, ticket, calls = matches[number]
        need, offer = self.pairs[number]
        if state != "proposed":
            return {"queued": "queued", "cancelled": "match_over"}.get(state, "match_not_proposed")
        if self._free(matches, offer) < 1:
            return "offer_full"
        if self._left(matches, need):
            matches[number] = ("accepted", ticket, calls)
        else:
            tickets[need] += 1
            matches[number] = ("queued", ticket or tickets[need], calls)
        return str(matches[number][0])

    def _call(self, matches: list[Any], need: int) -> None:
        mine = [number for number, (theirs, _) in enumerate(self.pairs) if theirs == need]
        called = sum(matches[number][0] == "proposed" and matches[number][2] > 0 for number in mine)
        waiting = [number for number in mine if matches[number][0] == "queued"]
        for number in sorted(waiting, key=lambda number: matches[number][1]):
            if called < self._left(matches, need) and self._free(matches, self.pairs[number][1]):
                _, ticket, calls = matches[number]
                matches[number] = ("proposed", ticket, calls + 1)
                return

    def _left(self, matches: list[Any], need: int) -> int:
        return self.needs[need] - sum(
            matches[number][0] == "accepted" for number, (each, _) in enumerate(self.pairs) if each == need
        )

    def _free(self, matches: list[Any], offer: int) -> int:
        return self.offers[offer] - sum(
            matches[number][0] == "accepted" for number, (_, each) in enumerate(self.pairs) if each == offer
        )


def explains(model: Pairs, history: list[Seen]) -> bool:
    """Say whether there is an order of the operations that explains every answer."""
    history = sorted(history)
    everything = (1 << len(history)) - 1
    seen, front = set(), [(0, model.begin())]
    while front:
        done, stands = front.pop()
        if done == everything:
            return True
        if (done, stands) in seen:
            continue
        seen.add((done, stands))
        left = [index for index in range(len(history)) if not done >> index & 1]
        ends = min(history[index].answered for index in left)
        for index in left:
            operation = history[index]
            if operation.sent > ends:
                break
            after, answer = model.do(stands, operation.act, operation.match)
            if answer == operation.answer:
                front.append((done | 1 << index, after))
    return False
