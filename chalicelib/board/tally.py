"""How many cards of each kind, category and state lie in some runs of cells, by subtraction."""

from collections.abc import Iterable
from itertools import accumulate

from chalicelib.board.cells import Cells, Run
from chalicelib.board.columns import Coded
from chalicelib.board.model import Where
from chalicelib.listings.card import Kind

_LANE = 24
_LARGEST = (1 << _LANE) - 1


class Tally:
    """Counts are lanes of one whole number, one lane for each kind, category and state that there can be.

    Of each cell is kept the sum of all cells before it, so a run of cells costs one subtraction.
    """

    def __init__(self, kinds: Coded[Kind], categories: Coded[str], lefts: Coded[int], cells: Cells) -> None:
        self._lanes = [
            (kind, category, state)
            for kind in kinds.values
            for category in categories.values
            for state in ("open", "matched")
        ]
        units = [1 << (_LANE * lane) for lane in range(len(self._lanes))]
        full, many = lefts.spread([int(left == 0) for left in lefts.values]), len(categories.values)
        columns = zip(kinds.codes, categories.codes, full, strict=True)
        self._units = [units[2 * (many * kind + category) + matched] for kind, category, matched in columns]
        runs = zip(cells.starts, cells.starts[1:], strict=False)
        self._sums = list(accumulate((sum(self._units[start:end]) for start, end in runs), initial=0))

    def count(self, where: Where, runs: Iterable[Run], gone: Iterable[int]) -> dict[str, int]:
        """Return how many cards of each category lie in the runs of cells, without those of the slots gone.

        Of the filters only kind and state are looked at.
        """
        sums, units, total = self._sums, self._units, 0
        for start, end in runs:
            total += sums[end] - sums[start]
        for slot in gone:
            total -= units[slot]
        found: dict[str, int] = {}
        for kind, category, state in self._lanes:
            count, total = total & _LARGEST, total >> _LANE
            if count and where.kind in {None, kind} and where.state in {None, state}:
                found[category] = found.get(category, 0) + count
        return found
