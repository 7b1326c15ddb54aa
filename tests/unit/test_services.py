"""Use cases over tables in memory: what each writes, what it owes, and what it does the second time."""

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.cities.model import load_city
from chalicelib.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn, Stale, TooMany
from chalicelib.listings.model import DAY_S, KEPT_S
from chalicelib.listings.windows import Dated, Windows
from chalicelib.matching import model as matches
from chalicelib.notices.events import MailEvent
from chalicelib.notices.hours import Quiet
from chalicelib.notices.model import LEASE_S, MOST_ATTEMPTS, RETRY_S, SETTLE_S, notice
from chalicelib.notices.repository import AnswerLost, NotSent, Refused, Throttled
from chalicelib.notices.service import THROTTLE_S
from chalicelib.people import service as people
from chalicelib.people.model import LINK_S
from chalicelib.places.model import Place, Point
from chalicelib.rounds import Round
from chalicelib.settings import CITIES
from tests.fakes import Failing
from tests.samples import HOUR_S, NOW, a_draft, a_house, a_person, an_id, new_key, settle

ELSEWHERE = Place(Point(48.58, 7.75), "Strasbourg")


@pytest.fixture
def house():
    return a_house()


@pytest.fixture
def monique(house):
    return settle(house, a_person("monique"))


@pytest.fixture
def yusuf(house):
    return settle(house, a_person("yusuf"))


def publish(house, by, kind="need", *, key=None, now=NOW, print_="print", **said):
    listing, _ = house.publishing.publish(
        kind, a_draft(**said), by=by, key=key or new_key(), print_=print_, now=now
    )
    return listing


def owed(house, template=None):
    """The notices that stand in the outbox."""
    rows = house.tables.scan("notices")
    return [house.dispatcher.outbox.get(row["pk"]) for row in rows if template in (None, row["template"])]


def reading(house, **limits):
    """The same city, where every category is read by a moderator first."""
    city = load_city(CITIES / "mulhouse.json")
    categories = tuple(replace(category, moderation="before") for category in city.categories)
    house.__dict__["city"] = replace(city, categories=categories, limits=replace(city.limits, **limits))
    return house


