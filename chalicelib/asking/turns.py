"""A turn: what a round does for one need that is due, one helper asked at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.asking.choosing import Choice, Choices, choices
from chalicelib.asking.model import Asking
from chalicelib.board.service import Known
from chalicelib.cities.asking import Wave
from chalicelib.cities.model import URGENCIES, City, Urgency
from chalicelib.listings.card import Card
from chalicelib.listings.model import DAY_S, Listing
from chalicelib.matching.model import IN_VAIN, Match


@dataclass(slots=True)
class Turn:
    """An asking as the round has brought it so far, and who may still be asked."""

    stored: Asking
    """As the table has it."""
    asking: Asking
    need: Listing
    left: int
    """Places that nobody has taken or was called to."""
    card: Card
    """The need, reaching as far as the wave does."""
    urgency: Urgency
    wave: Wave
    choices: Choices
    waiting: int = 0
    """Helpers who may still answer."""
    exhausted: bool = False
    """Whether the last wave is over and nobody of it helps."""

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Return whose turn comes first: who waits for fewer answers, the more urgent need, then the older.

        A round that was interrupted goes on as it would have: what it had asked counts.
        """
        return self.waiting, -URGENCIES.index(self.urgency), self.need.published_at, self.need.id

    @property
    def wanted(self) -> int:
        return 0 if self.exhausted else self.asking.wanted(self.wave, self.left)

    def next(self, asks: Counter[str]) -> Choice | None:
        return self.choices.best(asks) if self.wanted else None

    def asking_one(self, choice: Choice, now: int) -> Asking:
        """Return the asking that has asked one more: due at the wave's end when the wave has asked enough."""
        ends = max(self.asking.wave_ends or 0, now)
        if ends == now:
            ends += self.wave.wait_s(self.urgency)
        due_at = ends if self.wanted == 1 else min(now, self.asking.due_at)
        return self.asking.asking_one(
            choice.offer.author, choice.offer.id, now, wave_ends=ends, due_at=due_at
        )

    def resting(self, now: int) -> Asking:
        """Return the asking as it waits for answers, for the first who wakes, for the wave's end."""
        ends, wakes = self.asking.wave_ends, self.choices.wakes if self.wanted else None
        if self.asking.state == "unanswered":
            return self.asking.waiting(
                min(filter(None, (wakes, at_the_latest(self.asking, self.need, now)))), None
            )
        if ends is None and wakes is None:
            ends = now + self.wave.wait_s(self.urgency)
        return self.asking.waiting(min(filter(None, (wakes, ends))), ends)


def turn(
    stored: Asking,
    asking: Asking,
    need: Listing,
    matches: Sequence[Match],
    left: int,
    *,
    board: Known,
    city: City,
    now: int,
) -> Turn:
    """Return the turn of a need that stands and has a place left: in the wave it is in, or the next."""
    urgency, rules = city.urgency_of(need.draft.category, need.draft.urgency), city.asking
    known = asking.helpers | {match.helper for match in matches}
    waiting = sum(match.state == "proposed" for match in matches)
    exhausted, asking = _moved_on(asking, {match.offer: match for match in matches}, len(rules.waves), now)
    while True:
        wave = rules.wave(asking.wave)
        reach_m = asking.radius_m or min(wave.radius_m, need.draft.reach_m)
        card = replace(need.card(city.zone), reach_m=reach_m)
        found = choices(card, known, board, zone=city.zone, now=now)
        exhausted = exhausted and not (found.standing and asking.wanted(wave, left))
        somebody = found.standing or found.wakes or asking.in_wave or exhausted
        if somebody or asking.state == "unanswered" or asking.wave >= len(rules.waves):
            break
        asking = asking.next_wave()
    if asking.state == "unanswered" and found.standing:
        asking = asking.reopened()
    return Turn(stored, asking, need, left, card, urgency, wave, found, waiting, exhausted)


def _moved_on(asking: Asking, matches: dict[str, Match], last: int, now: int) -> tuple[bool, Asking]:
    """Return whether the last wave is over, and the asking in its next wave when another one is.

    The matches are by offer: what a helper says of another of their offers is no answer to this ask.
    """
    if asking.state != "asking":
        return False, asking
    told = [matches.get(each.offer) for each in asking.in_wave]
    refused = bool(told) and all(match is None or match.state in IN_VAIN for match in told)
    if not refused and (asking.wave_ends is None or now < asking.wave_ends):
        return False, asking
    return (True, asking) if asking.wave >= last else (False, asking.next_wave())


def at_the_latest(asking: Asking, need: Listing, now: int) -> int:
    """Return when a need that nothing is due to is looked at all the same: a net below what wakes it."""
    return asking.due_at if asking.due_at > now else min(need.expires_at, now + DAY_S)
