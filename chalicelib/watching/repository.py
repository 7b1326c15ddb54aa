"""What a watch needs: signs of what happened, and a memory from one look to the next."""

from typing import Protocol

from chalicelib.watching.model import Memory, Sight


class Signs(Protocol):
    def between(self, start: int, end: int) -> Sight:
        """Return what happened in the city between two instants, in UTC epoch seconds."""
        ...


class Memories(Protocol):
    def recall(self) -> Memory | None:
        """Return what the last look left; None before the first."""
        ...

    def keep(self, memory: Memory) -> None: ...
