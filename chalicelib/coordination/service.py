"""What a coordinator decides where the city confirms: an agreed match is confirmed or refused."""

from dataclasses import dataclass

from chalicelib.matching.changing import Told
from chalicelib.matching.model import Match
from chalicelib.matching.proposals import together
from chalicelib.matching.repository import Pair
from chalicelib.matching.service import Matching
from chalicelib.matching.steps import Step, given_back, to_both


@dataclass(frozen=True, slots=True)
class Coordination:
    """The coordinators' desk of the city."""

    matching: Matching

    def agreed(self) -> list[Pair]:
        """Return what waits, the oldest first: what is overdue comes before everything else."""
        return self.matching.matches.agreed()

    def confirm(self, match_id: str, *, by: str, key: str, now: int) -> Told:
        """Bring the two together: both are told, and what one wrote to the other is passed on."""

        def step(pair: Pair, match: Match) -> Step:
            confirmed = match.confirmed(now)
            together(self.matching.people, match.seeker, match.helper)
            mails = to_both("match_accepted", confirmed, pair, now, pace="urgent")
            return Step(confirmed, notices=mails, together=True)

        return self.matching.change(match_id, by, (key, "confirm"), step, now, own=False)

    def refuse(self, match_id: str, reason: str, *, by: str, key: str, now: int) -> Told:
        """Give the places back, and tell both why."""

        def step(pair: Pair, match: Match) -> Step:
            refused = match.refused(now, reason)
            return Step(refused, given_back(pair, match), to_both("match_refused", refused, pair, now))

        return self.matching.change(match_id, by, (key, f"refuse {reason}"), step, now, own=False)
