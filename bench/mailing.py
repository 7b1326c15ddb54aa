"""Mails for each listing posted: six weeks of a neighbourhood in memory, through the real use cases.

The peer is one mail for each event of the same weeks. Who does what, how often and how soon is said below;
it is invented, and only residents ask here, not the city: `mails_per_post`, which has a target, is that of
the simulated city (`bench/simulating.py`).
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from random import Random

from bench.rows import Row, progress, row
from chalicelib.errors import DomainError
from chalicelib.identity import make_id
from chalicelib.listings.card import Kind
from chalicelib.listings.model import Listing
from chalicelib.notices.hours import Quiet
from chalicelib.notices.repository import Mail, Rhythm
from chalicelib.people.model import Person
from chalicelib.wiring import House
from infra.memory import MemoryTables
from tests.city import Clock
from tests.samples import NOW, a_draft, a_house, settle

HOUR_S, DAY_S = 3_600, 86_400
RESIDENTS, POSTS, DAYS, AFTER_DAYS = 60, 150, 42, 35
"""So many post so much in so many days; then nobody posts any more, and what is owed runs out."""
NEEDS, URGENT, DAILY, QUIET = 0.45, 0.1, 0.15, 0.6
ASKED, ROUNDS = 2, 2
"""Helpers a seeker asks at once, and how often when nobody said yes."""
YES, NO = 0.45, 0.2
"""Of those asked; the others say nothing."""
RENEWS, WITHDRAWS, TELLS, CANCELS = 0.25, 0.15, 0.5, 0.08
CATEGORIES = ("groceries", "pharmacy", "company", "digital", "transport", "paperwork")


class Counting:
    """A provider that counts."""

    def __init__(self) -> None:
        self.sign_in = self.other = 0

    def send(self, mail: Mail, notice_id: str) -> str:
        if mail.unsubscribe is None:
            self.sign_in += 1
        else:
            self.other += 1
        return notice_id


class Weeks:
    """A neighbourhood, its clock, and what its people are about to do."""

    def __init__(self, seed: int, rhythm: Rhythm | None = None) -> None:
        self.random, self.clock, self.keys = Random(seed), Clock(NOW), count()
        self.tables = MemoryTables(clock_ms=lambda: self.clock.now * 1_000)
        self.mailer, self.signed_in = Counting(), dict[str, int]()
        self.house: House = a_house(tables=self.tables, now=self.clock, mailer=self.mailer)
        self.offers: list[Listing] = []
        self.plans: list[tuple[int, int, Callable[[], None]]] = []
        self.people = [settle(self.house, self._resident(number, rhythm)) for number in range(RESIDENTS)]
        for _ in range(POSTS):
            self._plan(self.random.randrange(DAYS * DAY_S), self._post)

    def run(self) -> "Weeks":
        """Let every schedule run once an hour, and after whatever somebody does."""
        for hour in range(NOW, NOW + (DAYS + AFTER_DAYS) * DAY_S, HOUR_S):
            while self.plans and self.plans[0][0] < hour + HOUR_S:
                at, _, act = heappop(self.plans)
                self.clock.now = max(at, self.clock.now)
                with suppress(DomainError):
                    act()
                self.clock.turn(minutes=6)
                self.house.dispatcher.send_due(self.clock.now)
            self.clock.now = max(hour + HOUR_S, self.clock.now)
            self._tick()
        return self

    @property
    def owed(self) -> int:
        """Return how many notices were owed to people: a mail each for the peer."""
        return sum("to" in row and bool(row["to"]) for row in self.tables.scan("notices"))

    def _tick(self) -> None:
        now, house = self.clock.now, self.house
        house.publishing.expire_due(now)
        house.publishing.remind_due(now)
        house.matching.tend_due(now)
        house.dispatcher.send_due(now)

    def _resident(self, number: int, rhythm: Rhythm | None) -> Person:
        chosen: Rhythm = "daily" if self.random.random() < DAILY else "each"
        quiet = Quiet(22 * 60, 7 * 60) if self.random.random() < QUIET else None
        return Person(
            id=make_id("resident", str(number)),
            email=f"resident-{number}@example.org",
            created_at=NOW,
            quiet=quiet,
            rhythm=rhythm or chosen,
            asks_per_week=5,
        )

    def _plan(self, seconds: int, act: Callable[[], None]) -> None:
        heappush(self.plans, (self.clock.now + seconds, next(self.keys), act))

    def _post(self) -> None:
        by, kind = self.random.choice(self.people), self._kind()
        self._sign_in(by)
        urgency = "high" if kind == "need" and self.random.random() < URGENT else "normal"
        draft = a_draft(
            category=self.random.choice(CATEGORIES), capacity=1 if kind == "need" else 3, urgency=urgency
        )
        listing, _ = self.house.publishing.publish(
            kind, draft, by=by, key=self._key(), print_="", now=self.clock.now
        )
        if kind == "offer":
            self.offers.append(listing)
        else:
            self._plan(self.random.randrange(600, 6 * HOUR_S), lambda: self._ask(listing, ROUNDS))
        ends = listing.expires_at - self.clock.now
        if self.random.random() < RENEWS:
            self._plan(ends - DAY_S, lambda: self._on(listing, self.house.publishing.renew))
        elif self.random.random() < WITHDRAWS:
            self._plan(self.random.randrange(ends), lambda: self._on(listing, self.house.publishing.withdraw))

    def _kind(self) -> Kind:
        return "need" if self.random.random() < NEEDS else "offer"

    def _ask(self, need: Listing, rounds: int) -> None:
        fitting = [each for each in self.offers if each.draft.category == need.draft.category]
        seeker = self.house.people.get(need.author)
        assert seeker is not None
        for offer in self.random.sample(fitting, min(ASKED, len(fitting))):
            with suppress(DomainError):
                told = self.house.matching.propose(
                    need.id, offer.id, by=seeker, message="", key=self._key(), now=self.clock.now
                )
                self.house.dispatcher.send_now(told.notices, self.clock.now)
                self._answer(told.match.id, offer.author)
        if rounds > 1:
            self._plan(2 * DAY_S + HOUR_S, lambda: self._ask(need, rounds - 1))

    def _answer(self, match: str, helper: str) -> None:
        chance, after = self.random.random(), self.random.randrange(600, 30 * HOUR_S)
        if chance < YES:
            self._plan(after, lambda: self._accept(match, helper))
        elif chance < YES + NO:
            self._plan(after, lambda: self._say("decline", match, helper, "no_time"))

    def _accept(self, match: str, helper: str) -> None:
        self._say("accept", match, helper, answer="")
        need = match.partition("-")[0]
        seeker = self.house.publishing.get(need).author
        if self.random.random() < CANCELS:
            self._plan(DAY_S, lambda: self._say("cancel", match, helper, "other"))
        for side in (seeker, helper):
            if self.random.random() < TELLS:
                self._plan(4 * DAY_S, lambda side=side: self._say("tell", match, side, "went_well"))  # type: ignore[misc]

    def _say(self, verb: str, match: str, by: str, *value: str, **more: str) -> None:
        act = getattr(self.house.matching, verb)
        told = act(match, *value, by=by, key=self._key(), now=self.clock.now, **more)
        self.house.dispatcher.send_now(told.notices, self.clock.now)

    def _on(self, listing: Listing, act: Callable[..., Listing]) -> None:
        act(listing.id, by=listing.author, key=self._key(), now=self.clock.now)

    def _sign_in(self, person: Person) -> None:
        if self.clock.now - self.signed_in.get(person.id, 0) > 30 * DAY_S:
            self.signed_in[person.id] = self.clock.now
            _, mail = self.house.door.start(
                person.email, language="fr", ip=person.id, key=self._key(), now=self.clock.now
            )
            self.house.dispatcher.send_now([mail], self.clock.now)

    def _key(self) -> str:
        return f"key-{next(self.keys):08d}"


def rows() -> Iterator[Row]:
    progress("living through weeks of mails")
    peer = "one mail an event"
    for name, rhythm in (("mails_residents_ask", None), ("mails_residents_ask, all daily", "daily")):
        weeks = Weeks(1, rhythm).run()  # type: ignore[arg-type]
        each, owed = weeks.mailer.other / POSTS, weeks.owed / POSTS
        yield row(name, POSTS, each, "mails a post but for sign-in", peer=peer, peer_value=owed)
        with_them = (weeks.mailer.other + weeks.mailer.sign_in) / POSTS
        alone = owed + weeks.mailer.sign_in / POSTS
        yield row(f"{name}, with sign-in", POSTS, with_them, "mails a post", peer=peer, peer_value=alone)
