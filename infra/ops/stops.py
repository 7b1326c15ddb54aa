"""Why a command ends before its end: what happened, in what state things are, and what to do next."""

from enum import IntEnum


class Exit(IntEnum):
    """What a script can tell apart; docs/operations.md says what to do about each."""

    DONE = 0
    FAILED = 1
    """Something went wrong; the state is told."""
    USAGE = 2
    """The command, or a file it was given, is not right; nothing was begun."""
    REFUSED = 3
    """Right, and not done: something would be lost, or it is another account's."""
    UNREACHABLE = 4
    """No credentials, no network, or something is missing on this machine."""
    ROLLED_BACK = 5
    """The new version failed; the one before it stands."""
    INTERRUPTED = 130


class Stopped(Exception):
    """A command cannot go on: a sentence each for what happened and the state, and the next command."""

    def __init__(self, what: str, state: str, then: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(what)
        self.what = what
        self.state = state
        self.then = then
        self.code = code
