"""`python -m infra.simulate mulhouse --days 90 --seed 7`: engines beside one another in one city."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from chalicelib.cities.model import load_city
from chalicelib.people.model import ASKS_PER_SEASON
from chalicelib.settings import CITIES
from infra.simulate.comparing import DATA, imagined, simulate, write_drawings
from infra.simulate.figures import figures
from infra.simulate.report import report
from infra.simulate.running import ENGINES
from infra.simulate.world import Size


def main(arguments: Sequence[str]) -> int:
    """Simulate, print what came of it and write the drawings; return the exit code."""
    asked = _parser().parse_args(arguments)
    path = CITIES / f"{asked.city}.json"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in CITIES.glob("*.json")))
        print(f"There is no city {asked.city}. There are: {known}.", file=sys.stderr)
        return 2
    city, size = load_city(path), Size(asked.residents, asked.needs, asked.days)
    tried = imagined(
        city,
        size,
        seed=asked.seed,
        data=asked.data,
        tireless=asked.tireless,
        asks_per_season=asked.asks_per_season,
    )
    found = simulate(tried, asked.engine or ENGINES)
    shown = {engine: (history, figures(history, city.zone)) for engine, history in found.items()}
    print(report(tried, {engine: came for engine, (_, came) in shown.items()}))
    if asked.out is not None:
        write_drawings(asked.out, tried, shown)
        print(f"Drawings are in {asked.out}.")
    return 0


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
