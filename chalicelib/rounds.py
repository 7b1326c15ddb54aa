"""A round: a schedule goes through what is due, one thing at a time, and says what came of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chalicelib.errors import Conflict, NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class Round:
    """How many were done, how many somebody else had seen to, how many must wait for the next round."""

    done: int = 0
    passed: int = 0
    failed: int = 0


def go_round(due: Iterable[str], act: Callable[[str], object]) -> Round:
    """Do what is due. What fails for now stays due; it stops nobody else's turn."""
    done = passed = failed = 0
    for key in due:
        try:
            act(key)
        except (Conflict, NotFound):
            passed += 1
        except Unavailable:
            failed += 1
        else:
            done += 1
    return Round(done, passed, failed)
