"""`python -m bench`: measure everything, print one table, write bench/results.json.

`python -m bench ranking warm` measures those alone and writes nothing.
"""

import signal
import sys

from bench import expiring, loading, posting, ranking, searching, starting, warm
from bench.ground import ground
from bench.rows import RESULTS, Row, progress, table, write

SECTIONS = {
    "searching": searching.rows,
    "loading": loading.rows,
    "posting": posting.rows,
    "ranking": ranking.rows,
    "expiring": expiring.rows,
    "starting": starting.rows,
    "warm": warm.rows,
}


def main(wanted: list[str]) -> None:
    found: list[Row] = []
    with ground() as prepared:
        for name in wanted or SECTIONS:
            found += SECTIONS[name](prepared)
    print(table(found))
    if not wanted:
        write(found)
        progress(f"written to {RESULTS.name}; {sum(row.met is False for row in found)} targets not reached")


if __name__ == "__main__":
    # A signal ends it as an exception does: the engine goes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main(sys.argv[1:])
