"""The best assignment, with its proof."""

from itertools import compress

from chalicelib.assignment.auction import Auction
from chalicelib.assignment.model import Certificate, Instance, Solution, Weights, figures
from chalicelib.assignment.network import Network
from chalicelib.assignment.paths import settle
from chalicelib.assignment.start import begin
from chalicelib.assignment.tiers import price_what_is_scarce
from chalicelib.assignment.weights import weights


def solve(instance: Instance) -> Solution:
    """Return the best assignment; the same instance always gives the same one."""
    network = solved(instance, weights(instance))
    chosen = [*compress(range(len(instance.options)), network.used)]
    pairs = tuple((instance.options[place].need, instance.options[place].offer) for place in chosen)
    return Solution(pairs, figures(instance, chosen), certificate(instance, network))


def solved(instance: Instance, weights: Weights) -> Network:
    """Return the network that carries the best assignment, with prices that prove it."""
    network = Network(instance, weights)
    price_what_is_scarce(network)
    auction = Auction(network)
    auction.hold()
    settle(network, begin(network, auction))
    return network


def certificate(instance: Instance, network: Network) -> Certificate:
    """Return the network's prices as they are published: what needs gain, what offers and helpers cost.

    What has no room costs, and whoever wants nothing gains, more than anything is worth.
    """
    steps, needs, helpers = network.steps, network.needs, network.helpers
    dear = 2 * network.weights.urgent
    gains = [network.price[node] if steps[node] else dear for node in range(needs)]
    costs = [-network.price[node] if steps[node] else dear for node in range(needs, network.pairs)]
    offers, people = costs[: helpers - needs], costs[helpers - needs :]
    place_of = {helper.id: place for place, helper in enumerate(instance.helpers)}
    for node, (offer, cost) in enumerate(zip(instance.offers, offers, strict=True), needs):
        helper = place_of[offer.helper]
        if steps[node] and helpers + helper not in network.children:
            following = steps[helpers + helper][network.load[node] :]
            people[helper] = min([cost, *following[:1]])
    return Certificate(network.weights, tuple(gains), tuple(offers), tuple(people))
