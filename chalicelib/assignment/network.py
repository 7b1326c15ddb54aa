"""The network whose cheapest circulation is the assignment.

root -> need -> offer -> helper -> root. A need takes a helper once: where one of several places could go to
several offers of one helper, a node for that pair stands between. A helper with one offer is one node with
it. Every arc between needs and offers carries one at most. The arcs at the root, and from offer to helper,
carry several whose costs never fall: `steps` holds them, `load` says how many are carried.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from chalicelib.assignment.model import Instance, Need, Weights

ROOT = -1
BEGIN = -1 << 60
"""In the place of an arc: here a search began."""


class Network:
    """Nodes are numbers: needs, offers, helpers, each in the order of the instance, then pairs.

    `price[v]` is a potential, the root's being 0: an arc from v to w of cost c has the reduced cost
    c + price[v] - price[w]. Arcs are numbers too: the options in order, then those from needs to pairs.
    """

    def __init__(self, instance: Instance, weights: Weights) -> None:
        self.weights = weights
        self.needs = len(instance.needs)
        self.helpers = self.needs + len(instance.offers)
        """The first node of a helper."""
        self.pairs = self.helpers + len(instance.helpers)
        """The first node of a pair."""
        costs = {fit: -weights.points * fit for fit in set(instance.fits)}
        nodes = [*range(self.helpers)]
        """So that a node is one object, however many arcs end there."""
        self.head: list[int] = [*map(nodes[self.needs :].__getitem__, instance.offer_of)]
        self.cost = [*map(costs.__getitem__, instance.fits)]
        self.tail: list[int] = [*map(nodes.__getitem__, instance.need_of)]
        options = Counter(instance.need_of)
        self.steps: list[Sequence[int]] = [
            rewards(need, options[node], weights) for node, need in enumerate(instance.needs)
        ]
        self.up = [ROOT] * self.pairs
        """Where what enters an offer or a helper goes on to."""
        self.children: dict[int, list[int]] = {}
        """The offers of a helper who has several."""
        self._offers(instance)
        self.arcs: list[Sequence[int]] = [()] * self.pairs
        """What leaves a need or a pair; `heads` and `costs` are theirs."""
        self._needs(options)
        self.heads = [_at(self.head, arcs) if arcs else () for arcs in self.arcs]
        self.costs = [_at(self.cost, arcs) if arcs else () for arcs in self.arcs]
        self.price = [0] * len(self.up)
        self.clear()

    def clear(self) -> None:
        """Let no arc be used."""
        self.used = bytearray(len(self.head))
        self.given: list[list[int]] = [[] for _ in self.up]
        """The used arcs that leave a node."""
        self.taken: list[list[int]] = [[] for _ in self.up]
        """The used arcs that enter a node."""
        self.load = [0] * len(self.up)

    def flip(self, arc: int) -> None:
        """Use an arc, or no longer."""
        tail, head = self.tail[arc], self.head[arc]
        if self.used[arc]:
            self.given[tail].remove(arc)
            self.taken[head].remove(arc)
        else:
            self.given[tail].append(arc)
            self.taken[head].append(arc)
        self.used[arc] ^= 1

    def walk(self, end: int, via: Mapping[int, int], *, forward: bool) -> int:
        """Change what is carried along a path that a search found, from its end back; return where it began.

        `via` holds for each node the arc by which it was reached, -1 - offer for that between an offer and
        its helper, and BEGIN where the search began. A search that is not forward went against the arcs.
        """
        node = end
        while (arc := via[node]) != BEGIN:
            if arc >= 0:
                self.flip(arc)
            else:
                self.load[-1 - arc] += 1 if (node != -1 - arc) == forward else -1
            node = self.other(arc, node)
        return node

    def other(self, arc: int, node: int) -> int:
        """Return the other end of an arc, written as in `via`."""
        if arc >= 0:
            return self.tail[arc] if self.head[arc] == node else self.head[arc]
        offer = -1 - arc
        return self.up[offer] if node == offer else offer

    def _offers(self, instance: Instance) -> None:
        node_of = {helper.id: node for node, helper in enumerate(instance.helpers, self.helpers)}
        rooms = {costs: asks(costs, self.weights) for costs in {helper.costs for helper in instance.helpers}}
        room_of = [rooms[helper.costs] for helper in instance.helpers]
        options = Counter(instance.offer_of)
        places = [min(offer.places, options[place]) for place, offer in enumerate(instance.offers)]
        several = Counter(offer.helper for offer, room in zip(instance.offers, places, strict=True) if room)
        for node, (offer, room) in enumerate(zip(instance.offers, places, strict=True), self.needs):
            helper = node_of[offer.helper]
            steps: Sequence[int] = room_of[helper - self.helpers]
            if steps and room and several[offer.helper] > 1:
                self.up[node] = helper
                self.children.setdefault(helper, []).append(node)
                steps = (0,) * room
            self.steps.append(steps[:room])
        self.steps.extend(room_of)

    def _needs(self, options: Counter[int]) -> None:
        dead = not all(map(self.steps.__getitem__, set(self.head)))
        begin = 0
        for need in range(self.needs):
            arcs: Sequence[int] = range(begin, begin + options[need])
            begin += options[need]
            if dead:
                arcs = [arc for arc in arcs if self.steps[self.head[arc]]]
            if self.steps[need]:
                self.arcs[need] = arcs
        if self.children:
            for need in range(self.needs):
                if len(self.steps[need]) > 1:
                    self._pair(need)

    def _pair(self, need: int) -> None:
        """Put a node between a need and the offers of a helper where there are several."""
        groups: dict[int, list[int]] = {}
        for arc in self.arcs[need]:
            head = self.head[arc]
            groups.setdefault(head if self.up[head] == ROOT else self.up[head], []).append(arc)
        self.arcs[need] = [group[0] for group in groups.values() if len(group) == 1]
        for group in groups.values():
            if len(group) > 1:
                pair = len(self.up)
                self.up.append(ROOT)
                self.steps.append(())
                self.arcs.append(group)
                for arc in group:
                    self.tail[arc] = pair
                self.arcs[need] = [*self.arcs[need], len(self.head)]
                self.tail.append(need)
                self.head.append(pair)
                self.cost.append(0)


def _at(values: list[int], arcs: Sequence[int]) -> Sequence[int]:
    if isinstance(arcs, range):
        return values[arcs.start : arcs.stop]
    return [values[arc] for arc in arcs]


def rewards(need: Need, options: int, weights: Weights) -> Sequence[int]:
    """Return what filling one place costs, then the next: less than nothing."""
    first = weights.places + weights.served + (weights.urgent if need.urgent else 0)
    return [-weights.places if place else -first for place in range(min(need.places, options))]


def asks(costs: Sequence[int], weights: Weights) -> tuple[int, ...]:
    """Return what one more ask costs, then the next: points, and what the squares grow by."""
    return tuple(weights.points * cost + 2 * asks + 1 for asks, cost in enumerate(costs))
