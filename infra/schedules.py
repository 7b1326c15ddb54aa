"""The schedules of the application, run on their rates as EventBridge would, one after another."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread

from chalice.app import Chalice, ScheduledEventConfig

from infra.events import Context, rate_s, schedule_event

LOG = logging.getLogger("infra.schedules")


@dataclass(slots=True)
class Schedule:
    """A handler and how often it runs. It first runs at once, to catch up with what was due meanwhile."""

    name: str
    every_s: int
    run: Callable[[], object]
    due: float = field(default_factory=time.monotonic)


def schedules_of(app: Chalice) -> list[Schedule]:
    """Return what the application declares with `@app.schedule`; only rates are known here."""
    sources = [source for source in app.event_sources if isinstance(source, ScheduledEventConfig)]
    return [Schedule(source.name, _seconds(source), _handler(app, source.name)) for source in sources]


class Runner:
    """Runs schedules in a thread of its own until it is stopped."""

    def __init__(self, schedules: list[Schedule]) -> None:
        self._schedules = schedules
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="schedules", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when the tick that runs now, if any, has ended."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while self._schedules:
            upcoming = min(self._schedules, key=lambda schedule: schedule.due)
            if self._stopping.wait(max(0.0, upcoming.due - time.monotonic())):
                return
            tick(upcoming)


def tick(schedule: Schedule) -> None:
    """Run it once; a failure is logged and left to the next tick. Ticks missed meanwhile are not made up."""
    started = time.monotonic()
    schedule.due = started + schedule.every_s
    try:
        schedule.run()
    except Exception:
        LOG.exception("%s failed and will be tried again in %d s", schedule.name, schedule.every_s)
    else:
        LOG.info("%s took %.3f s", schedule.name, time.monotonic() - started)


def _seconds(source: ScheduledEventConfig) -> int:
    expression = source.schedule_expression
    written = expression if isinstance(expression, str) else expression.to_string()
    every = rate_s(written)
    if every is None:
        raise ValueError(f"{source.name} runs on {written}: a local city runs rates only")
    return every


def _handler(app: Chalice, name: str) -> Callable[[], object]:
    handle = app.handler_map[name]
    return lambda: handle(schedule_event(name, time.time()), Context(f"{app.app_name}-{name}"))
