"""One engine in one city for so many days."""

from collections.abc import Callable
from functools import partial

from chalicelib.people.model import SEASON_S, WEEK_S, WEEKS_SHARE
from infra.simulate.history import History
from infra.simulate.neighbours import Neighbours
from infra.simulate.network import DAY_S, HOUR_S, Network, Rules
from infra.simulate.peers import PEERS, Asker
from infra.simulate.watching import Watch
from infra.simulate.world import World

OURS = "ours"
ENGINES = (OURS, *PEERS)
AUDIT_S = 6 * HOUR_S


def run(world: World, engine: str, progress: Callable[[int], None]) -> History:
    """Return what happens when an engine asks; `progress` is told of each day that is over."""
    peer = PEERS.get(engine)
    network = Network(world.city, peer.rules if peer else Rules(), world.start, asking=peer is None)
    neighbours = Neighbours(world, network)
    neighbours.settle()
    Watch(network, neighbours)
    if peer is not None:
        Asker(peer, network, neighbours)
    audit = Audit(neighbours, network)
    for at in range(world.start + AUDIT_S, world.until + 1, AUDIT_S):
        network.run(at)
        audit.look()
        if (at - world.start) % DAY_S == 0:
            progress((at - world.start) // DAY_S)
    return neighbours.history


class Audit:
    """Looks, from outside and at what is true, whether anybody waits while somebody could be asked."""

    def __init__(self, neighbours: Neighbours, network: Network) -> None:
        self.neighbours, self.network, self.history = neighbours, network, neighbours.history
        self._idle: dict[int, int] = {}
        self._able: dict[int, tuple[tuple[int, int], ...]] = {}

    def look(self) -> None:
        now = self.network.clock.now
        rows = self.network.tables.rows("listings")
        standing = [row for row in rows if row["state"] == "open" and row["expires_at"] > now and row["left"]]
        offers = self.neighbours.offers
        free = {
            (self.neighbours.residents[row["author"]].number, offers[row["pk"]][0])
            for row in standing
            if row["kind"] == "offer" and row["pk"] in offers
        }
        needs = [self.neighbours.plans[row["pk"]].number for row in standing if row["kind"] == "need"]
        idle = {need: self._idle.get(need, 0) for need in needs if self._passed_over(need, free, now)}
        self._idle = {number: hours + AUDIT_S // HOUR_S for number, hours in idle.items()}
        for number, hours in self._idle.items():
            self.history.idle_h[number] = max(self.history.idle_h.get(number, 0), hours)

    def _passed_over(self, need: int, free: set[tuple[int, int]], now: int) -> bool:
        """Tell whether nobody is asked for a need and somebody could be, within their own limits."""
        if self.history.standing[need]:
            return False
        asked = self.history.asked_for[need]
        return any(
            number not in asked and (number, which) in free and self._may_be_asked(number, now)
            for number, which in self._able_to(need)
        )

    def _may_be_asked(self, number: int, now: int) -> bool:
        limit, asked = self.history.limits[number], partial(self.history.asked_lately, number, now)
        most_a_week = min(limit.week, -(-limit.season // WEEKS_SHARE))
        return asked(WEEK_S) < most_a_week and asked(SEASON_S) < limit.season

    def _able_to(self, need: int) -> tuple[tuple[int, int], ...]:
        """Return who could help with a need, each with which of their offers."""
        if need not in self._able:
            world = self.neighbours.world
            plan = world.needs[need]
            self._able[need] = tuple(
                (each.number, which) for each in world.residents for which in world.serving(each, plan)
            )
        return self._able[need]
