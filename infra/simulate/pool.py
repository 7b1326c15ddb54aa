"""The offers that stand, by category: what a peer chooses from."""

from collections import defaultdict
from collections.abc import Iterator

from chalicelib.listings.card import Card
from chalicelib.listings.model import Listing
from chalicelib.listings.rows import read_listing
from chalicelib.matching.candidates import Candidate
from chalicelib.matching.ranking import NEAR, Fit, fit
from chalicelib.people.model import Helper
from chalicelib.places.model import distance_m
from chalicelib.words.alike import alike
from infra.shelf import Row
from infra.simulate.neighbours import Neighbours
from infra.simulate.network import NO_LIMIT, Network


class Pool:
    """Offers with a place left, kept by being told of each change of the table."""

    def __init__(self, network: Network, neighbours: Neighbours) -> None:
        self.network, self.neighbours = network, neighbours
        self._offers: dict[str, dict[str, Card]] = defaultdict(dict)
        network.tables.watchers["listings"] = self._watch

    def fitting(self, need: Listing, now: int) -> Iterator[Candidate]:
        """Yield the offers whose gates are open for a need; the weekly limit is one where there is one."""
        zone = self.network.house.city.zone
        mine, seeker = need.card(zone), Helper(need.author, 0)
        for category in sorted({mine.category, *NEAR.get(mine.category, ())}):
            for card in self._offers[category].values():
                apart = distance_m(mine.cell.centre, card.cell.centre)
                if apart <= min(mine.reach_m, card.reach_m):
                    helper = self._helper(card.author)
                    fitting = fit(
                        mine,
                        card,
                        helper,
                        seeker=seeker,
                        distance=apart,
                        units=alike(mine.gist, card.gist),
                        zone=zone,
                        now=now,
                    )
                    if isinstance(fitting, Fit):
                        yield Candidate(card, fitting)

    def _helper(self, person: str) -> Helper:
        resident = self.neighbours.residents[person]
        if not self.network.rules.limits:
            return Helper(person, 0, (), NO_LIMIT, NO_LIMIT, willing=resident.willing)
        asked = self.neighbours.history.asked_at.get(resident.number, ())
        return Helper(person, 0, tuple(asked), *resident.limit, willing=resident.willing)

    def _watch(self, before: Row | None, row: Row) -> None:
        if row["kind"] == "need":
            if before is not None and before["state"] == "expired" and row["state"] == "open":
                self.network.changed(row["pk"])
        elif row["state"] == "open" and row["left"]:
            self._offers[row["category"]][row["pk"]] = read_listing(row).card(self.network.house.city.zone)
        else:
            self._offers[row["category"]].pop(row["pk"], None)
