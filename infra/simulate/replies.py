"""How a resident answers: from who they are, what they are asked, and how often they were asked before."""

from typing import Literal

from chalicelib.notices.hours import Quiet
from chalicelib.people.model import WEEK_S
from infra.simulate.draws import chance, lognormal
from infra.simulate.history import History
from infra.simulate.world import HOUR_S, NeedPlan, Resident, World

ASLEEP = Quiet(22 * 60 + 30, 7 * 60)
"""When nobody reads mail."""


class Replies:
    """Every draw belongs to a resident and a need: whoever asks, whenever, it comes out the same."""

    def __init__(self, world: World, history: History) -> None:
        self.world, self.history = world, history

    def read_at(self, resident: Resident, subject: object, now: int) -> int:
        """Return when somebody reads a mail that arrives now: awake, and not on holiday."""
        hours = lognormal(
            resident.answer_h,
            self.world.habits.answer_sigma,
            self.world.seed,
            "reads",
            resident.number,
            subject,
        )
        at = resident.back_at(now + int(hours * HOUR_S))
        return ASLEEP.over_at(at, self.world.city.zone)

    def word(self, resident: Resident, need: NeedPlan, now: int) -> Literal["yes", "no"] | None:
        """Return what somebody says who has read that they are asked; None is silence."""
        ask = (self.world.seed, resident.number, need.number)
        asked = self.history.asked_lately(resident.number, now, WEEK_S)
        above = max(0, asked - resident.limit.week)
        attention = (1 - resident.silence) * self.world.habits.weariness**above
        if chance("heeds", *ask) >= attention:
            return None
        able = self.world.can(resident, need)
        return "yes" if able and chance("says", *ask) < resident.yes else "no"
