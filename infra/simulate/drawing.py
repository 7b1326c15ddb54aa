"""What a simulation comes to, drawn: the needs met as the days go by, waiting, loads, mails."""

from collections.abc import Mapping
from itertools import count

from infra.simulate.figures import Figures
from infra.simulate.history import History
from infra.simulate.svg import Chart
from infra.simulate.world import World

Shown = Mapping[str, tuple[History, Figures]]
DAY_S, HOUR_S = 86_400, 3_600
LONGEST_WAIT_H = 120
_STEPS = (1, 2, 5)


def draw(tried: World, shown: Shown) -> dict[str, str]:
    """Return SVG documents by name."""
    days = (tried.until - tried.start) // DAY_S
    where = f"{tried.city.name}, seed {tried.seed}"
    return {
        "needs-met": _needs_met(f"Needs met, {where}", tried.start, days, shown),
        "waiting": _waiting(f"How long until somebody says yes, {where}", shown),
        "loads": _loads(f"Asks of each helper, {where}", shown),
        "heaviest": _bars(
            f"The largest load of a helper, {where}",
            "asks in any seven days",
            {engine: came.most_in_week for engine, (_, came) in shown.items()},
        ),
        "mails": _bars(
            f"Mails, {where}",
            "mails a post",
            {engine: round(came.mails_per_post, 2) for engine, (_, came) in shown.items()},
        ),
    }


def _needs_met(title: str, start: int, days: int, shown: Shown) -> str:
    most = max((came.needs for _, came in shown.values()), default=1)
    chart = Chart(title, "day", "needs met so far", days, _end_of(most))
    for engine, (history, _) in shown.items():
        met = sorted(max(story.kept_at) for story in history.needs.values() if story.met)
        by_day = [sum(at <= start + day * DAY_S for at in met) for day in range(days + 1)]
        chart.line(engine, list(enumerate(by_day)))
    return chart.drawn()


def _waiting(title: str, shown: Shown) -> str:
    chart = Chart(title, "hours since posting", "% of needs with a yes", LONGEST_WAIT_H, 100)
    for engine, (history, _) in shown.items():
        first = {reply.need: reply.at for reply in reversed(history.replies) if reply.word == "yes"}
        waits = [(at - history.needs[need].posted_at) / HOUR_S for need, at in first.items()]
        share = 100 / max(1, len(history.needs))
        hours = range(LONGEST_WAIT_H + 1)
        chart.line(engine, [(hour, share * sum(wait <= hour for wait in waits)) for hour in hours])
    return chart.drawn()


def _loads(title: str, shown: Shown) -> str:
    """Draw each engine's helpers from the most asked to the least."""
    loads = {
        engine: sorted((len(history.asked_at.get(helper, ())) for helper in history.limits), reverse=True)
        for engine, (history, _) in shown.items()
    }
    helpers = max(map(len, loads.values()), default=1)
    most = max((each[0] for each in loads.values() if each), default=1)
    chart = Chart(title, "helpers, the most asked first", "asks in all", _end_of(helpers), _end_of(most))
    for engine, each in loads.items():
        chart.line(engine, list(enumerate(each)))
    return chart.drawn()


def _bars(title: str, unit: str, values: Mapping[str, float]) -> str:
    chart = Chart(title, "", unit, max(1, len(values)), _end_of(max(values.values(), default=1)))
    for number, (engine, value) in enumerate(values.items()):
        chart.bar(engine, number + 0.15, 0.7, value, f"{value:g}")
    return chart.drawn()


def _end_of(most: float) -> int:
    """Return the next number that an axis may end with: one, or one, two or five and noughts, times five."""
    if most <= 1:
        return 1
    return next(end for scale in count() for step in _STEPS if most <= (end := 5 * step * int(10**scale)))
