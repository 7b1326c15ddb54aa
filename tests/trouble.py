"""What goes wrong between a function, its tables and its mail provider, and what must be so all the same."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import Any

from chalicelib import wiring
from chalicelib.cities.model import City, load_city
from chalicelib.errors import Unavailable
from chalicelib.notices.repository import AnswerLost, Mail, NotSent, Throttled
from chalicelib.settings import CITIES
from chalicelib.storage.transaction import LOG
from infra.events import Context, schedule_event
from infra.memory import MemoryTables
from tests.city import Clock, TestCity, open_city
from tests.fakes import Mailbox

TABLE_FAULTS = ("busy", "lost", "killed before", "killed after")
MAIL_FAULTS = ("throttled", "not sent", "lost", "killed before", "killed after")

JOBS = (
    "ask",
    "purge-askings",
    "send",
    "expire",
    "remind",
    "match",
    "purge",
    "purge-matches",
    "purge-notices",
)
OWED = ("waiting", "claimed", "unsure")
NOUNS = ("people", "listings", "changes", "matches", "askings", "notices", "limits")


class Killed(BaseException):
    """The process of the function ended here. Nothing in the product can catch it."""


Fate = Callable[[str, tuple[str, ...]], str | None]
"""Asked before each call with its name and what may become of it: what does, or None when it goes well."""


def well(_call: str, _faults: tuple[str, ...]) -> None:
    return None


@dataclass
class Luck:
    """A fate by the dice; `met` counts what it dealt."""

    random: Random
    rate: float
    met: Counter = field(default_factory=Counter)

    def __call__(self, call, faults):
        if self.random.random() >= self.rate:
            return None
        fault = self.random.choice(faults)
        self.met[f"{call.split()[0]}: {fault}"] += 1
        return fault


@dataclass
class Blow:
    """A fate that strikes once, at the given call; `calls` says what was called."""

    at: int = -1
    fault: str = ""
    calls: list[str] = field(default_factory=list)

    def __call__(self, call, _faults):
        self.calls.append(call)
        return self.fault if len(self.calls) - 1 == self.at else None


class Unlucky:
    """Tables whose calls meet their fate: not made, made and not answered, or the last of their process."""

    def __init__(self, tables: MemoryTables) -> None:
        self.tables, self.fate = tables, well

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tables, name)

    def get(self, *args: Any, **more: Any) -> Any:
        return self._call("get", self.tables.get, *args, **more)

    def get_all(self, *args: Any, **more: Any) -> Any:
        return self._call("get_all", self.tables.get_all, *args, **more)

    def query(self, *args: Any, **more: Any) -> Any:
        return self._call("query", self.tables.query, *args, **more)

    def scan(self, *args: Any, **more: Any) -> Any:
        return self._call("scan", self.tables.scan, *args, **more)

    def put(self, *args: Any) -> None:
        self._call("put", self.tables.put, *args)

    def commit(self, writes: Any) -> None:
        self._call("commit", self.tables.commit, writes)

    def _call(self, name, act, *args, **more):
        fault = self.fate(name, TABLE_FAULTS)
        if fault == "busy":
            raise Unavailable("busy")
        if fault == "killed before":
            raise Killed(name)
        answer = act(*args, **more)
        if fault == "lost":
            raise Unavailable("try_again")
        if fault == "killed after":
            raise Killed(name)
        return answer


@dataclass
class Provider(Mailbox):
    """It may throttle, fail or lose its answer, but of what it took it sends an event."""

    events: list[dict[str, Any]] = field(default_factory=list)
    fate: Fate = well

    def send(self, mail: Mail, notice_id: str) -> str:
        fault = self.fate("send", MAIL_FAULTS)
        if fault in ("throttled", "not sent"):
            raise Throttled if fault == "throttled" else NotSent
        if fault == "killed before":
            raise Killed("send")
        provider_id = super().send(mail, notice_id)
        self.events.append(mail_event("Send", notice_id, provider_id))
        if fault == "lost":
            raise AnswerLost
        if fault == "killed after":
            raise Killed("send")
        return provider_id


def mail_event(kind: str, notice_id: str, provider_id: str, **detail: Any) -> dict[str, Any]:
    """Return what EventBridge brings of a mail, as SES says it."""
    mail = {"messageId": provider_id, "tags": {"notice": [notice_id]}}
    said = {"eventType": kind, "mail": mail, **detail}
    return {**schedule_event("ses", 0), "source": "aws.ses", "detail-type": f"Email {kind}", "detail": said}


def deliver(city: TestCity, event: dict[str, Any]) -> None:
    """Hand an event to the function that waits for it."""
    from app import mail_events

    wiring.install(city.house)
    mail_events(event, Context("entraide-mail_events"))


def troubled_city(tables: Any = None, clock: Clock | None = None) -> TestCity:
    """Return a city with a provider that tells, whose trouble has not begun."""
    city = open_city(tables=tables or Unlucky(MemoryTables()))
    city.clock = clock or city.clock
    if isinstance(city.tables, Unlucky):
        city.tables.tables.clock_ms = lambda: city.clock.now * 1000
    city.mailbox = Provider()
    restart(city)
    return city


def restart(city: TestCity) -> None:
    """Let another process take over: what was in memory is gone."""
    house = city.house
    city.house = wiring.House(
        house.settings,
        tables=city.tables,
        mailer=city.mailbox,
        now=city.clock,
        address_book=house.address_book,
        city=replace(_strict_city(), exchange=house.city.exchange),
    )


@cache
def _strict_city() -> City:
    """Return Mulhouse with moderation before for childcare and no daily limits; an offer ends as a need."""
    city = load_city(CITIES / "mulhouse.json")
    categories = tuple(
        replace(category, moderation="before") if category.slug == "childcare" else category
        for category in city.categories
    )
    most = dict.fromkeys(("listings_per_day", "proposals_per_day", "mails_per_day"), 1_000)
    limits = replace(city.limits, offer_days=1, **most)
    return replace(city, categories=categories, limits=limits)


def begin_rounds(city: TestCity) -> None:
    """Let every schedule have finished a round just now."""
    for job in JOBS:
        city.tables.put("jobs", {"pk": job, "at": city.clock.now})


def rounds(city: TestCity) -> list[Callable[[], object]]:
    """Return what the schedules do but to forget, one after another, at the instant the clock shows."""
    house, now = city.house, city.clock.now
    return [
        lambda: house.publishing.expire_due(now),
        lambda: house.publishing.remind_due(now),
        lambda: house.matching.tend_due(now),
        lambda: house.dispatcher.send_due(now),
        lambda: house.board.save_snapshot(now),
    ]


def settle(city: TestCity, *, until: int | None = None) -> None:
    """Let time pass without further trouble until every mail that is owed, by then, has gone."""
    for _ in range(400):
        events, city.mailbox.events[:] = list(city.mailbox.events), []
        for event in events:
            deliver(city, event)
        city.house.dispatcher.send_due(city.clock.now)
        owed = [row for row in rows_of(city.tables, "notices") if row["state"] in OWED]
        if not owed or (until is not None and min(row["due_at"] for row in owed) >= until):
            return
        city.clock.now = max(city.clock.now + 60, min(row["due_at"] for row in owed))
    raise AssertionError("a mail is owed for ever")


def facts(tables: Any, *, snapshots: bool = True) -> dict[str, dict[tuple[str, ...], dict[str, Any]]]:
    """Return what the tables say, without when, at which attempt and in which mail a notice went."""
    found = {noun: dict(_rows(noun, tables)) for noun in NOUNS}
    if not snapshots:
        found["changes"] = {key: row for key, row in found["changes"].items() if row["pk"] == LOG}
    return found


def rows_of(tables: Any, noun: str) -> Iterable[dict[str, Any]]:
    """Return the rows of a table, whatever trouble there is, to be looked at and not changed."""
    if isinstance(tables, Unlucky):
        tables = tables.tables
    if isinstance(tables, MemoryTables):
        return tables._rows[noun].values()
    fate, tables.fate = tables.fate, well
    rows = list(tables.scan(noun))
    tables.fate = fate
    return rows


def _rows(noun: str, tables: Any) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for row in rows_of(tables, noun):
        key = (row["pk"], row["sk"]) if "sk" in row else (row["pk"],)
        if row["pk"].startswith(("mails#", "digest#")):  # how many mails it took is another matter
            continue
        yield key, row if noun != "notices" else _what_came_of(row, tables)


def _what_came_of(notice: dict[str, Any], tables: Any) -> dict[str, Any]:
    """Return a notice without how it was sent; what another carried has become what that has."""
    said = {name: value for name, value in notice.items() if name not in _OF_SENDING}
    lead = notice
    if notice["state"] == "carried":
        lead = next(row for row in rows_of(tables, "notices") if row["pk"] == notice["carried_by"])
    return {**said, "state": "told" if lead["state"] == "sent" else lead["state"]}


_OF_SENDING = set(
    "version due_at due_hour due_key attempts provider_id purge_at made_at "
    "digest carries carried_by counted waiting_for waiting_key".split()
)


def differences(found: Any, wanted: Any) -> dict[str, Any]:
    """Return, by table and key, what is found and what is wanted where they are not the same."""
    return {
        f"{noun} {key}": (found[noun].get(key), wanted[noun].get(key))
        for noun in wanted
        for key in {**found[noun], **wanted[noun]}
        if found[noun].get(key) != wanted[noun].get(key)
    }


def told(city: TestCity) -> Counter:
    """Return how often each notice was told, in a mail of its own or in another's."""
    along = defaultdict(list)
    for row in rows_of(city.tables, "notices"):
        along[row.get("carried_by")].append(row["pk"])
    return Counter(each for _, lead in city.mailbox.mails for each in (lead, *along[lead]))


def told_twice(city: TestCity) -> list[str]:
    """Return the notices that were told more than once."""
    return [notice for notice, count in told(city).items() if count > 1]


def sent_twice(mails: list[tuple[Mail, str]]) -> list[str]:
    """Return what more than one mail went out for."""
    return [notice for notice, count in Counter(notice for _, notice in mails).items() if count > 1]
