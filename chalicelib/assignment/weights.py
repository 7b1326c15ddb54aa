"""One whole number for the whole objective: how much each part must weigh so that it comes before the next.

Two assignments differ by simple cycles of the network, each of which gains or loses at most one urgent
need, one need and one place, and points and squares within bounds: docs/assignment.md shows it. Weights
that put every such cycle in the right order put the assignments in it.
"""

from chalicelib.assignment.model import Instance, Weights


def weights(instance: Instance) -> Weights:
    """Return weights that are enough, not much larger than the bounds call for."""
    most_asks = max((len(helper.costs) for helper in instance.helpers), default=0)
    most_cost = max((helper.costs[-1] for helper in instance.helpers if helper.costs), default=0)
    most_fit = max(instance.fits, default=0)
    moves = min(len(instance.options), len(instance.offers))
    points = max(2 * most_asks - 1, 1)
    places = points * (moves * most_fit + most_cost + 2)
    return Weights(4 * places, 2 * places, places, points)