class TestPublishing:
    def test_a_need_is_open_found_and_kept_for_the_lifetime_of_its_category(self, house, monique):
        need = publish(house, monique)
        assert (need.state, need.expires_at, need.version) == ("open", NOW + 14 * DAY_S, 1)
        assert need.remind_at == need.expires_at - 14 * DAY_S // 3
        assert house.publishing.get(need.id) == need
        assert house.board.fresh(NOW).get(need.id).title == need.draft.title

    @pytest.mark.parametrize(("category", "days"), [("groceries", 90), ("company", 90), ("pharmacy", 90)])
    def test_an_offer_stands_a_season_whatever_it_gives(self, house, yusuf, category, days):
        offer = publish(house, yusuf, "offer", category=category)
        assert (offer.expires_at, offer.remind_at) == (NOW + days * DAY_S, NOW + (days - 14) * DAY_S)
        renewed = house.publishing.renew(offer.id, by=yusuf.id, key=new_key(), now=NOW + 80 * DAY_S)
        assert renewed.expires_at == NOW + (80 + days) * DAY_S

    def test_an_offer_stands_no_shorter_than_a_need_of_its_category(self, house, yusuf):
        house.__dict__["city"] = replace(house.city, limits=replace(house.city.limits, offer_days=20))
        assert publish(house, yusuf, "offer", category="company").expires_at == NOW + 60 * DAY_S
        assert publish(house, yusuf, "offer", category="groceries").expires_at == NOW + 20 * DAY_S

    def test_the_same_request_again_finds_the_same_listing(self, house, monique):
        first = publish(house, monique, key="key-00000001")
        again, new = house.publishing.publish(
            "need", a_draft(), by=monique, key="key-00000001", print_="print", now=NOW + 60
        )
        assert (again, new) == (first, False)
        assert house.tables.commits == 2

    def test_another_request_with_the_same_key_is_refused(self, house, monique, yusuf):
        first = publish(house, monique, key="key-00000001")
        with pytest.raises(Conflict, match="key_reused"):
            publish(house, monique, key="key-00000001", print_="other")
        assert publish(house, yusuf, key="key-00000001").id != first.id

    def test_every_fault_is_named_at_once(self, house, monique):
        past = Windows(dated=(Dated(date(2026, 2, 27), 600, 660),))
        with pytest.raises(Invalid) as refused:
            publish(
                house,
                monique,
                category="magic",
                place=ELSEWHERE,
                reach_m=10_001,
                needed_by=NOW,
                windows=past,
            )
        assert {(fault.pointer, fault.code) for fault in refused.value.faults} == {
            ("/category", "category_unknown"),
            ("/place", "outside_city"),
            ("/reach_m", "less_than_equal"),
            ("/needed_by", "in_the_past"),
            ("/windows/dated/0", "in_the_past"),
        }
        assert not list(house.tables.scan("listings"))

    def test_nobody_publishes_more_in_a_day_than_the_city_allows(self, house, monique):
        for _ in range(house.city.limits.listings_per_day):
            publish(house, monique)
        with pytest.raises(TooMany) as refused:
            publish(house, monique)
        midnight = (NOW // DAY_S + 1) * DAY_S
        assert refused.value.retry_after == midnight - NOW
        publish(house, monique, now=midnight)

    def test_what_is_needed_by_a_day_ends_then(self, house, monique):
        need = publish(house, monique, needed_by=NOW + 2 * DAY_S)
        assert (need.expires_at, need.remind_at) == (NOW + 2 * DAY_S, None)

    def test_an_edit_is_decided_on_the_version_that_stands(self, house, monique):
        need = publish(house, monique)
        edited = house.publishing.edit(
            need.id, a_draft(title="Autre chose"), by=monique.id, version=1, now=NOW
        )
        assert (edited.version, edited.draft.title) == (2, "Autre chose")
        assert house.board.fresh(NOW).get(need.id).title == "Autre chose"
        with pytest.raises(Stale):
            house.publishing.edit(need.id, a_draft(), by=monique.id, version=1, now=NOW)

    def test_an_edit_that_another_overtakes_is_stale(self, house, monique):
        need = publish(house, monique)
        listings = house.publishing.listings

        class Overtaken:
            def __getattr__(self, name):
                return getattr(listings, name)

            def save(self, listing, notices=()):
                listings.save(need.reminded())
                listings.save(listing, notices)

        publishing = replace(house.publishing, listings=Overtaken())
        with pytest.raises(Stale) as stale:
            publishing.edit(need.id, a_draft(), by=monique.id, version=1, now=NOW)
        assert stale.value.values == {"version": 2}

    def test_an_edit_ends_when_it_did_unless_it_is_needed_by_another_day(self, house, monique):
        need = publish(house, monique)
        later = NOW + DAY_S
        same = house.publishing.edit(need.id, a_draft(title="Autre"), by=monique.id, version=1, now=later)
        assert (same.expires_at, same.remind_at) == (need.expires_at, need.remind_at)
        sooner = a_draft(needed_by=NOW + 5 * DAY_S)
        sooner = house.publishing.edit(need.id, sooner, by=monique.id, version=2, now=later)
        assert (sooner.expires_at, sooner.remind_at) == (NOW + 5 * DAY_S, None)  # the day they named
        open_end = house.publishing.edit(need.id, a_draft(), by=monique.id, version=3, now=later)
        assert open_end.expires_at == later + 14 * DAY_S

    def test_an_edit_is_checked_like_a_new_listing_and_only_by_its_author(self, house, monique, yusuf):
        need = publish(house, monique)
        with pytest.raises(Invalid):
            house.publishing.edit(need.id, a_draft(place=ELSEWHERE), by=monique.id, version=1, now=NOW)
        with pytest.raises(NotAllowed):
            house.publishing.edit(need.id, a_draft(), by=yusuf.id, version=1, now=NOW)
        with pytest.raises(NotFound):
            house.publishing.edit(an_id("none"), a_draft(), by=yusuf.id, version=1, now=NOW)

    @pytest.mark.parametrize("act", ["withdraw", "renew"])
    def test_a_change_is_made_once_a_key(self, house, monique, act):
        need, key, change = publish(house, monique), new_key(), getattr(house.publishing, act)
        first = change(need.id, by=monique.id, key=key, now=NOW + 1)
        assert change(need.id, by=monique.id, key=key, now=NOW + 2) == first
        assert first.version == 2
        with pytest.raises(Conflict, match="key_reused"):
            house.publishing.fulfil(need.id, "helped_here", by=monique.id, key=key, now=NOW)

    def test_what_is_over_leaves_the_board(self, house, monique):
        gone, done = publish(house, monique), publish(house, monique)
        house.publishing.withdraw(gone.id, by=monique.id, key=new_key(), now=NOW)
        told = house.publishing.fulfil(done.id, "helped_elsewhere", by=monique.id, key=new_key(), now=NOW)
        assert told.outcome == "helped_elsewhere"
        assert len(house.board.fresh(NOW)) == 0

    def test_renewing_begins_another_lifetime_also_after_the_end(self, house, monique):
        need = publish(house, monique)
        late = need.expires_at + DAY_S
        house.publishing.expire_due(late)
        again = house.publishing.renew(need.id, by=monique.id, key=new_key(), now=late)
        assert (again.state, again.expires_at) == ("open", late + 14 * DAY_S)

    def test_what_was_needed_by_a_day_gone_by_is_not_renewed(self, house, monique):
        need = publish(house, monique, needed_by=NOW + DAY_S)
        with pytest.raises(Conflict, match="listing_past"):
            house.publishing.renew(need.id, by=monique.id, key=new_key(), now=NOW + DAY_S)


class TestModeration:
    def test_what_is_read_first_is_held_and_nobody_sees_it(self, house, monique):
        held = publish(reading(house), monique)
        assert held.state == "held"
        assert len(house.board.fresh(NOW)) == 0
        assert house.desk.held() == [held]

    def test_released_it_is_open_and_its_author_told_once(self, house, monique):
        held, key = publish(reading(house), monique), new_key()
        released, notices = house.desk.release(held.id, key=key, now=NOW + DAY_S)
        assert (released.state, released.expires_at) == ("open", NOW + 15 * DAY_S)
        assert [each.template for each in notices] == ["listing_released"]
        assert house.desk.release(held.id, key=key, now=NOW + DAY_S) == (released, ())
        assert house.board.fresh(NOW).get(held.id) is not None
        with pytest.raises(Conflict, match="listing_not_held"):
            house.desk.refuse(held.id, "no", key=new_key(), now=NOW)

    def test_refused_its_author_is_told_why_and_it_is_over(self, house, monique):
        held = publish(reading(house), monique)
        refused, (mail,) = house.desk.refuse(held.id, "Une publicité", key=new_key(), now=NOW)
        assert (refused.state, refused.refusal, mail.values["reason"]) == ("refused", *["Une publicité"] * 2)
        with pytest.raises(Conflict):
            house.publishing.renew(held.id, by=monique.id, key=new_key(), now=NOW)

    def test_an_edit_where_things_are_read_first_is_read_again(self, house, monique):
        need = publish(house, monique)
        edited = reading(house) and replace(house.publishing, city=house.city).edit(
            need.id, a_draft(), by=monique.id, version=1, now=NOW
        )
        assert edited.state == "held"
        assert len(house.board.fresh(NOW)) == 0


class TestTheEndOfAListing:
    def test_its_author_is_reminded_once_and_told_of_the_end_once(self, house, monique):
        need = publish(house, monique)
        for at in range(NOW, need.expires_at + 2 * DAY_S, DAY_S // 2):
            house.publishing.remind_due(at)
            house.publishing.expire_due(at)
        assert [each.template for each in sorted(owed(house), key=lambda each: each.made_at)] == [
            "listing_ending",
            "listing_expired",
        ]
        assert house.publishing.get(need.id).state == "expired"

    def test_a_reminder_that_comes_too_late_is_the_end(self, house, monique):
        need = publish(house, monique)
        house.publishing.remind_due(need.expires_at + 5)
        assert [each.template for each in owed(house)] == ["listing_expired"]

    def test_each_lifetime_has_its_own_reminder(self, house, monique):
        need = publish(house, monique)
        house.publishing.remind_due(need.remind_at)
        again = house.publishing.renew(need.id, by=monique.id, key=new_key(), now=need.remind_at + 1)
        house.publishing.remind_due(again.remind_at)
        assert len(owed(house, "listing_ending")) == 2

    def test_a_round_that_another_change_overtakes_does_it_all_the_same(self, house, monique):
        need = publish(house, monique)
        listings, overtaken = house.publishing.listings, []

        class Overtaken:
            def __getattr__(self, name):
                return getattr(listings, name)

            def save(self, listing, notices=()):
                if not overtaken:
                    overtaken.append(listings.save(need.taken(NOW)))
                listings.save(listing, notices)

        late = need.expires_at + 30 * DAY_S
        publishing = replace(house.publishing, listings=Overtaken())
        assert publishing.remind_due(late) == Round(done=1)
        assert house.publishing.get(need.id).state == "expired"

    def test_what_is_over_is_forgotten_in_time(self, house, monique):
        need = publish(house, monique)
        house.publishing.withdraw(need.id, by=monique.id, key=new_key(), now=NOW)
        assert house.publishing.purge_due(NOW + KEPT_S - HOUR_S).done == 0
        assert house.publishing.purge_due(NOW + KEPT_S).done == 1
        with pytest.raises(NotFound):
            house.publishing.get(need.id)


def yes(house, told, by=None):
    by = by or told.match.person_on(told.match.answerer)
    return house.matching.accept(told.match.id, by=by, answer="", key=new_key(), now=NOW)


class TestMatching:
    @pytest.fixture
    def need(self, house, monique):
        return publish(house, monique)

    @pytest.fixture
    def offer(self, house, yusuf):
        return publish(house, yusuf, "offer", capacity=2)

    @pytest.fixture
    def asked(self, house, need, offer, monique):
        return house.matching.propose(
            need.id, offer.id, by=monique, message="Mardi ?", key="key-00000001", now=NOW
        )

    def test_a_seeker_asks_and_the_helper_is_owed_a_mail(self, house, asked, yusuf):
        match, (mail,) = asked
        assert (match.state, match.proposer, match.due_at) == ("proposed", "seeker", NOW + 48 * HOUR_S)
        assert (mail.template, mail.to, mail.values["message"]) == ("asked_to_help", yusuf.id, "Mardi ?")
        assert house.people.get(yusuf.id).asked == (NOW,)
        assert sum(match.terms.values()) > 0

    def test_a_helper_comes_forward_and_is_not_counted_as_asked(self, house, need, offer, yusuf, monique):
        match, (mail,) = house.matching.propose(
            need.id, offer.id, by=yusuf, message="", key=new_key(), now=NOW
        )
        assert (match.proposer, match.answerer) == ("helper", "seeker")
        assert (mail.template, mail.to) == ("offered_help", monique.id)
        assert house.people.get(yusuf.id).asked == ()
        assert house.matching.accept(match.id, by=monique.id, answer="", key=new_key(), now=NOW).match

    def test_asking_twice_is_asking_once(self, house, asked, need, offer, monique, yusuf):
        again = house.matching.propose(
            need.id, offer.id, by=monique, message="Mardi ?", key="key-00000001", now=NOW
        )
        assert again == (asked.match, ())
        for by in (monique, yusuf):
            with pytest.raises(Conflict, match="already_asked"):
                house.matching.propose(need.id, offer.id, by=by, message="", key=new_key(), now=NOW)
        assert len(owed(house)) == 1

    def test_a_proposal_is_refused_that_cannot_be(self, house, need, offer, monique, yusuf):
        def propose(need_id, offer_id, by, now=NOW):
            house.matching.propose(need_id, offer_id, by=by, message="", key=new_key(), now=now)

        with pytest.raises(NotAllowed, match="not_yours"):
            propose(need.id, offer.id, a_person("stranger"))
        with pytest.raises(NotFound):
            propose(offer.id, need.id, monique)
        with pytest.raises(Conflict, match="own_listing"):
            propose(need.id, publish(house, monique, "offer").id, monique)
        with pytest.raises(Conflict, match="other_category"):
            propose(need.id, publish(house, yusuf, "offer", category="pets").id, monique)
        with pytest.raises(Conflict, match="listing_not_open"):
            propose(need.id, offer.id, monique, need.expires_at)
        people.change(house.people, yusuf, {"paused_until": NOW + 1}, version=1)
        with pytest.raises(Conflict, match="helper_paused"):
            propose(need.id, offer.id, monique)
        assert not owed(house)

    def test_a_helper_is_asked_as_often_as_they_chose_and_a_seeker_asks_so_often_a_day(
        self, house, offer, monique, yusuf
    ):
        for _ in range(3):
            need = publish(house, monique)
            house.matching.propose(need.id, offer.id, by=monique, message="", key=new_key(), now=NOW)
        need = publish(house, monique)
        with pytest.raises(Conflict, match="helper_asked_enough"):
            house.matching.propose(need.id, offer.id, by=monique, message="", key=new_key(), now=NOW)
        often = {"asks_per_week": 50, "asks_per_season": 200}
        people.change(house.people, house.people.get(yusuf.id), often, version=4)
        limit = house.city.limits.proposals_per_day
        offers = [publish(house, yusuf, "offer") for _ in range(limit - 3)]
        for each in offers:
            house.matching.propose(need.id, each.id, by=monique, message="", key=new_key(), now=NOW)
        with pytest.raises(TooMany):
            house.matching.propose(need.id, offer.id, by=monique, message="", key=new_key(), now=NOW)

    def test_a_yes_takes_a_place_on_both_and_tells_both(self, house, asked, need, offer, monique, yusuf):
        match, mails = house.matching.accept(
            asked.match.id, by=yusuf.id, answer="D'accord", key="key-00000002", now=NOW
        )
        assert match.state == "accepted"
        assert house.publishing.get(need.id).shown_state(NOW) == "matched"
        assert house.publishing.get(offer.id).left == 1
        assert {(mail.to, mail.values["message"]) for mail in mails} == {
            (monique.id, "D'accord"),
            (yusuf.id, "Mardi ?"),
        }
        assert [mail.pace for mail in mails if mail.to == yusuf.id] == ["calm"]
        again = house.matching.accept(
            asked.match.id, by=yusuf.id, answer="D'accord", key="key-00000002", now=NOW
        )
        assert again == (match, ())
        assert house.publishing.get(offer.id).left == 1

    @pytest.mark.parametrize("exchange", ["direct", "confirmed"])
    def test_who_says_yes_by_the_link_of_a_mail_has_that_mail_and_needs_no_other(
        self, house, asked, exchange
    ):
        house.__dict__["city"] = replace(house.city, exchange=exchange)
        said = {"by": asked.match.helper, "answer": "", "key": new_key(), "now": NOW}
        _, mails = house.matching.accept(asked.match.id, linked=True, **said)
        paces = {mail.to: mail.pace for mail in mails}
        assert paces[asked.match.helper] == "along"
        assert paces[asked.match.seeker] in ("urgent", "soon")

    def test_a_yes_to_a_need_that_is_over_takes_nothing_and_says_why(self, house, need, asked, monique):
        house.publishing.withdraw(need.id, by=monique.id, key=new_key(), now=NOW)
        with pytest.raises(Conflict, match="need_over"):
            yes(house, asked)
        assert house.matching.get(asked.match.id, by=asked.match.helper).match == asked.match

    def test_a_seeker_who_says_yes_to_more_than_they_need_is_told_so(self, house, need, asked, yusuf):
        other = publish(house, yusuf, "offer")
        rival = house.matching.propose(need.id, other.id, by=yusuf, message="", key=new_key(), now=NOW)
        yes(house, asked)
        with pytest.raises(Conflict, match="listing_full"):
            yes(house, rival, by=need.author)

    def test_a_no_is_told_to_who_asked(self, house, asked, monique, yusuf):
        match, (mail,) = house.matching.decline(
            asked.match.id, "no_time", by=yusuf.id, key=new_key(), now=NOW
        )
        assert (match.state, mail.to, mail.values["reason"]) == ("declined", monique.id, "no_time")
        assert mail.template == "match_declined"

    @pytest.mark.parametrize(("by", "told"), [("monique", "yusuf"), ("yusuf", "monique")])
    def test_a_cancelled_match_gives_both_places_back_and_tells_the_other(
        self, house, asked, need, offer, by, told
    ):
        house.matching.accept(asked.match.id, by=an_id("yusuf"), answer="", key=new_key(), now=NOW)
        match, (mail,) = house.matching.cancel(
            asked.match.id, "no_longer_able", by=an_id(by), key=new_key(), now=NOW
        )
        assert (match.state, mail.to) == ("cancelled", an_id(told))
        assert (house.publishing.get(need.id).left, house.publishing.get(offer.id).left) == (1, 2)

    def test_a_proposal_taken_back_gives_back_nothing_it_had_not_taken(self, house, asked, need, monique):
        house.matching.cancel(asked.match.id, "other", by=monique.id, key=new_key(), now=NOW)
        assert house.publishing.get(need.id) == need

    def test_a_cancelled_match_frees_its_places_even_when_a_listing_is_over(
        self, house, asked, offer, need, monique, yusuf
    ):
        house.matching.accept(asked.match.id, by=yusuf.id, answer="", key=new_key(), now=NOW)
        house.publishing.withdraw(need.id, by=monique.id, key=new_key(), now=NOW)
        house.matching.cancel(asked.match.id, "no_answer", by=yusuf.id, key=new_key(), now=NOW)
        assert house.publishing.get(offer.id).left == 2
        assert house.publishing.get(need.id).state == "withdrawn"

    def test_what_nobody_answers_lapses_and_only_who_asked_is_told(self, house, asked, monique, yusuf):
        due = asked.match.due_at
        assert house.matching.tend_due(due - 1) == Round()
        assert house.matching.tend_due(due) == Round(done=1)
        assert house.matching.tend_due(due + 9) == Round()
        (mail,) = owed(house, "match_lapsed")
        assert mail.to == monique.id

    @pytest.mark.parametrize("somebody_came_by", [True, False])
    def test_a_yes_after_the_time_is_welcome_while_help_is_wanted(
        self, house, asked, need, yusuf, somebody_came_by
    ):
        late = asked.match.due_at + 9
        if somebody_came_by:
            house.matching.tend_due(late)
        told = house.matching.accept(asked.match.id, by=yusuf.id, answer="", key=new_key(), now=late)
        assert told.match.state == "accepted"
        assert house.publishing.get(need.id).left == 0
        assert house.matching.tend_due(late) == Round()

    def test_a_yes_after_the_time_does_not_cross_a_block(self, house, asked, monique, yusuf):
        late = asked.match.due_at + 9
        house.matching.tend_due(late)
        house.matching.block(asked.match.id, by=monique.id, key=new_key(), now=late)
        with pytest.raises(Conflict, match="not_available"):
            house.matching.accept(asked.match.id, by=yusuf.id, answer="", key=new_key(), now=late)

    def test_both_are_asked_how_it_went_and_a_silent_match_is_done_in_time(self, house, asked, yusuf):
        match = house.matching.accept(asked.match.id, by=yusuf.id, answer="", key=new_key(), now=NOW).match
        house.matching.tend_due(match.due_at)
        assert len(owed(house, "how_did_it_go")) == 2
        house.matching.tend_due(match.due_at + matches.DONE_S)
        assert house.matching.get(match.id, by=yusuf.id).match.state == "done"
        house.matching.purge_due(match.due_at + matches.DONE_S + matches.KEPT_S)
        with pytest.raises(NotFound):
            house.matching.get(match.id, by=yusuf.id)

    def test_both_say_how_it_went(self, house, asked, monique, yusuf):
        house.matching.accept(asked.match.id, by=yusuf.id, answer="", key=new_key(), now=NOW)
        for person in (monique, yusuf):
            told = house.matching.tell(asked.match.id, "went_well", by=person.id, key=new_key(), now=NOW)
        assert told.match.state == "done"
        assert told.notices == ()

    def test_to_anybody_else_the_match_does_not_exist(self, house, asked):
        for match_id in (asked.match.id, "nonsense", f"{an_id('a')}-{an_id('b')}"):
            with pytest.raises(NotFound):
                house.matching.get(match_id, by=an_id("stranger"))

    def test_ones_matches_come_newest_first_each_once(self, house, monique, yusuf):
        made = []
        for person in (monique, yusuf):
            people.change(house.people, person, {"asks_per_week": 50, "asks_per_season": 200}, version=1)
        for number in range(7):
            need = publish(house, monique if number % 2 else yusuf)
            offer = publish(house, yusuf if number % 2 else monique, "offer")
            told = house.matching.propose(
                need.id, offer.id, by=yusuf, message="", key=new_key(), now=NOW + number // 2
            )
            made.append(told.match)
        seen, before = [], None
        while True:
            page, before = house.matching.of_person(monique.id, None, before=before, limit=2)
            seen += page
            if before is None:
                break
        assert seen == sorted(made, key=lambda match: match.made_key, reverse=True)
        helping, _ = house.matching.of_person(monique.id, "helper", before=None, limit=50)
        assert {match.id for match in helping} == {match.id for match in made if match.helper == monique.id}

    def test_candidates_are_only_for_what_stands_and_has_a_place(self, house, asked, need, offer, yusuf):
        best, *_ = house.matching.candidates(need, house.board, limit=5, now=NOW)
        assert best.card.id == offer.id
        with pytest.raises(Conflict, match="listing_not_open"):
            house.matching.candidates(need, house.board, limit=5, now=need.expires_at)
        house.matching.accept(asked.match.id, by=yusuf.id, answer="", key=new_key(), now=NOW)
        with pytest.raises(Conflict, match="listing_full"):
            house.matching.candidates(house.publishing.get(need.id), house.board, limit=5, now=NOW)


class TestSending:
    def given(self, house, *failures, template="match_declined", to="yusuf"):
        house.__dict__["mailer"] = Failing(*failures)
        need = publish(house, house.people.get(an_id("monique")))
        said = {"title": need.draft.title}
        mail = notice(template, an_id(to), f"{need.id}-{need.id}", NOW, values=said, pace="prompt")
        house.publishing.listings.save(need.reminded(), (mail,))
        return mail

    def test_a_mail_goes_once_however_often_it_is_sent(self, house, monique, yusuf):
        mail = self.given(house)
        for _ in range(3):
            house.dispatcher.send_now([mail], NOW)
            house.dispatcher.send_due(NOW + 9)
        assert [each.to for each, _ in house.mailer.mails] == [yusuf.email]
        sent = house.dispatcher.outbox.get(mail.id)
        assert (sent.state, sent.provider_id) == ("sent", "provider-1")

    @pytest.mark.parametrize(
        ("failure", "state", "wait", "tries"),
        [(Throttled(), "waiting", THROTTLE_S, 0), (NotSent(), "waiting", RETRY_S, 1)],
    )
    def test_what_was_not_sent_is_sent_later(self, house, monique, yusuf, failure, state, wait, tries):
        mail = self.given(house, failure)
        house.dispatcher.send_due(NOW)
        standing = house.dispatcher.outbox.get(mail.id)
        assert (standing.state, standing.due_at, standing.attempts) == (state, NOW + wait, tries)
        assert house.dispatcher.send_due(NOW + wait - 1).done == 0
        house.dispatcher.send_due(NOW + wait)
        assert len(house.mailer.mails) == 1

    def test_what_the_provider_refuses_is_parked_and_never_tried_again(self, house, monique, yusuf):
        mail = self.given(house, Refused())
        for at in (NOW, NOW + DAY_S):
            house.dispatcher.send_due(at)
        assert house.dispatcher.outbox.get(mail.id).state == "parked"
        assert not house.mailer.mails

    def test_what_fails_all_along_is_parked_after_four_hours(self, house, monique, yusuf):
        mail = self.given(house, *[NotSent()] * 60)
        for number in range(60):
            house.dispatcher.send_due(NOW + number * RETRY_S)
        standing = house.dispatcher.outbox.get(mail.id)
        assert (standing.state, standing.attempts) == ("parked", MOST_ATTEMPTS)
        assert len(house.mailer.failures) == 60 - MOST_ATTEMPTS

    def test_an_answer_that_was_lost_is_settled_by_the_providers_word(self, house, monique, yusuf):
        mail = self.given(house, AnswerLost())
        house.dispatcher.send_due(NOW)
        assert house.dispatcher.outbox.get(mail.id).state == "unsure"
        people.take_mail_event(
            house.people, house.dispatcher, MailEvent("sent", mail.id, "provider-9"), NOW + 5
        )
        house.dispatcher.send_due(NOW + SETTLE_S)
        assert house.dispatcher.outbox.get(mail.id).provider_id == "provider-9"
        assert not house.mailer.mails

    def test_an_answer_that_was_lost_without_a_word_is_sent_again(self, house, monique, yusuf):
        mail = self.given(house, AnswerLost())
        house.dispatcher.send_due(NOW)
        assert house.dispatcher.send_due(NOW + SETTLE_S - 1).done == 0
        house.dispatcher.send_due(NOW + SETTLE_S)
        assert house.dispatcher.outbox.get(mail.id).state == "sent"
        assert len(house.mailer.mails) == 1

    def test_a_sender_that_died_is_taken_for_one_whose_answer_was_lost(self, house, monique, yusuf):
        mail = self.given(house)
        outbox = house.dispatcher.outbox
        outbox.save(outbox.get(mail.id).claimed(NOW))
        with pytest.raises(Conflict, match="notice_not_due"):
            house.dispatcher.send(mail.id, NOW + LEASE_S - 1)
        assert house.dispatcher.send(mail.id, NOW + LEASE_S).state == "unsure"
        assert house.dispatcher.send(mail.id, NOW + LEASE_S + SETTLE_S).state == "sent"

    def test_two_senders_at_once_send_one_mail(self, house, monique, yusuf):
        mail = self.given(house)
        outbox = house.dispatcher.outbox
        old = outbox.get(mail.id)
        outbox.save(old.claimed(NOW))
        with pytest.raises(Conflict, match="notice_taken"):
            outbox.save(old.claimed(NOW))

    def test_nobody_is_woken(self, house, monique, yusuf):
        people.change(house.people, yusuf, {"quiet": Quiet(9 * 60, 11 * 60)}, version=1)
        mail = self.given(house)
        house.dispatcher.send_due(NOW)
        standing = house.dispatcher.outbox.get(mail.id)
        assert (standing.state, standing.due_at) == ("waiting", NOW + HOUR_S)
        house.dispatcher.send_due(NOW + HOUR_S)
        assert len(house.mailer.mails) == 1

    def test_what_was_switched_off_is_dropped_and_what_was_not_is_sent(self, house, monique, yusuf):
        people.mute(house.people, yusuf.id, ["answered"])
        people.mute(house.people, yusuf.id, ["answered"])
        assert house.people.get(yusuf.id).version == 2
        answered = self.given(house)
        asked = self.given(house, template="asked_to_help")
        for at in (NOW, NOW + 9):
            house.dispatcher.send_due(at)
        assert house.dispatcher.outbox.get(answered.id).state == "dropped"
        assert house.dispatcher.outbox.get(asked.id).state == "sent"

    @pytest.mark.parametrize("why", ["bounced", "complained"])
    def test_an_address_that_refuses_us_is_left_alone(self, house, monique, yusuf, why):
        mail = self.given(house)
        house.dispatcher.send_due(NOW)
        event = MailEvent(why, mail.id, "provider-1")
        for _ in range(2):
            people.take_mail_event(house.people, house.dispatcher, event, NOW + 60)
        assert house.people.get(yusuf.id).mail == why
        assert house.people.get(yusuf.id).version == 2
        after = self.given(house)
        house.dispatcher.send_due(NOW + 61)
        assert house.dispatcher.outbox.get(after.id).state == "dropped"

    def test_a_word_about_a_mail_we_do_not_know_is_nothing(self, house):
        people.take_mail_event(house.people, house.dispatcher, None, NOW)
        people.take_mail_event(house.people, house.dispatcher, MailEvent("bounced", an_id("none"), ""), NOW)

    def test_what_went_is_forgotten_in_time(self, house, monique, yusuf):
        mail = self.given(house)
        house.dispatcher.send_due(NOW)
        due = house.dispatcher.outbox.get(mail.id).due_at
        assert house.dispatcher.purge(due - HOUR_S).done == 0
        assert house.dispatcher.purge(due).done == 1
        assert house.dispatcher.outbox.get(mail.id) is None


class TestTheDoor:
    def start(self, house, key="key-00000001", email="monique@example.org", now=NOW):
        return house.door.start(email, language="fr", ip="192.0.2.1", key=key, now=now)[0]

    def test_a_link_and_a_code_of_one_attempt_open_one_session(self, house):
        attempt = self.start(house)
        token = f"{attempt.id}.{house.door.link_secret(attempt.id)}"
        opened = house.door.open_by_link(token, key="key-00000002", now=NOW)
        assert house.door.who(opened.token, now=NOW)[0] == opened.person
        assert house.door.open_by_link(token, key="key-00000002", now=NOW + 5).token == opened.token
        with pytest.raises(NotSignedIn, match="sign_in_used"):
            house.door.open_by_code(attempt.id, house.door.code(attempt.id), key="key-00000003", now=NOW)

    def test_the_account_begins_with_the_first_session_and_is_the_same_ever_after(self, house):
        persons = []
        for key in ("key-00000001", "key-00000002"):
            attempt = self.start(house, key)
            opened = house.door.open_by_code(attempt.id, house.door.code(attempt.id), key=key, now=NOW)
            persons.append(opened.person)
        assert persons[0] == persons[1]
        assert persons[0].languages == ("fr",)

    def test_asking_again_with_the_same_key_owes_no_second_mail(self, house):
        assert self.start(house) == self.start(house, now=NOW + 5)
        assert len(owed(house)) == 1

    def test_an_address_gets_so_many_mails_an_hour(self, house):
        for number in range(house.city.limits.sign_in_mails_per_hour):
            self.start(house, f"key-{number:08d}")
        with pytest.raises(TooMany) as refused:
            self.start(house, "key-99999999")
        self.start(house, "key-99999999", now=NOW + refused.value.retry_after)
        self.start(house, "key-99999999", email="yusuf@example.org")

    @pytest.mark.parametrize("at", [LINK_S, LINK_S + 1])
    def test_after_a_quarter_of_an_hour_neither_opens_anything(self, house, at):
        attempt = self.start(house)
        token = f"{attempt.id}.{house.door.link_secret(attempt.id)}"
        with pytest.raises(NotSignedIn, match="sign_in_expired"):
            house.door.open_by_link(token, key=new_key(), now=NOW + at)
        with pytest.raises(NotSignedIn, match="sign_in_expired"):
            house.door.open_by_code(attempt.id, house.door.code(attempt.id), key=new_key(), now=NOW + at)

    def test_five_wrong_codes_lock_the_right_one(self, house):
        attempt = self.start(house)
        right = house.door.code(attempt.id)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        for _ in range(5):
            with pytest.raises(NotSignedIn, match="code_wrong"):
                house.door.open_by_code(attempt.id, wrong, key=new_key(), now=NOW)
        with pytest.raises(NotSignedIn, match="code_locked"):
            house.door.open_by_code(attempt.id, right, key=new_key(), now=NOW)

    @pytest.mark.parametrize("token", ["", ".", "x.y", f"{an_id('none')}.secret", f"{an_id('none')}."])
    def test_a_made_up_token_opens_nothing(self, house, token):
        with pytest.raises(NotSignedIn):
            house.door.open_by_link(token, key=new_key(), now=NOW)
        with pytest.raises(NotSignedIn, match="session_over"):
            house.door.who(token, now=NOW)

    def test_signing_out_ends_one_session_or_all(self, house):
        sessions = []
        for number in range(3):
            attempt = self.start(house, f"key-{number:08d}")
            token = f"{attempt.id}.{house.door.link_secret(attempt.id)}"
            sessions.append(house.door.open_by_link(token, key=new_key(), now=NOW))
        one, *others = sessions
        house.door.leave(one.session)
        with pytest.raises(NotSignedIn):
            house.door.who(one.token, now=NOW)
        assert all(house.door.who(each.token, now=NOW) for each in others)
        people.leave_everywhere(house.people, others[0].session)
        for each in others:
            with pytest.raises(NotSignedIn):
                house.door.who(each.token, now=NOW)

    def test_signing_out_everywhere_again_ends_no_session_begun_since(self, house):
        attempts = [self.start(house, f"key-{number:08d}") for number in range(2)]
        tokens = [f"{attempt.id}.{house.door.link_secret(attempt.id)}" for attempt in attempts]
        old = house.door.open_by_link(tokens[0], key=new_key(), now=NOW)
        people.leave_everywhere(house.people, old.session)
        begun = house.door.open_by_link(tokens[1], key=new_key(), now=NOW)
        people.leave_everywhere(house.people, old.session)  # sent again by whoever got no answer
        person, _ = house.door.who(begun.token, now=NOW)
        assert person.epoch == 1

    def test_a_stale_change_of_oneself_is_refused(self, house, monique):
        changed = people.change(house.people, monique, {"name": "Momo"}, version=1)
        assert changed.name == house.people.get(monique.id).name == "Momo"
        for person, version in ((changed, 1), (monique, 1)):
            with pytest.raises(Stale):
                people.change(house.people, person, {"name": "Other"}, version=version)
