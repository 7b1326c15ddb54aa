"""How many can be served at all: the parts of the objective that count before points.

Classes of places one after another, most urgent first, each place by an augmenting path where there is one
(Kuhn 1955; rounds of searches that share what they have seen, as Pothen and Fan do). What a round reaches
without one success can never be left again: to take a place there costs another of that class. So it gets
that class's reward as its price, and is never entered again.
"""

from collections.abc import Iterator
from itertools import groupby

from chalicelib.assignment.network import BEGIN, ROOT, Network


def price_what_is_scarce(network: Network) -> None:
    """Set the prices that are right while only numbers served count; nothing is carried in the end."""
    places = sorted((step, node) for node in range(network.needs) for step in network.steps[node])
    lost = bytearray(len(network.up))
    via: dict[int, int] = {}
    for step, group in groupby(places, key=lambda place: place[0]):
        waiting = [node for _, node in group]
        while waiting:
            seen = lost[:]
            still = [node for node in waiting if not _serve(network, node, seen, via)]
            if len(still) == len(waiting):
                for node, reached in enumerate(seen):
                    if reached and not lost[node]:
                        network.price[node] = step
                lost = seen
                break
            waiting = still
    network.clear()


def _serve(network: Network, need: int, seen: bytearray, via: dict[int, int]) -> bool:
    """Fill one place of the need, if a path leads to room that nobody has; what it reaches is seen."""
    if seen[need]:
        return False
    seen[need] = 1
    via[need] = BEGIN
    queue = [need]
    for node in queue:
        for arc, other in _onward(network, node):
            if seen[other]:
                continue
            seen[other] = 1
            via[other] = arc
            if _has_room(network, other):
                network.load[other] += 1
                network.load[network.walk(other, via, forward=True)] += 1
                return True
            queue.append(other)
    return False


def _has_room(network: Network, node: int) -> bool:
    """Whether the node goes on to the root, and can carry more to it."""
    return (
        network.needs <= node < network.pairs
        and network.up[node] == ROOT
        and network.load[node] < len(network.steps[node])
    )


def _onward(network: Network, node: int) -> Iterator[tuple[int, int]]:
    """Yield the ways on from a node, and where they lead."""
    if node < network.needs or node >= network.pairs:
        for arc, head in zip(network.arcs[node], network.heads[node], strict=True):
            if not network.used[arc]:
                yield arc, head
    elif network.up[node] != ROOT and network.load[node] < len(network.steps[node]):
        yield -1 - node, network.up[node]
    for arc in network.taken[node]:
        yield arc, network.tail[arc]
    for offer in network.children.get(node, ()):
        if network.load[offer]:
            yield -1 - offer, offer
