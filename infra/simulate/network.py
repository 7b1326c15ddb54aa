"""One city's network under a simulated clock: the real use cases over tables in memory, and its schedules."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.cities.model import City
from chalicelib.notices.repository import Mail
from chalicelib.settings import Settings
from chalicelib.wiring import House
from infra.shelf import Row
from infra.simulate.loop import Clock, Loop
from infra.simulate.tables import WatchedTables

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
BASE_URL = "https://entraide.test"
NO_LIMIT = 100_000
FARTHEST_M = 10_000
"""How far everybody goes in a network that does not ask them."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which of the product's own rules a network has."""

    limits: bool = True
    """Nobody is asked more often in a week or a season than they chose."""
    reach: bool = True
    """People say how far they go."""
    windows: bool = True
    """People say when they are free."""


@dataclass(slots=True)
class Schedule:
    """A schedule of the application: its rate, the jobs it looks for, what it does."""

    every_s: int
    jobs: tuple[str, ...]
    run: Callable[[int], object]
    beat_s: int = DAY_S
    """It ticks at least so often."""
    last: int = 0
    woken: int | None = None
    """When something happened that it looks for and that is not filed under a job."""

    def next_at(self, tables: WatchedTables, earliest: int) -> int:
        """Return its next tick that can find something, or that of its next beat at the latest.

        A tick that finds nothing does nothing, so it need not be simulated.
        """
        dues = [due for job in self.jobs if (due := tables.next_due(job)) is not None]
        wanted = min([*dues, self.last + self.beat_s] if self.woken is None else [*dues, self.woken])
        return -(-max(wanted, self.last + 1, earliest) // self.every_s) * self.every_s


class Post:
    """The mail provider: every mail it took is handed to the one who reads it."""

    def __init__(self) -> None:
        self.deliver: Callable[[Mail, str], None] = lambda _mail, _notice: None
        self.taken = 0

    def send(self, mail: Mail, notice_id: str) -> str:
        self.taken += 1
        self.deliver(mail, notice_id)
        return f"provider-{self.taken}"


class Network:
    """`asking` says whether the city asks helpers itself, which peers do for it."""

    def __init__(self, city: City, rules: Rules, start: int, *, asking: bool) -> None:
        self.rules = rules
        self.clock = Clock(start)
        self.loop = Loop(self.clock)
        self.tables = WatchedTables(city.slug, lambda: self.clock.now * 1_000)
        self.post = Post()
        settings = Settings(city.slug, "eu-west-3", BASE_URL, b"simulated" * 4, f"entraide-{city.slug}")
        limits = replace(city.limits, listings_per_day=1_000, proposals_per_day=1_000)
        parts = {"tables": self.tables, "mailer": self.post, "now": self.clock}
        self.house = House(settings, city=replace(city, limits=limits), **parts)
        self._ticked = (start, -1)
        self.schedules = self._schedules()
        if asking:
            self.schedules[:0] = [self._asking(), self._assigning()]
        for each in self.schedules:
            each.last = start - 1
        self.changed: Callable[[str], None] = lambda _need: None
        """Told of a need that was posted, or of which a match is over."""

    def run(self, until: int) -> None:
        """Let everything happen that is planned or due before an instant.

        What residents do at an instant comes before the ticks of that instant, and those come in their order.
        """
        while True:
            at, number = min((self._next_of(number), number) for number in range(len(self.schedules)))
            planned = self.loop.next_at
            if planned is not None and planned <= min(at, until - 1):
                self.loop.step()
            elif at < until:
                self._tick(number, at)
            else:
                self.clock.now = until
                return

    def _next_of(self, number: int) -> int:
        """Return the next tick of a schedule: at this instant only if none that comes after it has ticked."""
        instant, last = self._ticked
        earliest = self.clock.now + (self.clock.now == instant and number <= last)
        return self.schedules[number].next_at(self.tables, earliest)

    def _tick(self, number: int, at: int) -> None:
        schedule = self.schedules[number]
        self.clock.now, self._ticked = at, (at, number)
        schedule.last, schedule.woken = at, None
        schedule.run(at)

    def _assigning(self) -> Schedule:
        """Return the schedule that assigns all at once, run as often as the city's file says."""
        every_s = HOUR_S * self.house.city.asking.assign_hours
        return Schedule(every_s, (), self.house.asking.assign, beat_s=every_s)

    def _asking(self) -> Schedule:
        """Return the schedule that asks, woken by each listing that opens."""
        schedule = Schedule(MINUTE_S, ("ask",), self.house.asking.ask_due)

        def watch(before: Row | None, row: Row) -> None:
            opened = row["state"] == "open" and (before is None or before["state"] != "open")
            if opened and schedule.woken is None:
                schedule.woken = self.clock.now

        self.tables.watchers["listings"] = watch
        return schedule

    def _schedules(self) -> list[Schedule]:
        house = self.house
        return [
            Schedule(5 * MINUTE_S, ("expire",), house.publishing.expire_due),
            Schedule(HOUR_S, ("remind",), house.publishing.remind_due),
            Schedule(5 * MINUTE_S, ("match",), house.matching.tend_due),
            Schedule(5 * MINUTE_S, (), house.board.save_snapshot),
            Schedule(HOUR_S, ("purge-notices",), house.dispatcher.purge),
            Schedule(HOUR_S, ("purge-matches",), house.matching.purge_due),
            Schedule(HOUR_S, ("purge-askings",), house.asking.purge_due),
            Schedule(HOUR_S, ("purge",), house.publishing.purge_due),
            Schedule(MINUTE_S, ("send",), house.dispatcher.send_due),
        ]
