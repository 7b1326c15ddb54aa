"""A start: prices near the right ones, by an auction of the helpers' room (Bertsekas 1988, epsilon scaled).

A place of a need bids for the helper that leaves it most, as far up as the next best would leave as much,
and a step more; who is outbid bids again. The step gets smaller from round to round, and before each round
prices fall a little. Only prices and holders are used, and only to begin from: so what is awkward, such as
the room of a single offer, is left out here.
"""

from collections.abc import Callable, Sequence
from heapq import heappush, heapreplace
from itertools import chain
from operator import itemgetter, sub

from chalicelib.assignment.network import ROOT, Network

FINE, LAST = 32, 4
"""Prices are reckoned in parts of a unit; a step of so few of them is well below one, and the last."""
ROUGH, FINER = 32, 8
"""The first step is this part of the span of the costs, each next one that part of the last."""
FALLS = 2, 4
"""So many steps the prices fall after the first round, and after each later one."""
MOST_BIDS = 20
"""So many a bidder, on average, a round has at most; who is left then takes no more part."""
NEVER = -1 << 200
NOBODY = -1


class Auction:
    """`price` is what a place of a node costs; `holders` says which nodes each need got."""

    def __init__(self, network: Network) -> None:
        self.rooms: list[list[int]] = [[] for _ in network.up]
        """What a place of a node must cost, then the next: what is scarce begins dear."""
        for node in range(network.needs, network.pairs):
            if network.up[node] == ROOT:
                offers = network.children.get(node, [node])
                scarce = min(-network.price[offer] for offer in offers)
                places = sum(len(network.steps[offer]) for offer in offers)
                self.rooms[node] = [FINE * (step + scarce) for step in network.steps[node][:places]]
        self.price = [room[0] if room else 0 for room in self.rooms]
        self.held: list[list[tuple[int, int]]] = [[] for _ in self.rooms]
        """What each place sold cost, and the bidder who has it: the cheapest first (a heap)."""
        wanted = [
            _by_helper(network, need) if network.children else (network.heads[need], network.costs[need])
            for need in range(network.needs)
        ]
        self.goods = [goods for goods, _ in wanted]
        """What each need can bid for."""
        worth = {cost: -FINE * cost for cost in set(chain.from_iterable(costs for _, costs in wanted))}
        """Of each cost one number: what bids look at again and again stays in the cache."""
        self.worth = [[*map(worth.__getitem__, costs)] for _, costs in wanted]
        self.spans = [max(worth.values(), default=0) - min(worth.values(), default=0)]
        self.spans += [room[-1] - room[0] for room in self.rooms if room]
        """Over how much what the goods are worth goes, and what the room of each must cost."""
        self.prices_of = [_getter(goods) for goods in self.goods]
        self.floors = [[FINE * step for step in network.steps[need]] for need in range(network.needs)]
        """What leaving a place open costs, then the next: below this nothing is bought."""
        self.need = [
            need
            for need, goods in enumerate(self.goods)
            for _ in range(min(len(goods), len(self.floors[need])))
        ]
        """Of each bidder."""
        self.has = [NOBODY] * len(self.need)
        self.left_out: set[int] = set()
        self.others: dict[int, list[int]] = {}
        """All bidders of a need of several places."""
        for bidder, need in enumerate(self.need):
            if len(network.steps[need]) > 1:
                self.others.setdefault(need, []).append(bidder)

    def hold(self) -> None:
        """Hold the rounds."""
        step = max(1, max(self.spans) // ROUGH)
        bidders, fall = list(range(len(self.need) - 1, -1, -1)), FALLS[0]
        while True:
            self._round(bidders, step)
            self.left_out.update(bidders)
            if step <= LAST:
                return
            self._fall(fall * step)
            step, fall = max(1, step // FINER), FALLS[1]
            bidders = self._unhappy(step)

    def holdings(self) -> dict[int, set[int]]:
        """Return the nodes in which each need got a place."""
        found: dict[int, set[int]] = {}
        for need, good in zip(self.need, self.has, strict=True):
            if good != NOBODY:
                found.setdefault(need, set()).add(good)
        return found

    def _round(self, bidders: list[int], step: int) -> None:
        price, has, held, rooms = self.price, self.has, self.held, self.rooms
        worth, prices_of, floors, others = self.worth, self.prices_of, self.floors, self.others
        for _ in range(MOST_BIDS * len(self.need)):
            if not bidders:
                return
            bidder = bidders.pop()
            need = self.need[bidder]
            if need in others:
                left, floor = self._left(bidder, need)
            else:
                left, floor = [*map(sub, worth[need], prices_of[need](price))], floors[need][0]
            best = max(left)
            if best < floor:
                continue
            at = left.index(best)
            left[at] = floor
            good = self.goods[need][at]
            bid = price[good] + best - max(left) + step
            if len(rooms[good]) > 1:
                loser = self._sell(good, bidder, bid)
            else:
                loser = held[good][0][1] if held[good] else NOBODY
                held[good] = [(bid, bidder)]
                price[good] = bid
            has[bidder] = good
            if loser != NOBODY:
                has[loser] = NOBODY
                bidders.append(loser)

    def _left(self, bidder: int, need: int) -> tuple[list[int], int]:
        """Return what each good would leave the bidder, and below what nothing is bought.

        Never one that another place of the need has; and a need that has a place gives less for another.
        """
        left = [*map(sub, self.worth[need], self.prices_of[need](self.price))]
        taken = 0
        for other in self.others.get(need, ()):
            if other != bidder and (good := self.has[other]) != NOBODY:
                left[self.goods[need].index(good)] = NEVER
                taken += 1
        return left, self.floors[need][taken]

    def _sell(self, good: int, bidder: int, bid: int) -> int:
        """Sell one of several places; return who loses it."""
        held, room = self.held[good], self.rooms[good]
        loser = NOBODY
        if len(held) < len(room) and (not held or room[len(held)] <= held[0][0]):
            heappush(held, (bid, bidder))
        else:
            _, loser = heapreplace(held, (bid, bidder))
        self.price[good] = min([held[0][0], *room[len(held) : len(held) + 1]])
        return loser

    def _fall(self, much: int) -> None:
        """Let prices fall, none below what the places must cost; what nobody has costs that."""
        for good, room in enumerate(self.rooms):
            if not room:
                continue
            held = self.held[good]
            if held:
                level = max(room[len(held) - 1], self.price[good] - much)
                self.held[good] = [(level, bidder) for _, bidder in held]
                self.price[good] = min([level, *room[len(held) : len(held) + 1]])
            else:
                self.price[good] = room[0]

    def _unhappy(self, step: int) -> list[int]:
        """Return the bidders who would rather have something else, by more than a step; they let go."""
        found: list[int] = []
        for bidder, need in enumerate(self.need):
            left, floor = self._left(bidder, need)
            good, best = self.has[bidder], max(left)
            if good == NOBODY:
                if best >= floor and bidder not in self.left_out:
                    found.append(bidder)
            elif left[self.goods[need].index(good)] < max(best, floor) - step:
                self.has[bidder] = NOBODY
                self.held[good] = [(price, other) for price, other in self.held[good] if other != bidder]
                found.append(bidder)
        return found


def _getter(goods: Sequence[int]) -> Callable[[Sequence[int]], Sequence[int]]:
    if len(goods) > 1:
        return itemgetter(*goods)
    return lambda prices: [prices[good] for good in goods]


def _by_helper(network: Network, need: int) -> tuple[Sequence[int], Sequence[int]]:
    """Return the helpers that a need has options with, and what the best with each costs."""
    cheapest: dict[int, int] = {}
    for head, cost in zip(network.heads[need], network.costs[need], strict=True):
        if head >= network.pairs:
            good, least = network.up[network.heads[head][0]], min(network.costs[head])
        else:
            good, least = head if network.up[head] == ROOT else network.up[head], cost
        cheapest[good] = min(least, cheapest.get(good, least))
    return list(cheapest), list(cheapest.values())
