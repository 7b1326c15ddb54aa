"""Simulated time: what happens next happens at once, and nothing looks at a wall clock."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

Act = Callable[[], object]


class Clock:
    """The instant, in UTC epoch seconds. It only moves forward."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class Loop:
    """What is to happen, by instant; of what happens at one instant, the first planned is the first done."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._planned: list[tuple[int, int, Act]] = []
        self._numbers = count()

    def at(self, instant: int, act: Act) -> None:
        """Plan something; what should have happened already happens now."""
        heappush(self._planned, (max(instant, self.clock.now), next(self._numbers), act))

    @property
    def next_at(self) -> int | None:
        return self._planned[0][0] if self._planned else None

    def step(self) -> None:
        """Do what is next."""
        at, _, act = heappop(self._planned)
        self.clock.now = max(self.clock.now, at)
        act()
