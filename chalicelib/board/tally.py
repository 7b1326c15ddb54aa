"""How many cards of each kind, category and state lie in some runs of cells, by subtraction."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from chalicelib.board.cells import Cells, Run
from chalicelib.board.columns import Coded
from chalicelib.board.model import State, Where
from chalicelib.listings.card import Kind

_LANE = 32
_STATES: tuple[State, ...] = ("open", "matched")


class Tally:
    """Counts are lanes of one whole number: a block of lanes a kind and state, in it a lane a category.

    Of each cell is kept the sum of all cells before it, so a run of cells costs one subtraction.
    """

    def __init__(self, kinds: Coded[Kind], categories: Coded[str], lefts: Coded[int], cells: Cells) -> None:
        self._categories: Sequence[str] = categories.values
        self._blocks = [(kind, state) for kind in kinds.values for state in _STATES]
        lanes = len(self._categories)
        self._wide = _LANE * lanes
        self._block = (1 << self._wide) - 1
        units = [1 << (_LANE * lane) for lane in range(len(self._blocks) * lanes)]
        self._starts = cells.starts
        full = lefts.spread([int(left == 0) for left in lefts.values])
        columns = zip(kinds.codes, full, categories.codes, strict=True)
        self._units = [units[(2 * kind + matched) * lanes + category] for kind, matched, category in columns]
        runs = zip(cells.starts, cells.starts[1:], strict=False)
        self._sums = list(accumulate((sum(self._units[start:end]) for start, end in runs), initial=0))

    def count(self, where: Where, runs: Sequence[Run], gone: Sequence[int]) -> dict[str, int]:
        """Return how many cards of each category lie in the runs of cells, but for those of the slots gone.

        Of the filters only kind and state are looked at.
        """
        sums, units, part = self._sums, self._units, 0
        total = sum([sums[end] for _, end in runs]) - sum([sums[start] for start, _ in runs])
        if gone:
            edges = [self._starts[cell] for run in runs for cell in run]
            total -= sum([units[slot] for slot in gone if bisect_right(edges, slot) & 1])
        for kind, state in self._blocks:
            if (where.kind is None or where.kind == kind) and (where.state is None or where.state == state):
                part += total & self._block
            total >>= self._wide
        counts = array("I", part.to_bytes(self._wide >> 3, "little"))
        return {category: count for category, count in zip(self._categories, counts, strict=True) if count}
