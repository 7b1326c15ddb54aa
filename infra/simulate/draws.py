"""Chance, drawn from what it decides: a seed and a question always have the same answer.

Two engines that ask one resident for one need are answered alike (common random numbers), so that what
differs between two runs is what the engines did.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import exp
from random import Random
from statistics import NormalDist
from typing import TypeVar

from chalicelib.identity import digest

T = TypeVar("T")

_NORMAL = NormalDist()
_BITS = 53


def chance(*question: object) -> float:
    """Return a number in [0, 1) that belongs to the question."""
    return (int.from_bytes(digest(*map(str, question))[:8]) >> (64 - _BITS)) / (1 << _BITS)


def stream(*purpose: object) -> Random:
    """Return the random numbers of one purpose, to be drawn in an order that nothing else disturbs."""
    return Random(int.from_bytes(digest(*map(str, purpose))))  # noqa: S311 — nothing hangs on it


def one_of(choices: Sequence[T], *question: object) -> T:
    return choices[int(chance(*question) * len(choices))]


def weighted(choices: Sequence[tuple[T, float]], *question: object) -> T:
    """Return one of the choices, each as likely as its weight."""
    sums = list(accumulate(weight for _, weight in choices))
    return choices[min(bisect_right(sums, chance(*question) * sums[-1]), len(choices) - 1)][0]


def lognormal(median: float, sigma: float, *question: object) -> float:
    """Return a positive number, half of them below the median, its logarithm normal."""
    middle = min(max(chance(*question), 1e-9), 1 - 1e-9)
    return median * exp(sigma * _NORMAL.inv_cdf(middle))
