"""R7: schedules catch up. Sixty days with ticks skipped, doubled and late end as sixty quiet days do.

The same facts are told, each once, though not in the same mails: what waits longer meets more company.

A tick that finds nothing does nothing, so only those are run that have something to find, and one of each job
a day. Residents act at the same instants in every run, half a day away from what is due to them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

import pytest

from chalicelib.errors import DomainError
from chalicelib.listings.model import KEPT_S
from chalicelib.notices.dynamodb import _notice
from chalicelib.notices.hours import Quiet
from chalicelib.notices.model import ALONG_S, notice_id
from chalicelib.notices.repository import Mail
from chalicelib.people.dynamodb import added
from chalicelib.storage import agenda
from chalicelib.storage.agenda import LATE_S
from chalicelib.storage.transaction import Put, table_of
from infra.memory import MemoryTables
from infra.shelf import holds
from tests.city import Clock
from tests.fakes import Mailbox
from tests.samples import HOUR_S, NOW, a_draft, a_house, a_person
from tests.trouble import differences, facts

DAY_S = 24 * HOUR_S
END = NOW + 60 * DAY_S
LONGEST_OUTAGE_S = 6 * HOUR_S
SURELY_S = HOUR_S
"""How long it takes at most, lag and late ticks and all, until a job that ticks every minute has come by."""
BEAT_S = 24 * HOUR_S
SCRIPTS, SEEDS, LAGGING = 40, 25, 5
"""Of the full figure: so many stories, each disturbed so many times, one in five with a lagging index too."""

JOBS = {
    "send": (60, lambda house: house.dispatcher.send_due),
    "expire": (300, lambda house: house.publishing.expire_due),
    "remind": (HOUR_S, lambda house: house.publishing.remind_due),
    "match": (300, lambda house: house.matching.tend_due),
    "purge-notices": (HOUR_S, lambda house: house.dispatcher.purge),
}
"""Each job, how often it ticks, and what it does. Listings and matches are kept longer than these days."""

FILED = ("listings", "matches", "notices")
OVERTAKEN = (
    "asked_to_help",
    "offered_help",
    "match_accepted",
    "how_did_it_go",
    "listing_ending",
    "listing_expired",
)
"""What is not told any more when something else became so meanwhile."""


class DueTables(MemoryTables):
    """Tables that find what is due at once, and show it late when `lag` says so."""

    def __init__(self, clock: Clock, lag: Callable[[], int]) -> None:
        super().__init__(clock_ms=lambda: clock.now * 1_000)
        self.clock, self.lag = clock, lag
        self.shown = defaultdict(
            dict
        )  # what the index shows: by noun and hour, each key from when until when
        self.filed, self.dues = {}, defaultdict(list)
        self.made = {}  # every notice as it was first owed
        self.changed = defaultdict(list)  # when each listing and match was changed

    def query(self, noun, condition, *, index=None, newest_first=False, limit=None):
        if index != "due":
            return super().query(noun, condition, index=index, newest_first=newest_first, limit=limit)
        hour, now = condition.values[0].values[1].value["S"], self.clock.now
        entries = self.shown[noun, hour].items()
        found = [row for (_, row), (since, until) in entries if since <= now < until]
        rows = [dict(row) for row in found if holds(condition, dict(row))]
        return iter(sorted(rows, key=lambda row: row["due_key"]))

    def next_due(self, job):
        """Return when the next row is due to the job, or None."""
        heap = self.dues[job]
        while heap and self.filed.get(heap[0][1:3]) != heap[0][3]:
            heappop(heap)
        return heap[0][0] if heap else None

    def _do(self, write, stamp):
        super()._do(write, stamp)
        noun = table_of(write)
        if noun == "notices" and isinstance(write, Put) and write.item["pk"] not in self.made:
            self.made[write.item["pk"]] = _notice(write.item)
        if noun in FILED:
            key = self._key(noun, getattr(write, "item", None) or write.key)
            self.changed["-".join(key)].append(self.clock.now)
            self._file(noun, key, self._rows[noun].get(key))

    def _file(self, noun, key, row):
        now, lag = self.clock.now, self.lag()
        if (noun, key) in self.filed:
            hour, entry = self.filed.pop((noun, key))
            since, _ = self.shown[noun, hour][key, entry]
            self.shown[noun, hour][key, entry] = since, now + lag
        if row is None or "due_hour" not in row:
            return
        entry = tuple((name, row[name]) for name in ("pk", "sk", "due_hour", "due_key") if name in row)
        self.shown[noun, row["due_hour"]][key, entry] = now + lag, END * 2
        self.filed[noun, key] = row["due_hour"], entry
        job, due = row["due_hour"].partition("#")[0], int(row["due_key"].partition("#")[0])
        heappush(self.dues[job], (due, noun, key, self.filed[noun, key]))


@dataclass
class PlainWriter:
    """Writes in a mail nothing but which notices it tells, and remembers when."""

    clock: Clock
    told: Any = field(default_factory=lambda: defaultdict(list))

    def render(self, notices, recipient, *, more):
        for notice in notices:
            self.told[notice.id].append(self.clock.now)
        return Mail(recipient.address, notices[0].template, " ".join(each.id for each in notices), "", None)


class OnTime:
    """Every tick when its turn comes."""

    outages: Sequence[tuple[int, int]] = ()

    def __call__(self, _job, rate, number):
        """Return when a tick comes, by its number, and how often at once."""
        return number * rate, 1

    def after(self, at):
        """Return when mails have surely been sent since an instant: for so long there was no outage."""
        while ends := [until for start, until in self.outages if start < at + SURELY_S and at < until]:
            at = max(ends)
        return at + SURELY_S


class Disturbed(OnTime):
    """Ticks skipped, doubled and late, and hours in which there are none; outages may overlap."""

    def __init__(self, seed):
        self.seed, random, at = seed, Random(f"outages {seed}"), NOW
        self.outages = []
        while at < END:
            at += random.randrange(4 * DAY_S)
            self.outages.append((at, at + random.randrange(LONGEST_OUTAGE_S)))

    def __call__(self, job, rate, number):
        random = Random(f"{self.seed} {job} {number}")
        at = number * rate + (random.randrange(2 * rate) if random.random() < 0.2 else 0)
        out = any(start <= at < until for start, until in self.outages)
        if out or random.random() < 0.3:
            return at, 0
        return at, 2 if random.random() < 0.2 else 1


class Neighbours:
    """What residents do in the sixty days, each step at an instant that no schedule decides."""

    def __init__(self, house, clock, script):
        self.house, self.clock, self.random = house, clock, Random(f"script {script}")
        self.steps, self.order, self.outcomes = [], count(), []
        quiet = {"bob": Quiet(22 * 60, 7 * 60), "eve": Quiet(12 * 60, 14 * 60)}
        self.people = [
            a_person(name, asks_per_week=50, quiet=quiet.get(name)) for name in ("ana", "bob", "eve", "tom")
        ]
        for person in self.people:
            house.tables.commit(added(person))
        for number in range(7):
            self.after(self.random.randrange(20 * DAY_S), partial(self.meet, number))

    def after(self, seconds, act):
        heappush(self.steps, (self.clock.now + seconds, next(self.order), act))

    def half_a_day_after(self, days, act):
        """Do something so many days from now and a half: nothing is due to a schedule by then for hours."""
        self.after(days * DAY_S + DAY_S // 2, act)

    def step(self):
        self.clock.now, _, act = heappop(self.steps)
        try:
            self.outcomes.append(act().state)
        except DomainError as refused:
            self.outcomes.append(refused.code)

    def meet(self, number):
        seeker, helper = self.random.sample(self.people, 2)
        category = self.random.choice(["groceries", "pharmacy", "childcare", "homework", "pets"])
        need = self.publish("need", seeker, category, number)
        offer = self.publish("offer", helper, category, number)
        self.after(self.random.randrange(1, 20) * HOUR_S, lambda: self.ask(need, offer, seeker, helper))
        return need

    def publish(self, kind, by, category, number):
        days = self.random.choice([None, None, 2, 9, 30])
        needed_by = days and self.clock.now + days * DAY_S
        draft = a_draft(category=category, title=f"{kind} {number}", needed_by=needed_by, capacity=2)
        said = {"by": by, "key": f"{kind} {number}", "print_": "", "now": self.clock.now}
        listing = self.house.publishing.publish(kind, draft, **said)[0]
        self.plan_the_end(listing)
        return listing

    def plan_the_end(self, listing):
        """Renew it half a day before or after its end, withdraw it, fulfil it, or let it end."""
        ends, publishing = (listing.expires_at - listing.published_at) // DAY_S, self.house.publishing
        said, days = {"by": listing.author, "key": "the end"}, self.random.randrange(3, 8)
        fulfil = partial(publishing.fulfil, outcome="helped_here")
        choices = [(ends - 1, publishing.renew), (ends, publishing.renew), (days, publishing.withdraw)]
        choices += [(days, fulfil), None, None]
        if choice := self.random.choice(choices):
            days, act = choice
            self.half_a_day_after(days, lambda: act(listing.id, now=self.clock.now, **said))

    def ask(self, need, offer, seeker, helper):
        asks, answers = self.random.sample([seeker, helper], 2)
        person, matching = self.house.people.get(asks.id), self.house.matching
        said = {"by": person, "message": "", "key": "ask", "now": self.clock.now}
        match = matching.propose(need.id, offer.id, **said).match
        accept, decline = partial(self.accept, match, answers), partial(self.decline, match, answers)
        if choice := self.random.choice([accept, accept, accept, decline, None]):
            self.after(5 * HOUR_S, choice)
        return match

    def decline(self, match, by):
        said = {"by": by.id, "key": "answer", "now": self.clock.now}
        return self.house.matching.decline(match.id, "no_time", **said).match

    def accept(self, match, by):
        matching, said = self.house.matching, {"by": by.id, "answer": "", "key": "answer"}
        said["linked"] = self.random.random() < 0.5
        accepted = matching.accept(match.id, now=self.clock.now, **said).match
        cancel = partial(matching.cancel, match.id, "other", by=match.seeker, key="cancel")
        tell = [
            partial(matching.tell, match.id, "went_well", by=side, key="tell")
            for side in (match.seeker, match.helper)
        ]
        for days, act in self.random.choice(
            [[(1, cancel)], [], [(3, tell[0])], [(3, each) for each in tell]]
        ):
            self.half_a_day_after(days, lambda act=act: act(now=self.clock.now).match)
        return accepted


class Days:
    """Sixty days of a city under some ticks, and an index that shows its rows so much later."""

    def __init__(self, script, ticks, lag=lambda: 0):
        self.clock, self.mailbox, self.ticks, self.lag = Clock(NOW), Mailbox(), ticks, lag
        self.tables = DueTables(self.clock, lag)
        self.house = a_house(tables=self.tables, now=self.clock)
        short = replace(
            self.house.city.limits, offer_days=1
        )  # so that offers end within the days as needs do
        self.house.city = replace(self.house.city, limits=short)
        self.writer = PlainWriter(self.clock)
        self.house.dispatcher = replace(self.house.dispatcher, renderer=self.writer, mailer=self.mailbox)
        self.neighbours = Neighbours(self.house, self.clock, script)
        self.last, self.planned = dict.fromkeys(JOBS, NOW - 1), {}
        for job in JOBS:
            self.tables.put("jobs", {"pk": job, "at": NOW})

    def run(self):
        steps = self.neighbours.steps
        while True:
            at, times, job = min(self._next(job) for job in JOBS)
            if steps and steps[0][0] <= min(at, END):
                self.neighbours.step()
            elif at < END:
                self.clock.now = at
                self._tick(job, times)
            else:
                break
        self.clock.now = END
        for _ in range(3):
            for job in JOBS:
                self._tick(job, 1)
        return self

    def _tick(self, job, times):
        """Run a job; whatever was due to it is done, whenever the last tick was."""
        for _ in range(times):
            JOBS[job][1](self.house)(self.clock.now)
        self.last[job], due = self.clock.now, self.tables.next_due(job)
        assert self.lag() or due is None or due > self.clock.now, f"{job} left something for later"

    def _next(self, job):
        """Return the next tick of a job that has something to find, or its next beat."""
        due, last, rate = self.tables.next_due(job), self.last[job], JOBS[job][0]
        beat = last + BEAT_S
        if self.planned.get(job, ())[:2] != (due, last):
            after = beat if due is None else min(max(due, last + 1, self.clock.now), beat)
            number = after // rate - 2
            while (tick := self.ticks(job, rate, number))[0] < after or not tick[1]:
                number += 1
            self.planned[job] = due, last, (*tick, job)
        return self.planned[job][2]

    @property
    def end(self):
        """Return what the days come to, without when each thing was looked at."""
        found = facts(self.tables)
        kept = {noun: dict(found[noun]) for noun in ("people", "listings", "matches", "limits")}
        for row in kept["matches"].values():
            for name in ("due_at", "due_hour", "due_key", "purge_at"):
                row.pop(name, None)
        return kept

    def overtaken(self, notice):
        """Say whether what a notice tells was changed after it became so, or was told beforehand.

        What only goes along with a mail may not be told, and what the last days bring may still wait.
        """
        beforehand = None
        if notice.pace == "along" or self.latest(notice) > END:  # no mail took it, or it waits for one
            return True
        if notice.template == "listing_expired":
            ends = notice.values["expires_at"]
            beforehand = self.writer.told.get(notice_id("listing_ending", notice.to, notice.subject, ends))
        return beforehand or any(at > notice.made_at for at in self.tables.changed[notice.subject])

    def latest(self, notice):
        """Return when a notice is told at the latest: soon after the digest and the outages that follow it.

        It is the next digest when that one may have gone before its first tick came.
        """
        hours, person = self.house.dispatcher.hours, self.house.people.get(notice.to)
        if notice.pace == "along":
            return self.ticks.after(notice.made_at + ALONG_S)
        digest = hours.last_digest(notice.made_at, notice.latest, person.quiet)
        if digest < self.ticks.after(notice.made_at):
            digest = hours.next_digest(digest, person.quiet)
        at = self.ticks.after(digest)
        awake = hours.awake_at(at, person.quiet)
        return at if awake == at else self.ticks.after(awake)


@cache
def quiet_days(script):
    return Days(script, OnTime()).run()


def assert_they_end_the_same(script, seed, lag=lambda: 0):
    quiet, days = quiet_days(script), Days(script, Disturbed(seed), lag).run()
    assert days.neighbours.outcomes == quiet.neighbours.outcomes
    assert differences(days.end, quiet.end) == {}
    assert_the_same_is_told(days, quiet)
    assert_nobody_gets_more_than_a_days_mails(days)


def assert_the_same_is_told(days, quiet):
    assert days.tables.made.keys() == quiet.tables.made.keys()
    for notice in days.tables.made.values():
        times, usual = days.writer.told[notice.id], quiet.writer.told[notice.id]
        assert len(times) == 1 or (not times and days.overtaken(notice)), notice
        assert len(times) == len(usual) or notice.template in OVERTAKEN, notice
        assert all(notice.made_at <= at <= days.latest(notice) for at in times), notice


def assert_nobody_gets_more_than_a_days_mails(days):
    hours, most = days.house.dispatcher.hours, days.house.city.limits.mails_per_day
    times = (max(days.writer.told[mail.text.split()[0]]) for mail, _ in days.mailbox.mails)
    mails = Counter((mail.to, hours.day(at)) for (mail, _), at in zip(days.mailbox.mails, times, strict=True))
    assert max(mails.values()) <= most


def test_the_days_have_everything_in_them():
    days = [quiet_days(script) for script in range(4)]
    states = {row["state"] for each in days for row in each.end["listings"].values()}
    assert states == {"open", "withdrawn", "fulfilled", "expired"}
    states = {row["state"] for each in days for row in each.end["matches"].values()}
    assert states == {"lapsed", "declined", "cancelled", "done"}
    made = {notice.id: notice for each in days for notice in each.tables.made.values()}
    told = Counter(made[each].template for day in days for each in day.writer.told)
    assert {*told} >= {"listing_ending", "listing_expired", "match_lapsed", "how_did_it_go", "asked_to_help"}
    assert any(" " in mail.text for each in days for mail, _ in each.mailbox.mails)
    assert any(not each.writer.told[notice] for each in days for notice in each.tables.made)


@pytest.mark.parametrize("seed", range(20))
def test_disturbed_days_end_as_quiet_ones(seed):
    assert_they_end_the_same(seed % 4, seed)


def lagging(seed):
    """Return how much later an index shows each row: as late as a job looks for it at most."""
    random = Random(f"lag {seed}")
    return lambda: random.randint(1, LATE_S)


@pytest.mark.parametrize("seed", range(3))
def test_days_with_an_index_that_lags_end_as_quiet_ones(seed):
    assert_they_end_the_same(seed, seed, lagging(seed))


def test_a_job_that_looks_for_nothing_that_is_late_is_caught(monkeypatch):
    quiet = quiet_days(0)
    monkeypatch.setattr(agenda, "LATE_S", 0)
    days = Days(0, Disturbed(0), lagging(0)).run()
    with pytest.raises(AssertionError):
        assert_the_same_is_told(days, quiet)


def test_an_outage_upon_another_puts_a_mail_off_until_both_are_over():
    assert_they_end_the_same(27, 27_001)


@pytest.mark.soak
@pytest.mark.parametrize("script", range(SCRIPTS))
def test_a_thousand_disturbances_end_as_quiet_days(script):
    for seed in range(1_000 * script, 1_000 * script + SEEDS):
        assert_they_end_the_same(script, seed)
        if seed % LAGGING == 0:
            assert_they_end_the_same(script, seed, lagging(seed))
    quiet_days.cache_clear()


class Sleepy(Disturbed):
    """No mail is sent from a little before the digest until three hours after it, and no outage says why."""

    def __call__(self, job, rate, number):
        at, times = super().__call__(job, rate, number)
        return at, 0 if job == "send" and 16 * HOUR_S <= at % DAY_S < 20 * HOUR_S else times


def test_mails_that_go_later_than_any_outage_says_are_caught():
    days = Days(0, Sleepy(0)).run()
    made = days.tables.made.values()
    assert any(at > days.latest(notice) for notice in made for at in days.writer.told[notice.id])


def test_a_listing_renewed_at_the_last_moment_is_not_forgotten_by_a_late_index():
    clock = Clock(NOW)
    tables = DueTables(clock, lambda: 600)
    house = a_house(tables=tables, now=clock)
    person = a_person("ana")
    said = {"by": person, "key": "publish", "print_": ""}
    listing = house.publishing.publish("need", a_draft(), now=clock.now, **said)[0]
    for at in (listing.expires_at, listing.expires_at + HOUR_S):
        clock.now = at
        house.publishing.remind_due(clock.now)
    clock.now = listing.expires_at + KEPT_S
    house.publishing.renew(listing.id, by=person.id, key="renew", now=clock.now)
    tables.put("jobs", {"pk": "purge", "at": clock.now})
    clock.turn(minutes=1)
    house.publishing.purge_due(clock.now)
    assert house.publishing.get(listing.id).state == "open"


@pytest.mark.parametrize("lag_h", [1, 5, 12, 24])
@pytest.mark.parametrize("due_h", range(1, 25, 2))
def test_a_row_that_an_index_shows_up_to_a_day_late_is_found_within_two_days(due_h, lag_h):
    clock, due, lag = Clock(NOW), NOW + due_h * HOUR_S, lag_h * HOUR_S
    tables = DueTables(clock, lambda: lag)
    jobs_agenda = agenda.Agenda(tables, "listings", "expire")
    tables.put("jobs", {"pk": "expire", "at": NOW})
    found_at = []
    for clock.now in range(NOW, NOW + 4 * DAY_S, 5 * 60):
        if clock.now == due:
            tables.commit([Put("listings", {"pk": "late", **agenda.due("expire", due, "late")})])
        found_at += [clock.now for row in jobs_agenda.due(clock.now) if row["pk"] == "late"]
        jobs_agenda.finished(clock.now)
    assert due + lag <= found_at[0] <= due + 2 * DAY_S


def test_a_schedule_that_looks_only_at_its_own_hour_and_remembers_nothing_is_caught():
    """The naive way: every hour, tell those whose hour it is."""
    told, random = Counter(), Random(1)
    ends = [NOW + random.randrange(60 * DAY_S) for _ in range(200)]
    disturbed = Disturbed(1)
    for number in range(NOW // HOUR_S, END // HOUR_S):
        at, times = disturbed("remind", HOUR_S, number)
        told.update(end for end in ends if at - HOUR_S <= end < at for _ in range(times))
    assert [end for end in ends if not told[end]]
    assert [end for end in ends if told[end] > 1]
