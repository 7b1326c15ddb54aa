"""The end: what does not add up is led along cheapest paths until it does, and then it is the best.

Successive shortest paths with potentials (Ahuja, Magnanti and Orlin 1993, chapter 9; Dijkstra's search ends
with the first way out). At every moment no arc that is used costs more than nothing, reduced, and none that
is not less.
"""

from collections.abc import Iterator
from heapq import heappop, heappush

from chalicelib.assignment.network import BEGIN, ROOT, Network

FAR = 1 << 400


def settle(network: Network, balance: list[int]) -> None:
    """Lead off what enters a node too much, then fetch what is missing."""
    forward = Forward(network, balance)
    for node in range(len(balance)):
        while balance[node] > 0:
            forward.run(node)
    if any(balance):
        backward = Backward(network, balance)
        for node in range(len(balance)):
            while balance[node] < 0:
                backward.run(node)


class Search:
    """One cheapest path after another, each to the root or to where the balance is the opposite."""

    sign = 1

    def __init__(self, network: Network, balance: list[int]) -> None:
        self.network = network
        self.balance = balance
        self.via: dict[int, int] = {}
        self.far: dict[int, int] = {}
        """How far the nodes reached are."""
        self.heap: list[tuple[int, int]] = []
        self.ready: list[int] = []
        """Nodes reached that are no farther than the last one looked at."""
        self.best, self.end, self.out = FAR, 0, False
        """The way out found so far: how far, from which node, and whether to the root."""

    def run(self, start: int) -> None:
        """Carry one from the node, or one less where it is missing, and keep the prices right."""
        self.begin(start)
        looked = self.look()
        price, far, best = self.network.price, self.far, self.best
        for node in looked:
            price[node] += self.sign * (far[node] - best)
        self.balance[start] -= self.sign
        if self.out:
            from_need = self.end < self.network.needs
            self.network.load[self.end] += -self.sign if from_need else self.sign
        else:
            self.balance[self.end] += self.sign
        self.network.walk(self.end, self.via, forward=self.sign > 0)

    def begin(self, start: int) -> None:
        self.via, self.far, self.heap, self.ready = {start: BEGIN}, {start: 0}, [], [start]
        self.best = FAR

    def look(self) -> list[int]:
        """Look at nodes, the nearest first, until nothing can be nearer than the way out; return them."""
        looked: list[int] = []
        distance = 0
        while self.ready or self.heap:
            if self.ready:
                node = self.ready.pop()
            else:
                distance, node = heappop(self.heap)
                if distance > self.far[node]:
                    continue
            if distance >= self.best:
                break
            looked.append(node)
            if self.balance[node] * self.sign < 0:
                self.best, self.end, self.out = distance, node, False
                break
            if node < self.network.needs or node >= self.network.pairs:
                self.from_need(node, distance)
            else:
                self.from_room(node, distance)
        return looked

    def path(self) -> Iterator[int]:
        """Yield the arcs of the way out, the last first, as `via` holds them."""
        node = self.end
        while (arc := self.via[node]) != BEGIN:
            yield arc
            node = self.network.other(arc, node)

    def from_need(self, node: int, distance: int) -> None:
        """Go on from a need or a pair."""
        raise NotImplementedError

    def from_room(self, node: int, distance: int) -> None:
        """Go on from an offer or a helper."""
        raise NotImplementedError

    def leave(self, distance: int, node: int) -> None:
        """There is a way to the root."""
        if distance < self.best:
            self.best, self.end, self.out = distance, node, True

    def reach(self, distance: int, node: int, arc: int, here: int) -> None:
        """There is a way to the node, from one that is `here` far."""
        if distance < self.best and distance < self.far.get(node, FAR):
            self.far[node] = distance
            self.via[node] = arc
            if distance == here:
                self.ready.append(node)
            else:
                heappush(self.heap, (distance, node))


class Forward(Search):
    """From a node that more enters than leaves."""

    def from_need(self, node: int, distance: int) -> None:
        network = self.network
        price, used, far = network.price, network.used, self.far
        if node < network.needs and network.load[node]:
            self.leave(distance + price[node] - network.steps[node][network.load[node] - 1], node)
        best, base = self.best, distance + price[node]
        for arc, head, cost in zip(network.arcs[node], network.heads[node], network.costs[node], strict=True):
            reached = base + cost - price[head]
            if reached < best and reached < far.get(head, FAR) and not used[arc]:
                self.reach(reached, head, arc, distance)
        self._give_back(node, distance)

    def from_room(self, node: int, distance: int) -> None:
        network, load = self.network, self.network.load[node]
        price = network.price
        if load < len(network.steps[node]):
            up, further = network.up[node], distance + network.steps[node][load] + price[node]
            if up == ROOT:
                self.leave(further, node)
            else:
                self.reach(further - price[up], up, -1 - node, distance)
        self._give_back(node, distance)
        for offer in network.children.get(node, ()):
            if network.load[offer]:
                self.reach(distance + price[node] - price[offer], offer, -1 - offer, distance)

    def _give_back(self, node: int, distance: int) -> None:
        """What enters may go elsewhere instead."""
        network = self.network
        base = distance + network.price[node]
        for arc in network.taken[node]:
            tail = network.tail[arc]
            self.reach(base - network.cost[arc] - network.price[tail], tail, arc, distance)


class Backward(Search):
    """Against the arcs, from a node that more leaves than enters."""

    sign = -1

    def __init__(self, network: Network, balance: list[int]) -> None:
        super().__init__(network, balance)
        self.into: list[list[int]] = [[] for _ in network.up]
        """The arcs that can carry something into each node."""
        for arcs, heads in zip(network.arcs, network.heads, strict=True):
            for arc, head in zip(arcs, heads, strict=True):
                self.into[head].append(arc)
        self.known: dict[int, tuple[list[int], list[int], list[int]]] = {}

    def from_need(self, node: int, distance: int) -> None:
        network = self.network
        price, load = network.price, network.load[node]
        if node < network.needs and load < len(network.steps[node]):
            self.leave(distance + network.steps[node][load] - price[node], node)
        for arc in network.given[node]:
            head = network.head[arc]
            self.reach(distance - network.cost[arc] + price[head] - price[node], head, arc, distance)
        if node >= network.pairs:
            self._fetch(node, distance)

    def from_room(self, node: int, distance: int) -> None:
        network, load = self.network, self.network.load[node]
        price = network.price
        if load:
            up, further = network.up[node], distance - network.steps[node][load - 1] - price[node]
            if up == ROOT:
                self.leave(further, node)
            else:
                self.reach(further + price[up], up, -1 - node, distance)
        self._fetch(node, distance)
        for offer in network.children.get(node, ()):
            if network.load[offer] < len(network.steps[offer]):
                self.reach(distance + price[offer] - price[node], offer, -1 - offer, distance)

    def _fetch(self, node: int, distance: int) -> None:
        """More may enter."""
        price, used, far = self.network.price, self.network.used, self.far
        best, base = self.best, distance - price[node]
        for arc, tail, cost in zip(*self._entering(node), strict=True):
            reached = base + cost + price[tail]
            if reached < best and reached < far.get(tail, FAR) and not used[arc]:
                self.reach(reached, tail, arc, distance)

    def _entering(self, node: int) -> tuple[list[int], list[int], list[int]]:
        """Return the arcs that enter the node, where they come from, and their costs."""
        if node not in self.known:
            network, arcs = self.network, self.into[node]
            self.known[node] = arcs, [network.tail[arc] for arc in arcs], [network.cost[arc] for arc in arcs]
        return self.known[node]
