"""What time brings a match that is due: nobody answered, its turn has come, somebody says how it went."""

from chalicelib.errors import Conflict
from chalicelib.matching.changing import known, written
from chalicelib.matching.model import Match
from chalicelib.matching.queue import Queues
from chalicelib.matching.repository import Pair
from chalicelib.matching.steps import Step, answered_no, asked_how


def tend(queues: Queues, pair: Pair, now: int) -> None:
    """Do what a match is owed; Conflict when that is nothing any more, or another change was first."""
    match = known(pair)
    if now < match.due_at or match.state not in ("proposed", "queued", "accepted"):
        raise Conflict("match_not_due")
    written(queues, pair, _looked_after(queues, pair, match, now), now)


def _looked_after(queues: Queues, pair: Pair, match: Match, now: int) -> Step:
    if match.state == "proposed":
        return answered_no(match.lapsed(now), pair, now)
    if match.state == "queued":
        return queues.waited(pair, match, now)
    if not match.followed_up:
        return Step(match.followed(now), notices=asked_how(match, pair, now))
    return Step(match.closed(now))
