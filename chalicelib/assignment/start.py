"""From prices to what is carried: every arc that pays is used; what does not add up is for later."""

from operator import sub

from chalicelib.assignment.auction import FINE, Auction
from chalicelib.assignment.network import ROOT, Network


def begin(network: Network, auction: Auction) -> list[int]:
    """Carry what the prices of the auction call for; return by how much more enters each node than leaves it.

    No arc that is used costs more than nothing, reduced, and none that is not less.
    """
    holdings = auction.holdings()
    price = network.price
    for node in range(network.needs, network.pairs):
        good = node if network.up[node] == ROOT else network.up[node]
        price[node] = -((auction.price[good] + FINE // 2) // FINE)
    for pair in range(network.pairs, len(network.up)):
        price[pair] = max(_left(network, pair))
    balance = [0] * len(network.up)
    for need in range(network.needs):
        _send(network, need, holdings.get(need, set()), balance)
    _send_pairs(network, balance)
    for offers in network.children.values():
        for offer in offers:
            _carry(network, offer, balance)
            balance[network.up[offer]] += network.load[offer]
    for node, steps in enumerate(network.steps[network.needs : network.pairs], network.needs):
        if network.up[node] == ROOT and steps and (balance[node] or steps[0] < -price[node]):
            _carry(network, node, balance)
    return balance


def _send_pairs(network: Network, balance: list[int]) -> None:
    """Let what enters a pair go on to the best offer of it."""
    for pair in range(network.pairs, len(network.up)):
        if balance[pair]:
            balance[pair] = 0
            best = _left(network, pair).index(network.price[pair])
            network.flip(network.arcs[pair][best])
            balance[network.heads[pair][best]] += 1


def _left(network: Network, node: int) -> list[int]:
    """Return what each arc would leave a need or a pair."""
    return [*map(sub, map(network.price.__getitem__, network.heads[node]), network.costs[node])]


def _send(network: Network, need: int, holding: set[int], balance: list[int]) -> None:
    """Fill the places that pay, first where the auction did."""
    steps, left = network.steps[need], _left(network, need)
    best = sorted(left, reverse=True)[: len(steps)] if len(steps) > 1 else [max(left, default=0)][: len(left)]
    filled = sum(gain >= step for gain, step in zip(best, steps, strict=False))
    network.load[need] = filled
    least = (
        min([*best[filled - 1 : filled], *steps[filled : filled + 1]], default=0)
        if filled
        else min(steps, default=0)
    )
    network.price[need] = least
    sent = 0
    for at in [at for at, gain in enumerate(left) if gain >= least] if filled else ():
        head = network.heads[need][at]
        if left[at] > least or (sent < filled and _good(network, head) in holding):
            network.flip(network.arcs[need][at])
            balance[head] += 1
            sent += 1
    balance[need] = filled - sent


def _good(network: Network, head: int) -> int:
    """Return what the auction sold as this."""
    offer = head if head < network.pairs else network.heads[head][0]
    return offer if network.up[offer] == ROOT else network.up[offer]


def _carry(network: Network, node: int, balance: list[int]) -> None:
    """Let a node carry on what enters it, as far as its steps and the prices allow."""
    gain = (0 if network.up[node] == ROOT else network.price[network.up[node]]) - network.price[node]
    least = sum(step < gain for step in network.steps[node])
    most = sum(step <= gain for step in network.steps[node])
    network.load[node] = max(least, min(most, balance[node]))
    balance[node] -= network.load[node]
