"""`python -m infra.simulate mulhouse --days 90 --seed 7`: engines beside one another in one city."""

import argparse
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime
from os import cpu_count
from pathlib import Path

from chalicelib.cities.model import load_city
from chalicelib.people.model import ASKS_PER_SEASON
from chalicelib.settings import CITIES
from infra.simulate.drawing import draw
from infra.simulate.figures import Figures, figures
from infra.simulate.habits import read_habits
from infra.simulate.history import History
from infra.simulate.report import report
from infra.simulate.running import ENGINES, run
from infra.simulate.world import Size, World, world

DATA = Path("../shared/data/ppe_getusppe")
FIRST_DAY = datetime(2026, 3, 2)  # noqa: DTZ001 — midnight there, wherever the city is
"""A Monday; the clock is put forward on its twenty-eighth day."""


def main(arguments: Sequence[str]) -> int:
    """Simulate, print what came of it and write the drawings; return the exit code."""
    asked = _parser().parse_args(arguments)
    path = CITIES / f"{asked.city}.json"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in CITIES.glob("*.json")))
        print(f"There is no city {asked.city}. There are: {known}.", file=sys.stderr)
        return 2
    city = load_city(path)
    size = Size(asked.residents, asked.needs, asked.days)
    start = int(FIRST_DAY.replace(tzinfo=city.zone).timestamp())
    habits = read_habits(asked.data)
    habits = replace(habits, asks_per_season=asked.asks_per_season)
    if asked.tireless:
        habits = replace(habits, weariness=1.0)
    tried = world(city, habits, seed=asked.seed, size=size, start=start)
    found = simulate(tried, asked.engine or ENGINES)
    shown = {engine: (history, figures(history, city.zone)) for engine, history in found.items()}
    print(report(tried, {engine: came for engine, (_, came) in shown.items()}))
    if asked.out is not None:
        _write(asked.out, tried, shown)
    return 0


def simulate(tried: World, engines: Sequence[str]) -> dict[str, History]:
    """Return the history of each engine, each run in a process of its own."""
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
    return {engine: found[engine] for engine in engines}


def _one(tried: World, engine: str) -> History:
    days = (tried.until - tried.start) // 86_400

    def progress(day: int) -> None:
        if day % 10 == 0 or day == days:
            print(f"  {engine:<12} day {day:>3} of {days}", file=sys.stderr, flush=True)

    return run(tried, engine, progress)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that waits: it ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write(folder: Path, tried: World, shown: dict[str, tuple[History, Figures]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in draw(tried, shown).items():
        (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(f"Drawings are in {folder}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.simulate", description=__doc__)
    parser.add_argument("city", help="the slug of a file in infra/cities")
    parser.add_argument("--days", type=_whole, default=Size().days)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--residents", type=_whole, default=Size().residents)
    parser.add_argument("--needs", type=_whole, default=Size().needs)
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this one; may be repeated")
    parser.add_argument("--out", type=Path, help="the folder for drawings (SVG)")
    parser.add_argument("--tireless", action="store_true", help="nobody tires of being asked")
    parser.add_argument(
        "--asks-per-season", type=_whole, default=ASKS_PER_SEASON, help="the limit that every helper keeps"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of GetUsPPE, for habits")
    return parser


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("Stopped; nothing was written.", file=sys.stderr)
        sys.exit(130)
