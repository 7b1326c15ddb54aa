"""What came of a simulation, as a table to read."""

from collections import Counter
from collections.abc import Callable, Mapping

from infra.simulate.figures import Figures
from infra.simulate.habits import SOURCE
from infra.simulate.peers import PEERS
from infra.simulate.world import World

LINES: tuple[tuple[str, Callable[[Figures], str]], ...] = (
    ("needs met", lambda f: f"{f.met} of {f.needs} ({100 * f.met_share:.1f} %)"),
    ("first answer, median hours", lambda f: _hours(f.first_answer_h)),
    ("first yes, median hours", lambda f: _hours(f.first_yes_h)),
    ("needs nobody answered", lambda f: str(f.unanswered)),
    ("asks", lambda f: str(f.asks)),
    ("asks for a need met", lambda f: f"{f.asks_per_met:.1f}"),
    ("help turned away, too late", lambda f: str(f.late)),
    ("most asks of one in 7 days", lambda f: str(f.most_in_week)),
    ("most asks of one, ever", lambda f: str(f.most_ever)),
    ("spread of asks (Jain)", lambda f: f"{f.fairness:.3f}"),
    ("asks above what one chose", lambda f: str(f.above_limit)),
    ("mails", lambda f: str(f.mails)),
    ("mails a post", lambda f: f"{f.mails_per_post:.2f}"),
    ("... at one mail an event", lambda f: f"{f.notices_per_post:.2f}"),
    ("most mails of one in a day", lambda f: str(f.most_mails_a_day)),
    ("longest nobody was asked, hours", lambda f: str(f.longest_idle_h)),
)


def report(tried: World, found: Mapping[str, Figures]) -> str:
    """Return the whole report, plain text."""
    days = (tried.until - tried.start) // 86_400
    helpers = sum(bool(each.offers) for each in tried.residents)
    head = (
        f"{tried.city.name}: {days} days, {len(tried.residents)} residents, {helpers} of them helpers, "
        f"{len(tried.needs)} needs, seed {tried.seed}\n{_habits(tried)}"
    )
    rows = [("", *found), *((name, *map(show, found.values())) for name, show in LINES), *_leads(found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = "\n".join(
        "  ".join((row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:]))) for row in rows
    )
    peers = "\n".join(f"{name}: {PEERS[name].says}" for name in found if name in PEERS)
    return f"{head}\n\n{table}\n\n{peers}"


def _leads(found: Mapping[str, Figures]) -> list[tuple[str, ...]]:
    """Return for which notices mails were sent, in mails a post."""
    total = sum((Counter(each.mails_for) for each in found.values()), Counter[str]())
    return [
        (
            f"mails a post for {template}",
            *(
                f"{each.mails_for.get(template, 0) * each.mails_per_post / (each.mails or 1):.2f}"
                for each in found.values()
            ),
        )
        for template, _ in total.most_common()
    ]


def _habits(tried: World) -> str:
    taken = [name for name, source in tried.habits.sources if source == SOURCE]
    if not taken:
        return "habits: stated (infra/simulate/habits.py)"
    return f"habits: {', '.join(taken)} of {SOURCE}; the others stated (infra/simulate/habits.py)"


def _hours(hours: float | None) -> str:
    return "-" if hours is None else f"{hours:.1f}"
