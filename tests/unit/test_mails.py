"""Which mails come of what somebody is owed: what goes together, when, and how many a day."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from chalicelib.notices.bundle import MOST
from chalicelib.notices.dynamodb import DynamoOutbox, owed
from chalicelib.notices.hours import Hours, Quiet
from chalicelib.notices.model import ALONG_S, GATHER_S, HEADROOM_S, notice
from chalicelib.notices.repository import AnswerLost, Refused, Throttled
from chalicelib.notices.service import THROTTLE_S, Dispatcher
from chalicelib.people.service import mute
from tests.fakes import Failing, Mailbox
from tests.samples import HOUR_S, NOW, a_house, a_listing, a_match, a_person, an_id, settle

DAY_S = 24 * HOUR_S
PARIS = ZoneInfo("Europe/Paris")
DIGEST = NOW + 8 * HOUR_S
"""18:00 of the Monday on which everything begins at 10:00."""


class Street:
    """People who are owed things, and what comes of it tick by tick."""

    def __init__(self, *people, mailer=None):
        self.house = a_house(mailer=mailer or Mailbox())
        self.now, self.made = NOW, {}
        for person in people or (a_person("yusuf"),):
            settle(self.house, person)
        self.house.dispatcher.outbox.finished("send", NOW)

    def owe(self, template="match_declined", about="", to="yusuf", **more):
        made = notice(template, an_id(to), f"subject-{about or len(self.made)}", self.now, **more)
        self.house.tables.commit([owed(made)])
        self.made[made.id] = made
        return made

    def at(self, instant):
        self.now = instant
        assert self.house.dispatcher.send_due(instant).failed == 0

    def passes(self, seconds, step=60):
        for instant in range(self.now + step, self.now + seconds + 1, step):
            self.at(instant)

    @property
    def mails(self):
        """What each mail told, in order: the ids of its notices."""
        return [(lead, *self.get(lead).carries) for _, lead in self.house.mailer.mails]

    def get(self, notice_id):
        return self.house.dispatcher.outbox.get(notice_id)

    def state(self, made):
        return self.get(made.id).state


class TestWhatGoesTogether:
    def test_what_becomes_so_within_minutes_is_one_mail(self):
        street = Street()
        made = [street.owe() for _ in range(2)]
        street.at(NOW + 60)
        made.append(street.owe())
        street.passes(GATHER_S)
        assert street.mails == [tuple(each.id for each in sorted(made[:2], key=_age) + made[2:])]
        assert [street.state(each) for each in made].count("carried") == 2

    def test_whatever_waits_goes_with_what_cannot_wait(self):
        street = Street()
        calm, soon = street.owe("match_lapsed"), street.owe()
        street.at(NOW + 60)
        urgent = street.owe("asked_to_help", pace="urgent")
        street.house.dispatcher.send_now([calm, soon, urgent], street.now)
        assert [set(mail) for mail in street.mails] == [{calm.id, soon.id, urgent.id}]
        assert street.mails[0][0] == urgent.id
        street.passes(2 * DAY_S, step=600)
        assert len(street.mails) == 1

    def test_each_person_has_mails_of_their_own(self):
        street = Street(a_person("yusuf"), a_person("monique"))
        made = [street.owe(to=who, about="the same") for who in ("yusuf", "monique")]
        street.passes(GATHER_S)
        assert sorted(street.mails) == sorted((each.id,) for each in made)

    def test_one_mail_holds_so_many_and_says_that_more_follow(self):
        street = Street()
        made = [street.owe() for _ in range(MOST + 3)]
        street.passes(GATHER_S)
        assert [len(mail) for mail in street.mails] == [MOST, 3]
        assert Counter(one for mail in street.mails for one in mail) == Counter(each.id for each in made)
        first, second = (mail.text for mail, _ in street.house.mailer.mails)
        assert "D’autres nouvelles" in first
        assert "D’autres nouvelles" not in second

    def test_a_mail_that_was_not_sent_is_tried_again_as_it_was(self):
        street = Street(mailer=Failing(Throttled()))
        made = [street.owe() for _ in range(3)]
        street.passes(GATHER_S)
        street.owe()
        street.passes(THROTTLE_S)
        assert {*street.mails[0]} == {each.id for each in made}

    def test_what_may_have_been_told_goes_with_no_other_mail(self):
        street = Street(mailer=Failing(AnswerLost()))
        lost = [street.owe() for _ in range(2)]
        street.passes(GATHER_S)
        other = street.owe(pace="prompt")
        street.at(street.now)
        assert street.mails == [(other.id,)]
        street.passes(HOUR_S)
        assert Counter(one for mail in street.mails for one in mail) == Counter(
            each.id for each in (*lost, other)
        )

    def test_what_the_provider_refuses_is_parked_with_what_it_carries(self):
        street = Street(mailer=Failing(Refused()))
        made = [street.owe() for _ in range(3)]
        street.passes(DAY_S, step=600)
        assert street.mails == []
        (lead,) = [each for each in made if street.state(each) == "parked"]
        assert {lead.id, *street.get(lead.id).carries} == {each.id for each in made}

    @pytest.mark.parametrize("switched_off", [True, False])
    def test_what_is_switched_off_later_is_left_out_of_a_mail_that_is_tried_again(self, switched_off):
        street = Street(mailer=Failing(Throttled()))
        made = [street.owe("match_declined"), street.owe("listing_refused")]
        street.passes(GATHER_S)
        lead = next(street.get(each.id) for each in made if street.get(each.id).carries)
        if switched_off:
            mute(street.house.people, lead.to, [lead.topic])
        street.passes(THROTTLE_S)
        ((mail, told_for),) = street.house.mailer.mails
        assert (told_for, lead.carries) == (lead.id, tuple(each.id for each in made if each.id != lead.id))
        assert ("<h2" in mail.html) is not switched_off


class TestWhatIsNoLongerSo:
    @pytest.fixture
    def street(self):
        return Street()

    @pytest.mark.parametrize(
        ("template", "state", "told"),
        [
            ("asked_to_help", "proposed", True),
            ("asked_to_help", "accepted", False),
            ("asked_to_help", "lapsed", False),
            ("offered_help", "cancelled", False),
            ("place_free", "proposed", True),
            ("place_free", "queued", False),
            ("match_agreed", "agreed", True),
            ("match_agreed", "accepted", False),
            ("match_accepted", "accepted", True),
            ("match_accepted", "done", True),
            ("match_accepted", "cancelled", False),
            ("how_did_it_go", "accepted", True),
            ("how_did_it_go", "cancelled", False),
            ("match_declined", "declined", True),
            ("match_cancelled", "cancelled", True),
            ("match_lapsed", "lapsed", True),
        ],
    )
    def test_a_match_is_told_as_it_is(self, street, template, state, told):
        match = a_match(state=state)
        store(street, match, "matches")
        made = notice(template, an_id("yusuf"), match.id, NOW, values={"calls": ""})
        street.house.tables.commit([owed(made)])
        street.passes(15 * DAY_S, step=DAY_S // 6)
        assert street.state(made) == ("sent" if told else "dropped")

    def test_an_asking_is_overtaken_by_the_next_of_the_same_match(self, street):
        match = a_match(state="proposed", calls=2)
        store(street, match, "matches")
        made = [
            notice("place_free", an_id("yusuf"), match.id, NOW, about=calls, values={"calls": calls})
            for calls in ("1", "2")
        ]
        street.house.tables.commit(list(map(owed, made)))
        street.passes(9 * HOUR_S, step=600)
        assert [street.state(each) for each in made] == ["dropped", "sent"]

    @pytest.mark.parametrize(
        ("template", "state", "shift", "told"),
        [
            ("listing_ending", "open", 0, True),
            ("listing_ending", "open", 1, False),
            ("listing_ending", "withdrawn", 0, False),
            ("listing_expired", "expired", 0, True),
            ("listing_expired", "open", 1, False),
            ("listing_expired", "fulfilled", 0, False),
            ("need_unanswered", "open", 0, True),
            ("need_unanswered", "fulfilled", 0, False),
        ],
    )
    def test_a_listing_is_told_as_it_is(self, street, template, state, shift, told):
        listing = a_listing(state=state)
        store(street, listing, "listings")
        said = {"expires_at": str(listing.expires_at + shift)}
        made = notice(template, an_id("yusuf"), listing.id, NOW, values=said)
        street.house.tables.commit([owed(made)])
        street.passes(15 * DAY_S, step=DAY_S // 6)
        assert street.state(made) == ("sent" if told else "dropped")

    def test_who_has_said_how_it_went_is_not_asked(self, street):
        store(street, a_match(state="accepted", helper_outcome="went_well"), "matches")
        made = [notice("how_did_it_go", an_id(who), a_match().id, NOW) for who in ("yusuf", "monique")]
        settle(street.house, a_person("monique"))
        street.house.tables.commit(list(map(owed, made)))
        street.passes(15 * DAY_S, step=DAY_S // 6)
        assert [street.state(each) for each in made] == ["dropped", "sent"]

    @pytest.mark.parametrize(
        ("need", "match", "told"),
        [
            ({"state": "fulfilled", "outcome": "helped_here"}, {}, False),
            ({"state": "fulfilled", "outcome": "helped_elsewhere"}, {}, True),
            ({"state": "open"}, {"seeker_outcome": "went_well"}, False),
            ({"state": "open"}, {"seeker_outcome": "problem"}, True),
        ],
    )
    def test_a_helper_is_not_asked_when_the_seeker_says_that_it_went_well(self, street, need, match, told):
        made = notice("how_did_it_go", an_id("yusuf"), a_match().id, NOW)
        store(street, a_match(state="accepted", **match), "matches")
        store(street, a_listing(id=a_match().need, **need), "listings")
        street.house.tables.commit([owed(made)])
        street.passes(15 * DAY_S, step=DAY_S // 6)
        assert street.state(made) == ("sent" if told else "dropped")

    def test_the_end_of_one_of_several_helps_does_not_say_how_each_went(self, street):
        made = notice("how_did_it_go", an_id("yusuf"), a_match().id, NOW)
        need = a_listing(id=a_match().need, state="fulfilled", outcome="helped_here")
        need = replace(need, draft=replace(need.draft, capacity=2))
        store(street, a_match(state="accepted"), "matches")
        store(street, need, "listings")
        street.house.tables.commit([owed(made)])
        street.passes(15 * DAY_S, step=DAY_S // 6)
        assert street.state(made) == "sent"

    @pytest.mark.parametrize(("reminder", "told"), [("sent", False), ("dropped", True), (None, True)])
    def test_an_end_is_told_to_who_was_not_reminded_of_it(self, street, reminder, told):
        listing = a_listing(state="expired")
        store(street, listing, "listings")
        said = {"about": str(listing.expires_at), "values": {"expires_at": str(listing.expires_at)}}
        before = notice("listing_ending", an_id("yusuf"), listing.id, NOW - DAY_S, **said)
        end = notice("listing_expired", an_id("yusuf"), listing.id, NOW, **said)
        known = {"sent": lambda: before.sent(NOW, "1"), "dropped": lambda: before.dropped(NOW)}
        if reminder:
            keep(street, known[reminder]())
        street.house.tables.commit([owed(end)])
        street.passes(3 * DAY_S, step=DAY_S // 6)
        assert street.state(end) == ("sent" if told else "dropped")

    @pytest.mark.parametrize(("unanswered", "told"), [("sent", False), ("dropped", True), (None, True)])
    def test_the_day_that_somebody_named_is_told_unless_they_know_that_nobody_could_help(
        self, street, unanswered, told
    ):
        listing = a_listing(state="expired", needed_by=NOW, expires_at=NOW)
        store(street, listing, "listings")
        said = {"values": {"expires_at": str(NOW)}}
        word = notice("need_unanswered", an_id("yusuf"), listing.id, NOW - DAY_S, about=str(NOW), **said)
        known = {"sent": lambda: word.sent(NOW, "1"), "dropped": lambda: word.dropped(NOW)}
        if unanswered:
            keep(street, known[unanswered]())
        end = notice("listing_expired", an_id("yusuf"), listing.id, NOW, about=str(NOW), **said)
        street.house.tables.commit([owed(end)])
        street.passes(3 * DAY_S, step=DAY_S // 6)
        assert street.state(end) == ("sent" if told else "dropped")

    @pytest.mark.parametrize(
        ("template", "state"), [("listing_ending", "open"), ("listing_expired", "expired")]
    )
    def test_nobody_is_told_of_the_end_of_a_listing_that_is_taken_up(self, street, template, state):
        listing = a_listing(state=state, left=0)
        store(street, listing, "listings")
        said = {"expires_at": str(listing.expires_at)}
        made = notice(template, an_id("yusuf"), listing.id, NOW, values=said)
        street.house.tables.commit([owed(made)])
        street.passes(15 * DAY_S, step=DAY_S // 6)
        assert street.state(made) == "dropped"

    @pytest.mark.parametrize(("pace", "told"), [("soon", False), ("urgent", True)])
    @pytest.mark.parametrize("first", ["ask", "news"])
    def test_who_never_heard_of_an_ask_hears_nothing_of_its_end(self, street, pace, told, first):
        """Unless they had said yes all the same, and somebody counts on it."""
        match = a_match(state="cancelled")
        store(street, match, "matches")
        ask = notice("asked_to_help", an_id("yusuf"), match.id, NOW, values={"calls": ""})
        news = notice("match_cancelled", an_id("yusuf"), match.id, NOW, pace=pace)
        street.house.tables.commit([owed(ask), owed(news)])
        dispatcher = street.house.dispatcher
        dispatcher.send((ask if first == "ask" else news).id, NOW + GATHER_S)
        street.passes(9 * HOUR_S, step=600)
        assert street.state(ask) == "dropped"
        assert street.state(news) == ("sent" if told else "dropped")


class TestWhen:
    def test_what_is_calm_waits_for_the_digest(self):
        street = Street()
        made = [street.owe("match_lapsed") for _ in range(3)]
        street.at(DIGEST - 1)
        assert street.mails == []
        street.at(DIGEST)
        assert [{*mail} for mail in street.mails] == [{each.id for each in made}]

    def asked_how(self, street, number, **more):
        """Owe somebody the question how a match went."""
        match = a_match(state="accepted", need=an_id(f"need {number}"))
        store(street, match, "matches")
        made = notice("how_did_it_go", an_id("yusuf"), match.id, street.now, **more)
        street.house.tables.commit([owed(made)])
        return made

    def test_what_can_wait_for_days_waits_for_company(self):
        """The questions of three days are one mail, with the last digest that the first can wait for."""
        street = Street()
        made = []
        for number in range(3):
            made.append(self.asked_how(street, number))
            street.passes(DAY_S, step=HOUR_S)
        street.at(DIGEST + 13 * DAY_S - 1)
        assert street.mails == []
        street.at(DIGEST + 13 * DAY_S)
        assert street.mails == [tuple(each.id for each in made)]

    def test_what_waits_for_days_goes_with_any_mail(self):
        street = Street()
        waits = self.asked_how(street, 1)
        street.passes(4 * DAY_S, step=HOUR_S)
        urgent = street.owe(pace="urgent")
        street.at(street.now)
        assert street.mails == [(urgent.id, waits.id)]

    def test_what_waits_for_days_is_told_while_it_is_of_use(self):
        street = Street()
        made = self.asked_how(street, 1, until=NOW + 3 * DAY_S)
        street.at(DIGEST + 2 * DAY_S - 1)
        assert street.mails == []
        street.at(DIGEST + 2 * DAY_S)
        assert street.mails == [(made.id,)]

    def test_what_only_goes_along_goes_with_the_next_mail_whatever_that_is(self):
        street = Street()
        copy = street.owe("match_refused", pace="along")
        street.passes(3 * DAY_S, step=HOUR_S)
        assert street.mails == []
        other = street.owe("match_lapsed")
        street.passes(DAY_S, step=HOUR_S)
        assert street.mails == [(other.id, copy.id)]

    def test_no_mail_is_sent_for_what_only_goes_along(self):
        street = Street(a_person("yusuf"), a_person("monique", rhythm="daily"))
        copies = [street.owe("match_refused", pace="along", to=who) for who in ("yusuf", "monique")]
        street.passes(ALONG_S - HOUR_S, step=HOUR_S)
        assert {street.state(copy) for copy in copies} == {"waiting"}
        street.passes(2 * HOUR_S, step=HOUR_S)
        assert {street.state(copy) for copy in copies} == {"dropped"}
        assert street.mails == []

    def test_what_went_along_with_a_mail_that_is_tried_again_is_told_with_it(self):
        street = Street(mailer=Failing(AnswerLost()))
        copy, lead = street.owe("match_refused", pace="along"), street.owe()
        street.passes(HOUR_S)
        assert street.mails == [(lead.id, copy.id)]

    def test_the_ends_of_several_listings_are_told_together_and_a_day_before_the_first_at_the_latest(self):
        street, made = Street(), []
        for number, days in enumerate((14, 17, 20)):
            listing = a_listing(id=an_id(f"offer {number}"), expires_at=NOW + days * DAY_S)
            store(street, listing, "listings")
            said = {"values": {"expires_at": str(listing.expires_at)}, "until": listing.expires_at}
            made.append(notice("listing_ending", an_id("yusuf"), listing.id, NOW, **said))
        street.house.tables.commit(list(map(owed, made)))
        street.at(DIGEST + 12 * DAY_S - 1)
        assert street.mails == []
        street.at(DIGEST + 12 * DAY_S)
        assert [{*mail} for mail in street.mails] == [{each.id for each in made}]

    def test_who_chose_one_mail_a_day_gets_one_and_what_is_urgent(self):
        street = Street(a_person("yusuf", rhythm="daily"))
        for _ in range(5):
            street.owe()
            street.owe("offered_help", pace="prompt")
            street.passes(HOUR_S)
        assert street.mails == []
        urgent = street.owe("asked_to_help", pace="urgent")
        street.at(street.now)
        assert [mail[0] for mail in street.mails] == [urgent.id]
        street.owe()
        street.passes(2 * DAY_S, step=300)
        assert len(street.mails) == 2

    def test_what_would_come_too_late_does_not_wait_for_the_digest(self):
        street = Street(a_person("yusuf", rhythm="daily"))
        waits = street.owe(until=DIGEST + HEADROOM_S)
        goes = street.owe(until=DIGEST + HEADROOM_S - 1)
        street.house.dispatcher.send(waits.id, NOW + GATHER_S)
        assert (street.get(waits.id).digest, street.get(waits.id).due_at) == (True, DIGEST)
        street.passes(GATHER_S)
        assert {*street.mails[0]} == {waits.id, goes.id}

    def test_nobody_is_woken_by_what_is_urgent_or_by_the_digest(self):
        quiet = Quiet(17 * 60, 8 * 60)
        street = Street(a_person("yusuf", quiet=quiet))
        street.owe("match_lapsed")
        street.now = NOW + 7 * HOUR_S
        urgent = street.owe(pace="urgent")
        street.passes(15 * HOUR_S - 60)
        assert street.mails == []
        street.passes(60)
        assert len(street.mails) == 1
        assert {*street.mails[0]} >= {urgent.id}

    @pytest.mark.parametrize("month", [(2026, 3, 27), (2026, 10, 23)])
    @pytest.mark.parametrize("digest_at", [0, 2 * 60, 2 * 60 + 30, 18 * 60])
    @pytest.mark.parametrize("quiet", [None, Quiet(22 * 60, 2 * 60 + 30), Quiet(17 * 60, 8 * 60)])
    def test_every_day_has_one_digest_on_the_nights_of_the_change_too(self, month, digest_at, quiet):
        hours, first = Hours(PARIS, digest_at), datetime(*month, tzinfo=PARIS)
        start, end = (int((first + timedelta(days=days)).timestamp()) for days in (0, 5))
        digests, at = [], start - 1
        while (at := hours.next_digest(at, quiet)) < end:
            digests.append(at)
        days = [hours.digest_of(at, quiet) for at in digests]
        assert len({*days}) == len(days) >= 4
        assert all(hours.awake_at(at, quiet) == at for at in digests)
        assert [hours.digest_of(at - 1, quiet) for at in digests[1:]] == days[:-1]
        steps = [(later - at) / HOUR_S for at, later in pairwise(digests)]
        assert all(22.5 <= step <= 25.5 for step in steps), steps

    def test_a_clock_that_reads_the_wall_at_every_tick_is_caught(self):
        """The naive way: send the digest when the wall says 02:30."""
        hours = Hours(PARIS, 150)
        for day, wrong in (((2026, 3, 28), 0), ((2026, 10, 24), 2)):
            start = int((datetime(*day, tzinfo=PARIS) + timedelta(hours=12)).timestamp())
            ticks = range(start, start + 20 * HOUR_S, 60)
            naive = [at for at in ticks if f"{datetime.fromtimestamp(at, PARIS):%H:%M}" == "02:30"]
            ours = [at for at in ticks if hours.next_digest(at - 60, None) <= at]
            assert len(naive) == wrong
            assert len(ours) == 1


class TestTheBudget:
    def test_a_storm_is_a_few_mails_a_day_and_nothing_of_it_is_lost(self):
        street = Street()
        most = street.house.city.limits.mails_per_day
        for _ in range(6 * MOST):
            street.owe(pace="prompt")
        per_day = Counter()
        while any(street.state(each) == "waiting" for each in street.made.values()):
            before = len(street.mails)
            street.passes(2 * HOUR_S, step=2 * HOUR_S)
            per_day[street.house.dispatcher.hours.day(street.now)] += len(street.mails) - before
        assert max(per_day.values()) <= most
        assert Counter(one for mail in street.mails for one in mail) == Counter([*street.made])
        assert len(street.mails) == 6

    def test_the_last_mail_of_the_day_is_the_digest(self):
        street = Street()
        for _ in range(6):
            street.owe(pace="prompt")
            street.at(street.now)
            street.now += 60
        assert len(street.mails) == street.house.city.limits.mails_per_day - 1
        street.passes(8 * HOUR_S)
        assert len(street.mails) == street.house.city.limits.mails_per_day
        assert len(street.mails[-1]) == 3

    def test_a_sign_in_mail_goes_whatever_the_day_has_brought(self):
        street = Street()
        for _ in range(6):
            street.owe(pace="prompt")
            street.at(street.now)
        before = len(street.mails)
        _, mail = street.house.door.start(
            "yusuf@example.org", language="fr", ip="192.0.2.1", key="key-00000001", now=street.now
        )
        street.house.dispatcher.send_now([mail], street.now)
        assert street.mails[before:] == [(mail.id,)]

    @pytest.mark.parametrize("rhythm", ["each", "daily"])
    @pytest.mark.parametrize(
        "seed", [*range(2), *(pytest.param(n, marks=pytest.mark.soak) for n in range(2, 60))]
    )
    def test_no_storm_of_events_breaks_it_and_everything_is_told_once(self, seed, rhythm):
        storm = Storm(Random(seed), rhythm)
        storm.rages(2)
        storm.calms_down()
        assert storm.worst_day <= storm.most
        assert storm.told == Counter([*storm.street.made])

    @pytest.mark.soak
    @pytest.mark.parametrize("seed", range(25))
    def test_four_hundred_events_at_once_of_ten_thousand(self, seed):
        """What the first day does not hold goes in one digest a day, and each holds so many."""
        storm = Storm(Random(seed), ("each", "daily")[seed % 2])
        for _ in range(400):
            storm.street.owe(pace=storm.random.choice(["urgent", "prompt", "soon", "calm"]))
        storm.calms_down(days=400 // MOST + 3)
        assert storm.worst_day <= storm.most
        assert storm.told == Counter([*storm.street.made])

    def test_a_backlog_is_gathered_once_in_a_round_and_not_for_each_notice_of_it(self, monkeypatch):
        street, gathered = Street(), []
        waiting_for = DynamoOutbox.waiting_for

        def counted(outbox, person, *, limit):
            gathered.append(person)
            return waiting_for(outbox, person, limit=limit)

        monkeypatch.setattr(DynamoOutbox, "waiting_for", counted)
        most = street.house.city.limits.mails_per_day
        for _ in range(2 * MOST * most):
            street.owe(pace="prompt")
        street.at(NOW)
        assert len(gathered) == len(street.mails) + 1 == most
        assert Counter(map(street.state, street.made.values()))["waiting"] == MOST * (most + 1)

    def test_a_sender_that_asks_the_provider_first_and_counts_afterwards_is_caught(self, monkeypatch):
        """The naive way: each its own mail, and the count is kept beside it."""
        monkeypatch.setattr(DynamoOutbox, "waiting_for", lambda *_, **__: [])
        monkeypatch.setattr(Dispatcher, "_limits", lambda *_: ())
        storm = Storm(Random(1))
        storm.rages(1)
        storm.calms_down()
        assert storm.worst_day > storm.most


class Storm:
    """One person to whom everything happens at once, and a provider with moods."""

    def __init__(self, random, rhythm="each"):
        quiet = random.choice([None, Quiet(22 * 60, 7 * 60), Quiet(12 * 60, 19 * 60)])
        person = a_person("yusuf", quiet=quiet, rhythm=rhythm)
        self.random, self.street = random, Street(person, mailer=Moody(random))
        self.most = self.street.house.city.limits.mails_per_day
        self.street.house.mailer.street = self.street

    def rages(self, days):
        until = self.street.now + days * DAY_S
        while self.street.now < until:
            for _ in range(self.random.choice([0, 1, 1, 3, 9])):
                made = self.street.owe(pace=self.random.choice(["urgent", "prompt", "soon", "calm"]))
                self.street.house.dispatcher.send_now([made], self.street.now)
            self.street.at(self.street.now + self.random.choice([60, 1_800, 9_000]))

    def calms_down(self, days=8):
        for _ in range(days * 12):
            self.street.at(self.street.now + 2 * HOUR_S)
        owed_still = [each for each in self.street.made.values() if not self.street.get(each.id).over]
        assert owed_still == []

    @property
    def told(self):
        return Counter(one for mail in self.street.mails for one in mail)

    @property
    def worst_day(self):
        day = self.street.house.dispatcher.hours.day
        return max(Counter(map(day, self.street.house.mailer.times)).values())


class Moody(Mailbox):
    """A provider that throttles now and then, and remembers when it took each mail."""

    def __init__(self, random):
        super().__init__()
        self.random, self.times, self.street = random, [], None

    def send(self, mail, notice_id):
        if self.random.random() < 0.2:
            raise Throttled
        self.times.append(self.street.now)
        return super().send(mail, notice_id)


def store(street, thing, table):
    from chalicelib.listings.rows import listing_item
    from chalicelib.matching.dynamodb import _item
    from chalicelib.storage.transaction import Put

    item = listing_item(thing) if table == "listings" else _item(thing)
    street.house.tables.commit([Put(table, item)])


def _age(made):
    return made.made_at, made.id


def test_a_notice_that_waits_is_found_and_one_that_was_in_a_mail_is_not():
    street = Street()
    outbox = street.house.dispatcher.outbox
    made = [street.owe() for _ in range(3)]
    found = outbox.waiting_for(an_id("yusuf"), limit=9)
    assert {each.id for each in found} == {each.id for each in made}
    claimed = found[0].claimed(NOW, carries=(found[1].id,))
    outbox.save(claimed, found[1].carried(NOW, claimed.id), found[2].dropped(NOW))
    assert outbox.waiting_for(an_id("yusuf"), limit=9) == []
    outbox.save(claimed.put_off(NOW))
    assert outbox.waiting_for(an_id("yusuf"), limit=9) == []
    assert outbox.get_many([claimed.id, an_id("none")]) == [replace(claimed.put_off(NOW))]


def keep(street, made):
    """Let the city have a notice as it is."""
    from chalicelib.notices.dynamodb import _item
    from chalicelib.storage.transaction import Put

    street.house.tables.commit([Put("notices", _item(made))])
