"""What a history comes to, in figures."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from zoneinfo import ZoneInfo

from chalicelib.people.model import SEASON_S, WEEK_S
from infra.simulate.history import History

HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one engine in one city. Times are hours; a median over needs that had none is None."""

    needs: int
    met: int
    """Needs for which as many helpers as they want really came."""
    first_answer_h: float | None
    """Median from posting to the first answer of anybody, of the needs that had one."""
    first_yes_h: float | None
    unanswered: int
    """Needs to which nobody ever answered."""
    asks: int
    asks_per_met: float
    late: int
    """Answers of yes to a need that somebody else had taken: help turned away."""
    most_in_week: int
    """The largest load of a helper: the most asks in any seven days."""
    most_ever: int
    """The most asks of one helper over the whole time."""
    fairness: float
    """Jain's index of asks over all helpers: 1 when all were asked alike, 1/n when one was asked all."""
    above_limit: int
    """Asks that came when the helper had been asked as often in a week or a season as they chose."""
    mails: int
    mails_per_post: float
    mails_for: Mapping[str, int]
    """Mails by the template of their lead, the notice they were sent for; the most frequent first."""
    notices_per_post: float
    """Mails there would be at one mail an event."""
    most_mails_a_day: int
    """The most mails of one person on one local day."""
    longest_idle_h: int
    """The longest that nobody was asked for an open need while somebody could be, within their limits."""

    @property
    def met_share(self) -> float:
        return self.met / self.needs if self.needs else 0.0


def figures(history: History, zone: ZoneInfo) -> Figures:
    loads = [len(history.asked_at.get(helper, ())) for helper in sorted(history.limits)]
    first = {reply.need: reply.at for reply in reversed(history.replies)}
    yes = {reply.need: reply.at for reply in reversed(history.replies) if reply.word == "yes"}
    stories = history.needs
    met = sum(story.met for story in stories.values())
    posts = history.posts or 1
    return Figures(
        needs=len(stories),
        met=met,
        first_answer_h=_median_h(at - stories[need].posted_at for need, at in first.items()),
        first_yes_h=_median_h(at - stories[need].posted_at for need, at in yes.items()),
        unanswered=sum(number not in first for number in stories),
        asks=len(history.asks),
        asks_per_met=len(history.asks) / met if met else 0.0,
        late=sum(reply.word == "late" for reply in history.replies),
        most_in_week=max((most_within(times, WEEK_S) for times in history.asked_at.values()), default=0),
        most_ever=max(loads, default=0),
        fairness=jain(loads),
        above_limit=above_limit(history),
        mails=len(history.mails),
        mails_per_post=len(history.mails) / posts,
        mails_for=dict(Counter(mail.lead for mail in history.mails).most_common()),
        notices_per_post=history.events / posts,
        most_mails_a_day=_most_a_day(history, zone),
        longest_idle_h=max(history.idle_h.values(), default=0),
    )


def jain(loads: Sequence[int]) -> float:
    """Return (sum x)^2 / (n sum x^2) (Jain, Chiu, Hawe 1984); 1 when there is no load at all."""
    squares = sum(load * load for load in loads)
    return sum(loads) ** 2 / (len(loads) * squares) if squares else 1.0


def most_within(instants: Sequence[int], span_s: int) -> int:
    """Return the most of the instants, in their order, that lie in any span that long."""
    most = first = 0
    for last, at in enumerate(instants):
        while instants[first] <= at - span_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def above_limit(history: History) -> int:
    """Count the asks that came above what their helper chose."""
    count = 0
    for helper, instants in history.asked_at.items():
        limit = history.limits[helper]
        spans = ((limit.week, WEEK_S), (limit.season, SEASON_S))
        for number, at in enumerate(instants):
            count += any(number >= most and instants[number - most] > at - span_s for most, span_s in spans)
    return count


def _median_h(spans_s: Iterable[int]) -> float | None:
    known = list(spans_s)
    return round(median(known) / HOUR_S, 2) if known else None


def _most_a_day(history: History, zone: ZoneInfo) -> int:
    days = Counter((mail.to, datetime.fromtimestamp(mail.at, zone).date()) for mail in history.mails)
    return max(days.values(), default=0)
