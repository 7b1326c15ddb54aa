"""`python -m bench`: measure everything, print one table, write bench/results.json.

`python -m bench ranking warm` measures those sections alone; what the others had stays as it was.
"""

import signal
import sys
from collections.abc import Callable, Iterable
from statistics import median

from bench import (
    asking,
    assigning,
    costing,
    cutting,
    donations,
    expiring,
    loading,
    mailing,
    packaging,
    posting,
    ranking,
    relevance,
    searching,
    simulating,
    starting,
    warm,
)
from bench.ground import Ground, ground
from bench.meter import cpu_ms
from bench.rows import RESULTS, Row, progress, row, table, write

ALONE: dict[str, Callable[[], Iterable[Row]]] = {
    "mailing": mailing.rows,
    "ranking": ranking.rows,
    "assigning": assigning.rows,
    "cutting": cutting.rows,
    "donations": donations.rows,
    "relevance": relevance.rows,
    "simulating": simulating.rows,
    "costing": costing.rows,
}
ON_GROUND: dict[str, Callable[[Ground], Iterable[Row]]] = {
    "searching": searching.rows,
    "asking": asking.rows,
    "loading": loading.rows,
    "posting": posting.rows,
    "expiring": expiring.rows,
    "starting": starting.rows,
    "warm": warm.rows,
    "packaging": packaging.rows,
}
"""Sections that look at tables of 100,000 listings: filling them takes minutes, so only these wait for it."""


def main(wanted: list[str]) -> None:
    found: list[Row] = []
    for name in [each for each in ALONE if not wanted or each in wanted]:
        found += _measured(name, ALONE[name]())
    if on_ground := [each for each in ON_GROUND if not wanted or each in wanted]:
        with ground() as prepared:
            for name in on_ground:
                found += _measured(name, ON_GROUND[name](prepared))
    print(table(found))
    progress(f"written to {RESULTS.name}; {sum(one.met is False for one in found)} targets not reached")


def _measured(section: str, rows: Iterable[Row]) -> list[Row]:
    found = [_machine(), *rows]
    write(section, found)
    return found


def _machine() -> Row:
    """Return how fast this machine is now: milliseconds mean little without it."""
    took = median([cpu_ms(lambda: sum(number * number for number in range(100_000))) for _ in range(9)])
    return row("machine_ms", 100_000, took, "ms CPU of Python for so many squares")


if __name__ == "__main__":
    # A signal ends it as an exception does: the engine goes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main(sys.argv[1:])
