"""A neighbourhood in which the city asks: a need, helpers around it, and rounds to run."""

from dataclasses import replace

from chalicelib.cities.asking import AskingRules
from chalicelib.places.model import Place, Point
from tests.samples import CENTRE, a_draft, a_house, a_person, new_key, settle

METRE = 1 / 111_195
"""A metre to the north, in degrees."""


class Neighbourhood:
    """A house with people in it; what is said of a helper is said of their one offer or of themselves."""

    def __init__(self, **parts):
        self.house = a_house(**parts)
        self.clock = self.house.now
        self.monique = settle(self.house, a_person("monique"))

    def waves(self, *waves, assign_hours=2):
        """Let the city ask in these waves."""
        self.house.city = replace(self.house.city, asking=AskingRules(waves, assign_hours))

    def helper(self, name, *, away_m=300, offer=True, said=(), **person):
        found = settle(self.house, a_person(name, **person))
        if offer:
            self.offer(found, away_m=away_m, **dict(said))
        return found

    def helpers(self, many, **said):
        return [self.helper(f"helper-{number:02d}", **said) for number in range(many)]

    def offer(self, by, *, away_m=300, **draft):
        return self.publish("offer", by, away_m=away_m, **{"reach_m": 10_000, "capacity": 5, **draft})

    def need(self, by=None, **draft):
        return self.publish("need", by or self.monique, **{"reach_m": 10_000, **draft})

    def publish(self, kind, by, *, away_m=0, **draft):
        place = Place(Point(CENTRE.lat + away_m * METRE, CENTRE.lon), "")
        said = {"by": by, "key": new_key(), "print_": "", "now": self.clock.now}
        return self.house.publishing.publish(kind, a_draft(place=place, **draft), **said)[0]

    def round(self, *, minutes=0, hours=0):
        """Let time pass and the city ask."""
        self.clock.turn(minutes=minutes, hours=hours)
        return self.house.asking.ask_due(self.clock.now)

    def rounds_for(self, minutes, every=30):
        for _ in range(0, minutes, every):
            self.round(minutes=every)

    def asking(self, need):
        return self.house.asking.askings.get(need.id).asking

    def matches(self, need):
        return {match.helper: match for match in self.house.matching.matches.of_need(need.id)}

    def asked(self, need):
        return [each.helper for each in self.asking(need).asked]

    def first(self, need):
        """The person whom the city asked first for a need."""
        return self.house.people.get(self.asked(need)[0])

    def propose(self, need, offer, *, message="", key="own"):
        """Let Monique ask for herself."""
        said = {"by": self.monique, "message": message, "key": key, "now": self.clock.now}
        return self.house.matching.propose(need.id, offer, **said)

    def accept(self, need, helper):
        return self._answer("accept", need, helper, answer="")

    def decline(self, need, helper, reason="no_time"):
        return self._answer("decline", need, helper, reason)

    def cancel(self, need, helper):
        return self._answer("cancel", need, helper, "other")

    def _answer(self, act, need, helper, *value, **more):
        match = self.matches(need)[helper.id]
        do = getattr(self.house.matching, act)
        return do(match.id, *value, by=helper.id, key=new_key(), now=self.clock.now, **more)

    def notices(self, template):
        return [row for row in self.house.tables._rows["notices"].values() if row["template"] == template]

    def mails(self, template):
        return [row["to"] for row in self.notices(template)]
