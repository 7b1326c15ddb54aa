"""A round: a schedule goes through what is due, one thing at a time, and says what came of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chalicelib.errors import Conflict, NotFound, Unavailable

LOOKS = 3
"""At one thing: another change of it may have been first, and it may still be due."""


@dataclass(frozen=True, slots=True)
class Round:
    """How many were done, how many somebody else had seen to, how many failed and wait for the next round.

    `left` is how many were not looked at, because a round takes no more.
    """

    done: int = 0
    passed: int = 0
    failed: int = 0
    left: int = 0


def go_round(due: Iterable[str], act: Callable[[str], object]) -> Round:
    """Do what is due. What fails for now stays due; it stops nobody else's turn."""
    return Round(**Counter(_take_turn(key, act) for key in due))


def _take_turn(key: str, act: Callable[[str], object]) -> str:
    for _ in range(LOOKS):
        try:
            act(key)
        except Conflict:
            continue
        except NotFound:
            return "passed"
        except Unavailable:
            return "failed"
        return "done"
    return "passed"
