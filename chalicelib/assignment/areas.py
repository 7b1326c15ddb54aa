"""More needs than can be looked at in one go: the town is cut into areas, each seen with what lies around.

An area is assigned together with the needs beside it, so that these have their say in who helps whom near
its border; only what the area's own needs get is carried out. So each need is decided where it is well inside
what was looked at.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Spot(NamedTuple):
    """Where a need is, on a plane of any unit."""

    need: str
    x: float
    y: float


def areas(spots: Sequence[Spot], most: int) -> list[list[Spot]]:
    """Return areas of at most so many spots and of about as many each, the same whatever the order.

    What is longer is cut across, as in a k-d tree (Bentley 1975).
    """
    many = -(-len(spots) // most)
    if many <= 1:
        return [sorted(spots)]
    (left, right), (low, high) = _sides(spots)
    along_x = right - left >= high - low
    ordered = sorted(spots, key=lambda spot: (spot.x if along_x else spot.y, spot.need))
    cut = len(spots) * (many // 2) // many
    return areas(ordered[:cut], most) + areas(ordered[cut:], most)


def beside(own: Sequence[Spot], spots: Sequence[Spot], most: int) -> list[Spot]:
    """Return of the other spots the nearest to the rectangle around an area's own, at most so many."""
    (left, right), (low, high) = _sides(own)

    def away(spot: Spot) -> tuple[float, str]:
        across, along = max(left - spot.x, 0, spot.x - right), max(low - spot.y, 0, spot.y - high)
        return across * across + along * along, spot.need

    mine = {spot.need for spot in own}
    return sorted((spot for spot in spots if spot.need not in mine), key=away)[:most]


def _sides(spots: Sequence[Spot]) -> tuple[tuple[float, float], tuple[float, float]]:
    across, along = [spot.x for spot in spots], [spot.y for spot in spots]
    return (min(across), max(across)), (min(along), max(along))
