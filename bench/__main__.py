"""`python -m bench`: measure everything, print one table, write bench/results.json.

`python -m bench ranking warm` measures those alone and writes nothing.
"""

import signal
import sys
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
from bench.ground import ground
from bench.meter import cpu_ms
from bench.rows import RESULTS, Row, progress, row, table, write

SECTIONS = {
    "mailing": mailing.rows,
    "searching": searching.rows,
    "asking": asking.rows,
    "loading": loading.rows,
    "posting": posting.rows,
    "ranking": ranking.rows,
    "assigning": assigning.rows,
    "cutting": cutting.rows,
    "donations": donations.rows,
    "relevance": relevance.rows,
    "expiring": expiring.rows,
    "starting": starting.rows,
    "warm": warm.rows,
    "simulating": simulating.rows,
    "packaging": packaging.rows,
    "costing": costing.rows,
}


def main(wanted: list[str]) -> None:
    found = [_machine()]
    with ground() as prepared:
        for name in wanted or SECTIONS:
            found += SECTIONS[name](prepared)
    print(table(found))
    if not wanted:
        write(found)
        progress(f"written to {RESULTS.name}; {sum(one.met is False for one in found)} targets not reached")


def _machine() -> Row:
    """Return how fast this machine is now: milliseconds mean little without it."""
    took = median([cpu_ms(lambda: sum(number * number for number in range(100_000))) for _ in range(9)])
    return row("machine_ms", 100_000, took, "ms CPU of Python for so many squares")


if __name__ == "__main__":
    # A signal ends it as an exception does: the engine goes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main(sys.argv[1:])
