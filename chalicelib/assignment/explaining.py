"""Why a need has less than it could take: nothing that fits, or what serving it would cost another."""

from typing import NamedTuple

from chalicelib.assignment.model import Instance, Solution
from chalicelib.assignment.network import ROOT, Network
from chalicelib.assignment.paths import FAR, Forward

PARTS = ("urgent", "served", "places", "points")


class Unserved(NamedTuple):
    """A need with places left open, and why.

    `reason` is `no_option` (nothing passed the gates), `no_room` (who passed them can take nothing at all),
    `no_other` (it has all that could take it) or `costs_another`, with the least that one more place would
    cost.
    """

    need: str
    open: int
    reason: str
    loser: str | None = None
    """The need that would lose a place."""
    part: str | None = None
    """The part of the objective that would get worse, of PARTS; `tie` where nothing would change."""
    by: int = 0
    """By how much."""
    comes: tuple[tuple[str, str], ...] = ()
    """The pairs that would come about."""
    goes: tuple[tuple[str, str], ...] = ()
    """The pairs that would be no more."""


def explain(instance: Instance, solution: Solution) -> list[Unserved]:
    """Return for each need that has less than its places why, in order."""
    network = restored(instance, solution)
    options = [0] * len(instance.needs)
    for place in instance.need_of:
        options[place] += 1
    found: list[Unserved] = []
    for node, need in enumerate(instance.needs):
        left = need.places - network.load[node]
        if left and not options[node]:
            found.append(Unserved(need.id, left, "no_option"))
        elif left and not network.arcs[node]:
            found.append(Unserved(need.id, left, "no_room"))
        elif left:
            found.append(_dearest(instance, network, node, left))
    return found


def restored(instance: Instance, solution: Solution) -> Network:
    """Return the network that carries the solution, at its prices."""
    proof = solution.certificate
    network = Network(instance, proof.weights)
    network.price[: network.pairs] = [*proof.needs, *(-price for price in (*proof.offers, *proof.helpers))]
    for pair in range(network.pairs, len(network.up)):
        ends = zip(network.heads[pair], network.costs[pair], strict=True)
        network.price[pair] = max(network.price[head] - cost for head, cost in ends)
    pairs = set(solution.pairs)
    into = {network.head[arc]: arc for arc in range(len(instance.options), len(network.head))}
    for arc, (need, offer, _) in enumerate(instance.options):
        if (need, offer) in pairs:
            network.flip(arc)
            if network.tail[arc] in into:
                network.flip(into[network.tail[arc]])
            node = network.head[arc]
            network.load[instance.need_of[arc]] += 1
            network.load[node] += 1
            if network.up[node] != ROOT:
                network.load[network.up[node]] += 1
    return network


class Probe(Forward):
    """The cheapest way to fill one more place of a need; nothing is changed."""

    start: int

    def probe(self, start: int) -> bool:
        """Return whether there is a way; `via` and `end` are it."""
        self.start = start
        self.begin(start)
        self.look()
        return self.best != FAR

    def leave(self, distance: int, node: int) -> None:
        """There is a way out, unless by giving up a place of the need itself."""
        if node != self.start:
            super().leave(distance, node)


def _dearest(instance: Instance, network: Network, node: int, left: int) -> Unserved:
    need = instance.needs[node].id
    probe = Probe(network, [0] * len(network.up))
    if not probe.probe(node):
        return Unserved(need, left, "no_other")
    arcs = [arc for arc in probe.path() if 0 <= arc < len(instance.options)]
    comes = tuple(sorted(instance.options[arc][:2] for arc in arcs if not network.used[arc]))
    goes = tuple(sorted(instance.options[arc][:2] for arc in arcs if network.used[arc]))
    points = sum(instance.fits[arc] * (-1 if network.used[arc] else 1) for arc in arcs)
    gained = (*_worth(instance, node, network.load[node]), points)
    lost = (*_worth(instance, probe.end, network.load[probe.end] - 1), 0)
    part, by = next(
        ((part, gain - loss) for part, gain, loss in zip(PARTS, gained, lost, strict=True) if gain != loss),
        ("tie", 0),
    )
    return Unserved(need, left, "costs_another", instance.needs[probe.end].id, part, -by, comes, goes)


def _worth(instance: Instance, node: int, place: int) -> tuple[int, int, int]:
    """Return what filling that place of a need adds to urgent needs, needs served, and places."""
    return int(instance.needs[node].urgent and not place), int(not place), 1
