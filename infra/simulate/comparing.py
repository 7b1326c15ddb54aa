"""Engines beside one another in one city: the same residents, needs and chance for each."""

import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime
from os import cpu_count
from pathlib import Path

from chalicelib.cities.model import City
from chalicelib.people.model import ASKS_PER_SEASON
from infra.emulator import ROOT
from infra.simulate.drawing import Shown, draw
from infra.simulate.figures import figures
from infra.simulate.habits import read_habits
from infra.simulate.history import History
from infra.simulate.running import run
from infra.simulate.world import Size, World, world

DATA = ROOT / "../shared/data/ppe_getusppe"
FIRST_DAY = datetime(2026, 3, 2)  # noqa: DTZ001 — midnight there, wherever the city is
"""A Monday; the clock is put forward on its twenty-eighth day."""


def imagined(
    city: City,
    size: Size,
    *,
    seed: int,
    data: Path = DATA,
    tireless: bool = False,
    asks_per_season: int = ASKS_PER_SEASON,
) -> World:
    """Return the city as it will live, with habits from the data where they are."""
    habits = replace(read_habits(data), asks_per_season=asks_per_season)
    if tireless:
        habits = replace(habits, weariness=1.0)
    return world(
        city, habits, seed=seed, size=size, start=int(FIRST_DAY.replace(tzinfo=city.zone).timestamp())
    )


def simulate(tried: World, engines: Sequence[str]) -> Shown:
    """Return the history of each engine and what it comes to, each run in a process of its own."""
    found: dict[str, History] = {}
    with ProcessPoolExecutor(min(len(engines), cpu_count() or 1), initializer=_ignore_interrupts) as pool:
        runs = {pool.submit(_one, tried, engine): engine for engine in engines}
        try:
            for done in as_completed(runs):
                found[runs[done]] = done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(pool._processes.values()):  # noqa: SLF001 — a run takes minutes
                process.terminate()
            raise
    return {engine: (found[engine], figures(found[engine], tried.city.zone)) for engine in engines}


def _one(tried: World, engine: str) -> History:
    days = (tried.until - tried.start) // 86_400

    def progress(day: int) -> None:
        if day % 10 == 0 or day == days:
            print(f"  {engine:<12} day {day:>3} of {days}", file=sys.stderr, flush=True)

    return run(tried, engine, progress)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that waits: it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def write_drawings(folder: Path, tried: World, shown: Shown) -> None:
    """Draw what happened, a file of SVG each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in draw(tried, shown).items():
        (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
