"""The peers: how the networks that exist choose whom to ask, by the same doors as ours.

All take only offers of the need's category or a near one, with a place left, of somebody willing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chalicelib.errors import DomainError
from chalicelib.listings.model import Listing
from chalicelib.matching.candidates import Candidate
from infra.simulate.draws import chance
from infra.simulate.neighbours import Neighbours
from infra.simulate.network import HOUR_S, MINUTE_S, Network, Rules
from infra.simulate.pool import Pool

EVERY_S = 5 * MINUTE_S
AGAIN_S = 3 * HOUR_S
"""After which a need for which there was nobody is looked at again."""

Order = Callable[[Neighbours, Listing, Candidate], tuple[float, ...]]
"""What a peer goes by: the least is asked first."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to choose: so many at once, the next when all of them have said no or let it lapse."""

    says: str
    at_once: int
    order: Order
    rules: Rules


def _nearest(_neighbours: Neighbours, _need: Listing, candidate: Candidate) -> tuple[float, ...]:
    return (candidate.fit.distance_m,)


def _first_come(_neighbours: Neighbours, _need: Listing, candidate: Candidate) -> tuple[float, ...]:
    return (candidate.card.published_at,)


def _random(neighbours: Neighbours, need: Listing, candidate: Candidate) -> tuple[float, ...]:
    return (_lot(neighbours, need, candidate),)


def _least_asked(neighbours: Neighbours, need: Listing, candidate: Candidate) -> tuple[float, ...]:
    asks = neighbours.history.asked_at.get(neighbours.helper(candidate), ())
    return (len(asks), _lot(neighbours, need, candidate))


def _lot(neighbours: Neighbours, need: Listing, candidate: Candidate) -> float:
    plan, helper = neighbours.plans[need.id], neighbours.helper(candidate)
    return chance(neighbours.world.seed, "lot", plan.number, helper)


PEERS: Mapping[str, Peer] = MappingProxyType(
    {
        "nearest": Peer("greedy: the nearest first, one at a time", 1, _nearest, Rules(limits=False)),
        "first_come": Peer(
            "first come, first served: the oldest offer first, one at a time",
            1,
            _first_come,
            Rules(limits=False),
        ),
        "random_50": Peer(
            "50 at random within 30 km, all at once, whatever their reach and hours",
            50,
            _random,
            Rules(limits=False, reach=False, windows=False),
        ),
        "least_asked": Peer(
            "who was asked least so far first, one at a time", 1, _least_asked, Rules(limits=False)
        ),
        "least_within": Peer("the same, within what each helper chose", 1, _least_asked, Rules()),
    }
)


class Asker:
    """Asks for every open need as its peer does, every five minutes."""

    def __init__(self, peer: Peer, network: Network, neighbours: Neighbours) -> None:
        self.peer, self.network, self.neighbours = peer, network, neighbours
        self.pool = Pool(network, neighbours)
        self._due: dict[str, int] = {}
        self._planned_at: int | None = None
        network.changed = self._wake

    def _wake(self, need: str) -> None:
        self._due[need] = self.network.clock.now
        self._plan()

    def _plan(self) -> None:
        """Plan the next round, if it can find something."""
        if not self._due:
            return
        at = -(-min(self._due.values()) // EVERY_S) * EVERY_S
        if self._planned_at is None or at < self._planned_at:
            self._planned_at = at
            self.network.loop.at(at, lambda: self._round(at))

    def _round(self, planned_at: int) -> None:
        if planned_at != self._planned_at:
            return
        now = self.network.clock.now
        needs = self.neighbours.plans
        for need in sorted((n for n, at in self._due.items() if at <= now), key=lambda n: needs[n].number):
            del self._due[need]
            if self._ask_for(need, now) == 0:
                self._due[need] = now + AGAIN_S
        self._planned_at = None
        self._plan()

    def _ask_for(self, need: str, now: int) -> int | None:
        """Ask the next for a need; return how many were asked, None when the need is served or waits."""
        house, plan = self.network.house, self.neighbours.plans[need]
        listing = house.publishing.listings.get(need)
        standing = self.neighbours.history.standing[plan.number]
        if listing is None or not listing.stands_at(now) or listing.left == 0 or standing:
            return None
        asked, count = self.neighbours.history.asked_for[plan.number], 0
        for candidate in self._in_order(listing, now):
            if count == self.peer.at_once:
                break
            if self.neighbours.helper(candidate) not in asked:
                count += self._ask(listing, candidate, now)
        return count

    def _in_order(self, need: Listing, now: int) -> list[Candidate]:
        found = self.pool.fitting(need, now)
        return sorted(found, key=lambda each: (*self.peer.order(self.neighbours, need, each), each.card.id))

    def _ask(self, need: Listing, candidate: Candidate, now: int) -> bool:
        """Ask in the seeker's name; tell whether the door let it through."""
        house, offer = self.network.house, candidate.card.id
        seeker = house.people.get(need.author)
        if seeker is None:
            return False
        try:
            house.matching.propose(need.id, offer, by=seeker, message="", key=f"{need.id}-{offer}", now=now)
        except DomainError:
            return False
        return True
