"""One change of a match: read, decided and written once a key, however often others are first."""

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.identity import is_id, make_id
from chalicelib.matching.model import Match
from chalicelib.matching.queue import Queues
from chalicelib.matching.repository import Matches, Pair
from chalicelib.matching.steps import Step
from chalicelib.notices.model import Notice
from chalicelib.receipts import Receipt, received

TRIES = 24
"""Of a change that others overtook; more than that many at once on one listing are told to come again."""


class Told(NamedTuple):
    """A match as it now stands and the notices its change owes."""

    match: Match
    notices: tuple[Notice, ...] = ()


def change(
    queues: Queues,
    match_id: str,
    by: str,
    receipt: Receipt,
    act: Callable[[Pair, Match], Step],
    now: int,
    *,
    own: bool,
) -> Told:
    """Change a match once a key: the same request again finds it done. `own`: only its two sides may."""
    receipt = own_receipt(by, receipt)
    for _ in range(TRIES):
        pair = pair_of(queues.matches, match_id)
        match = known(pair)
        if own:
            match.side_of(by)
        if received(match.receipts, receipt):
            return Told(match)
        try:
            step = act(pair, match)
        except Conflict:
            if pair_of(queues.matches, match_id) != pair:  # no moment in which all was as it was read
                continue
            raise
        if step.match is match:
            return Told(match)
        step = step._replace(match=step.match.with_receipt(receipt))
        try:
            return written(queues, pair, step, now)
        except Conflict:
            continue
    raise Unavailable("busy")


def written(queues: Queues, pair: Pair, step: Step, now: int) -> Told:
    """Store a step with what follows from it for the queue; Conflict when another change was first."""
    step = queues.onward(pair, step, now)
    queues.matches.save(**step._asdict())
    return Told(step.match, step.notices)


def pair_of(matches: Matches, match_id: str) -> Pair:
    need_id, _, offer_id = match_id.partition("-")
    if not (is_id(need_id) and is_id(offer_id)):
        raise NotFound("not_found")
    return matches.pair(need_id, offer_id)


def known(pair: Pair) -> Match:
    if pair.match is None:
        raise NotFound("not_found")
    return pair.match


def own_receipt(person: str, receipt: Receipt) -> Receipt:
    """Return the receipt under a key that is the person's own: the other side may have chosen the same."""
    key, done = receipt
    return make_id("key", person, key), done
