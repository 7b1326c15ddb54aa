"""Who is brought together and who is not: blocks, queues, and what a coordinator decides."""

from dataclasses import replace

import pytest

from chalicelib.board.dynamodb import DynamoChangeLog
from chalicelib.board.service import LiveBoard
from chalicelib.errors import Conflict, NotFound
from chalicelib.listings.model import DAY_S
from chalicelib.matching import ranking
from chalicelib.matching.model import CONFIRM_S, FOLLOW_UP_S, LOOK_S
from chalicelib.notices.dynamodb import _notice
from chalicelib.people import service as people
from chalicelib.people.dynamodb import _item as person_item
from chalicelib.people.model import MOST_BLOCKS, Block, read_helper
from tests.samples import HOUR_S, NOW, a_draft, a_house, a_person, an_id, new_key, settle

HELPERS = ("yusuf", "ana", "karl", "lea")


class Town:
    """Monique's need, and the offers of those who may help her, each asked."""

    def __init__(self, *, capacity=1, exchange="direct", category="groceries"):
        self.house = a_house()
        self.house.__dict__["city"] = replace(self.house.city, exchange=exchange)
        self.now, self.category = NOW, category
        self.monique = settle(self.house, a_person("monique"))
        self.helpers = {name: settle(self.house, a_person(name)) for name in HELPERS}
        self.need = self.publish("need", self.monique, capacity=capacity)
        self.offers = {name: self.publish("offer", who) for name, who in self.helpers.items()}
        self.asked = {name: self.ask(name) for name in HELPERS}

    def publish(self, kind, by, **said):
        draft = a_draft(category=self.category, **said)
        return self.house.publishing.publish(kind, draft, by=by, key=new_key(), print_="print", now=self.now)[
            0
        ].id

    def ask(self, name, *, need=None, offer=None):
        matching, monique = self.house.matching, self.person("monique")
        pair = need or self.need, offer or self.offers[name]
        return matching.propose(*pair, by=monique, message="", key=new_key(), now=self.now).match.id

    def yes(self, name, match=None, **more):
        by = an_id(name)
        match = match or self.asked[name]
        said = {"answer": "Samedi", "key": new_key(), "now": self.now, **more}
        return self.house.matching.accept(match, by=by, **said)

    def cancel(self, name, by=None, **more):
        said = {"by": an_id(by or name), "key": new_key(), "now": self.now, **more}
        return self.house.matching.cancel(self.asked[name], "other", **said)

    def block(self, name, by="monique", **more):
        said = {"by": an_id(by), "key": new_key(), "now": self.now, **more}
        return self.house.matching.block(self.asked[name], **said)

    def tick(self, **turn):
        self.now += sum({"hours": HOUR_S, "days": DAY_S}[unit] * many for unit, many in turn.items())
        assert self.house.matching.tend_due(self.now).failed == 0

    def person(self, name):
        return self.house.people.get(an_id(name))

    def match(self, name):
        return self.house.matching.get(self.asked[name], by=an_id(name)).match

    def states(self):
        return [self.match(name).state for name in HELPERS]

    def places(self):
        return {name: self.house.publishing.get(offer).left for name, offer in self.offers.items()}

    def left(self):
        return self.house.publishing.get(self.need).left

    def mails(self, template):
        notices = map(_notice, self.house.tables.scan("notices"))
        return [notice for notice in notices if notice.template == template]


@pytest.fixture
def town():
    return Town()


def before_the_next_commit(monkeypatch, town, act):
    """Let somebody else act, once, between what the next change has read and what it writes."""
    commit = town.house.tables.commit

    def commit_late(writes):
        monkeypatch.setattr(town.house.tables, "commit", commit)
        act()
        commit(writes)

    monkeypatch.setattr(town.house.tables, "commit", commit_late)


# Queues


def test_who_is_late_is_queued_and_no_place_of_theirs_is_taken(town):
    town.yes("yusuf")
    assert (town.yes("ana").match.state, town.yes("karl").match.state) == ("queued", "queued")
    numbers = [town.house.matching.place_in_queue(town.match(name)) for name in HELPERS]
    assert numbers == [None, 1, 2, None]
    assert town.places() == {"yusuf": 0, "ana": 1, "karl": 1, "lea": 1}
    assert town.left() == 0


def test_who_says_yes_after_the_time_is_queued_behind_who_helps(town):
    town.yes("yusuf")
    town.tick(hours=49)
    assert town.match("ana").state == "lapsed"
    assert town.yes("ana").match.state == "queued"
    town.cancel("yusuf")
    assert town.match("ana").state == "proposed"


def test_a_second_yes_of_who_is_queued_changes_nothing(town):
    town.yes("yusuf")
    queued = town.yes("ana", key="the-same").match
    assert town.yes("ana", key="the-same").match == town.yes("ana").match == queued
    assert town.house.publishing.get(town.need).queue == 1


def test_a_place_that_becomes_free_calls_the_first_in_the_queue_in_the_same_transaction(town):
    for name in ("yusuf", "karl", "ana"):
        town.yes(name)
    commits = town.house.tables.commits
    told = town.cancel("yusuf")
    assert town.house.tables.commits == commits + 1
    assert [mail.template for mail in told.notices] == ["match_cancelled", "place_free"]
    assert told.notices[1].to == an_id("karl")
    called = town.match("karl")
    assert (called.state, called.due_at) == ("proposed", NOW + 48 * HOUR_S)
    assert town.match("ana").state == "queued"
    assert town.person("karl").asked == (NOW,)


@pytest.mark.parametrize(("category", "pace"), [("groceries", "prompt"), ("pharmacy", "urgent")])
def test_who_is_asked_or_called_is_told_at_once_when_the_category_is_urgent(category, pace):
    town = Town(category=category)
    for name in ("yusuf", "ana"):
        town.yes(name)
    town.cancel("yusuf")
    (called,) = town.mails("place_free")
    assert {mail.pace for mail in (*town.mails("asked_to_help"), called)} == {pace}


def test_a_cancellation_repeated_calls_nobody_more(town):
    for name in ("yusuf", "karl", "ana"):
        town.yes(name)
    for _ in range(3):
        town.cancel("yusuf", key="the-same")
    assert town.states() == ["cancelled", "queued", "proposed", "proposed"]
    assert len(town.mails("place_free")) == 1


def test_two_cancellations_call_two_and_one_calls_one():
    town = Town(capacity=2)
    for name in HELPERS:
        town.yes(name)
    town.cancel("yusuf", by="monique")
    assert town.states() == ["cancelled", "accepted", "proposed", "queued"]
    town.cancel("ana")
    assert town.states() == ["cancelled", "cancelled", "proposed", "proposed"]
    assert {mail.to for mail in town.mails("place_free")} == {an_id("karl"), an_id("lea")}


@pytest.mark.parametrize("how", ["decline", "cancel", "lapse"])
def test_a_call_that_is_not_answered_with_yes_goes_to_the_next(town, how):
    for name in ("yusuf", "karl", "ana"):
        town.yes(name)
    town.cancel("yusuf")
    if how == "decline":
        town.house.matching.decline(
            town.asked["karl"], "no_time", by=an_id("karl"), key=new_key(), now=town.now
        )
    elif how == "cancel":
        town.cancel("karl", by="monique")
    else:
        town.tick(days=2)
    assert town.match("ana").state == "proposed"
    assert town.yes("ana").match.state == "accepted"


def test_who_was_called_and_is_too_late_again_keeps_their_ticket(town):
    for name in ("yusuf", "karl", "ana"):
        town.yes(name)
    town.cancel("yusuf")
    assert town.yes("lea").match.state == "accepted"
    assert town.yes("karl").match.state == "queued"
    assert town.house.matching.place_in_queue(town.match("karl")) == 1
    town.cancel("lea")
    assert [mail.to for mail in town.mails("place_free")] == [an_id("karl")] * 2
    assert town.match("ana").state == "queued"


def test_who_cannot_come_is_passed_over_and_stays_in_the_queue(town):
    for name in ("yusuf", "karl", "ana"):
        town.yes(name)
    town.house.people.save(town.person("karl").changed(paused_until=NOW + DAY_S))
    town.cancel("yusuf")
    assert (town.match("karl").state, town.match("ana").state) == ("queued", "proposed")


def test_a_place_that_came_in_another_way_is_found_within_the_hour(town):
    town.yes("yusuf")
    town.yes("karl")
    need = town.house.publishing.get(town.need)
    town.house.publishing.edit(
        need.id, a_draft(capacity=2), by=need.author, version=need.version, now=town.now
    )
    town.tick(hours=1)
    assert town.match("karl").state == "proposed"
    assert town.yes("karl").match.state == "accepted"


@pytest.mark.parametrize("gone", ["of the need", "of the offer"])
def test_nobody_is_called_to_a_place_that_goes_between_the_look_and_the_writing(town, monkeypatch, gone):
    second = town.ask("karl", need=town.publish("need", town.monique))
    town.yes("yusuf")
    town.yes("karl")
    need = town.house.publishing.get(town.need)
    town.house.publishing.edit(
        need.id, a_draft(capacity=2), by=need.author, version=need.version, now=town.now
    )
    taken = {"of the need": lambda: town.yes("lea"), "of the offer": lambda: town.yes("karl", second)}
    before_the_next_commit(monkeypatch, town, taken[gone])
    town.tick(hours=1)
    assert (town.match("karl").state, town.mails("place_free")) == ("queued", [])


def test_a_queue_is_looked_at_every_hour_and_nothing_is_told_of_it(town):
    town.yes("yusuf")
    town.yes("karl")
    owed = len(town.house.tables._rows["notices"])
    town.tick(hours=7)
    assert town.match("karl").due_at == NOW + 7 * HOUR_S + LOOK_S
    assert town.match("karl").state == "queued"
    assert len(town.house.tables._rows["notices"]) == owed


def test_a_queue_ends_quietly_with_its_need(town):
    town.yes("yusuf")
    town.yes("karl")
    town.house.publishing.withdraw(town.need, by=an_id("monique"), key=new_key(), now=town.now)
    town.tick(hours=1)
    assert town.match("karl").state == "lapsed"
    assert town.mails("match_lapsed") == []


def test_a_queue_outlasts_a_look_of_a_moderator_at_its_need(town):
    for name in ("yusuf", "karl"):
        town.yes(name)
    city = town.house.city
    held = [replace(each, moderation="before") for each in city.categories]
    need = town.house.publishing.get(town.need)
    publishing = replace(town.house.publishing, city=replace(city, categories=tuple(held)))
    publishing.edit(need.id, a_draft(capacity=2), by=need.author, version=need.version, now=town.now)
    with pytest.raises(Conflict, match="listing_not_open"):
        town.yes("ana")
    town.tick(hours=1)
    assert town.match("karl").state == "queued"
    town.house.desk.release(need.id, key=new_key(), now=town.now)
    town.tick(hours=1)
    assert town.match("karl").state == "proposed"


def test_who_leaves_the_queue_leaves_it_quietly(town):
    town.yes("yusuf")
    town.yes("karl")
    assert town.cancel("karl").notices == ()
    town.cancel("yusuf")
    assert town.mails("place_free") == []


def test_who_has_no_place_left_themselves_is_told_so(town):
    other = town.publish("need", town.monique)
    second = town.ask("yusuf", need=other)
    town.yes("yusuf")
    with pytest.raises(Conflict, match="offer_full"):
        town.yes("yusuf", second)
    town.house.publishing.withdraw(town.offers["ana"], by=an_id("ana"), key=new_key(), now=town.now)
    with pytest.raises(Conflict, match="offer_over"):
        town.yes("ana")


def test_whose_own_place_goes_between_the_look_and_the_writing_is_told_so_and_not_queued(town, monkeypatch):
    second = town.ask("ana", need=town.publish("need", town.monique))
    town.yes("yusuf")
    before_the_next_commit(monkeypatch, town, lambda: town.yes("ana", second))
    with pytest.raises(Conflict, match="offer_full"):
        town.yes("ana")
    assert town.match("ana").state == "proposed"


@pytest.mark.parametrize("end", ["withdraw", "expire", "purge"])
def test_a_yes_to_a_need_that_is_over_gets_a_kind_word(town, end):
    if end == "withdraw":
        town.house.publishing.withdraw(town.need, by=an_id("monique"), key=new_key(), now=town.now)
    elif end == "expire":
        town.now += 14 * DAY_S
    else:
        del town.house.tables._rows["listings"][town.need,]
    with pytest.raises(Conflict, match="need_over"):
        town.yes("yusuf")


# Blocks


def test_a_block_ends_a_proposal_and_looks_like_any_cancelling(town):
    told = town.block("yusuf")
    assert (told.match.state, told.match.reason) == ("cancelled", "other")
    (mail,) = told.notices
    plain = town.cancel("ana", by="monique").notices[0]
    assert (mail.template, mail.to) == (plain.template, an_id("yusuf"))
    assert {**mail.values, "other": ""} == {**plain.values, "other": ""}


def test_a_block_repeated_is_one_block(town):
    town.block("yusuf", key="the-same")
    town.block("yusuf", key="the-same")
    town.block("yusuf")
    assert [block.person for block in town.person("monique").blocks] == [an_id("yusuf")]


@pytest.mark.parametrize("by", ["monique", "yusuf"])
@pytest.mark.parametrize("proposer", ["monique", "yusuf"])
def test_nobody_is_proposed_across_a_block_whoever_blocked(town, by, proposer):
    town.block("yusuf", by=by)
    need, offer = town.publish("need", town.monique), town.publish("offer", town.helpers["yusuf"])
    with pytest.raises(Conflict) as refused:
        town.house.matching.propose(
            need, offer, by=town.person(proposer), message="", key=new_key(), now=town.now
        )
    assert (refused.value.code, refused.value.values) == ("not_available", {})


@pytest.mark.parametrize("by", ["monique", "yusuf"])
def test_no_other_proposal_of_the_two_is_accepted_across_a_block(town, by):
    second = town.ask("yusuf", need=town.publish("need", town.monique))
    town.block("yusuf", by=by)
    with pytest.raises(Conflict, match="not_available"):
        town.yes("yusuf", second)


@pytest.mark.parametrize("by", ["monique", "yusuf"])
@pytest.mark.parametrize("what", ["yes", "ask", "come forward", "confirm"])
def test_a_block_made_between_the_look_and_the_writing_is_heeded(town, monkeypatch, what, by):
    need, offer = town.publish("need", town.monique), town.publish("offer", town.helpers["yusuf"])
    second = town.ask("yusuf", need=town.publish("need", town.monique))
    if what == "confirm":
        town.house.city = replace(town.house.city, exchange="confirmed")
        town.house.__dict__.pop("matching")
        town.yes("yusuf", second)

    def act():
        matching, asking = town.house.matching, town.person("yusuf" if what == "come forward" else "monique")
        if what == "yes":
            town.yes("yusuf", second)
        elif what == "confirm":
            town.house.coordination.confirm(second, by=an_id("c"), key=new_key(), now=NOW)
        else:
            matching.propose(need, offer, by=asking, message="", key=new_key(), now=NOW)

    before_the_next_commit(monkeypatch, town, lambda: town.block("yusuf", by=by))
    with pytest.raises(Conflict, match="not_available"):
        act()


@pytest.mark.parametrize("gone", ["monique", "yusuf"])
def test_a_yes_to_somebody_who_is_gone_gets_a_clear_word(town, gone):
    del town.house.tables._rows["people"][an_id(gone), "me"]
    with pytest.raises(Conflict, match="not_available"):
        town.yes("yusuf")
    assert town.states()[0] == "proposed"


def test_a_block_leaves_what_was_accepted_and_ends_what_waits():
    town = Town(exchange="confirmed")
    town.yes("yusuf")
    town.block("yusuf", by="yusuf")
    assert (town.match("yusuf").state, town.left(), town.places()["yusuf"]) == ("cancelled", 1, 1)
    direct = Town()
    direct.yes("yusuf")
    assert direct.block("yusuf").match.state == "accepted"
    assert direct.cancel("yusuf").match.state == "cancelled"


def test_who_is_blocked_is_not_called_from_the_queue(town):
    for name in ("yusuf", "karl", "ana"):
        town.yes(name)
    second = town.ask("karl", need=town.publish("need", town.monique))
    town.house.matching.block(second, by=an_id("karl"), key=new_key(), now=town.now)
    town.cancel("yusuf")
    assert (town.match("karl").state, town.match("ana").state) == ("queued", "proposed")


def candidates(town):
    listing = town.house.publishing.get(town.publish("need", town.monique))
    board = LiveBoard(DynamoChangeLog(town.house.tables, town.house.city.zone))
    found = town.house.matching.candidates(listing, board, limit=9, now=town.now)
    return {candidate.card.author for candidate in found}


@pytest.mark.parametrize("by", ["monique", "yusuf"])
def test_who_blocks_and_who_is_blocked_are_no_candidates_of_each_other(town, by):
    assert an_id("yusuf") in candidates(town)
    town.block("yusuf", by=by)
    assert candidates(town) == {an_id(name) for name in HELPERS if name != "yusuf"}


@pytest.mark.parametrize("by", ["monique", "yusuf"])
def test_a_new_function_knows_of_a_block_from_the_snapshot_alone(town, by):
    town.block("yusuf", by=by)
    town.house.board.save_snapshot(town.now)
    for key in [key for key in town.house.tables._rows["changes"] if key[0] == "log"]:
        del town.house.tables._rows["changes"][key]
    del town.house.tables._rows["people"][an_id(by), "me"]
    board = LiveBoard(DynamoChangeLog(town.house.tables, town.house.city.zone))
    board.fresh(town.now)
    other = {"monique": "yusuf", "yusuf": "monique"}[by]
    assert board.helper(an_id(by)).blocked == (an_id(other),)


def test_a_gate_that_asks_one_side_only_would_be_found(town, monkeypatch):
    monkeypatch.setattr(ranking, "kept_apart", lambda seeker, helper: helper.id in seeker.blocked)
    town.block("yusuf", by="yusuf")
    assert an_id("yusuf") in candidates(town)


def test_a_line_from_before_there_were_blocks_is_still_read():
    line = {"id": "a", "version": 2, "asked": [NOW], "asks_per_week": 3, "paused_until": None}
    read = read_helper({**line, "willing": ["meals"]})
    assert (read.asked, read.willing, read.blocked) == ((NOW,), ("meals",), ())


def test_a_block_is_listed_with_the_name_and_taken_back_by_its_id(town):
    town.block("yusuf")
    town.block("ana")
    (last, name), (first, _) = people.blocks(town.house.people, town.person("monique"))
    assert (name, last.match, first.at) == ("ana", town.asked["ana"], NOW)
    for _ in range(2):
        people.unblock(town.house.people, an_id("monique"), first.id_for(an_id("monique")))
    assert [block.person for block in town.person("monique").blocks] == [an_id("ana")]
    people.unblock(town.house.people, an_id("monique"), last.id_for(an_id("yusuf")))
    assert len(town.person("monique").blocks) == 1


def test_the_list_has_an_end_and_says_so(town):
    full = tuple(Block(an_id(f"somebody {n}"), "match", NOW) for n in range(MOST_BLOCKS))
    town.house.people.save(town.person("monique").changed(blocks=full))
    with pytest.raises(Conflict, match="blocks_full") as refused:
        town.block("yusuf")
    assert refused.value.values == {"most": MOST_BLOCKS}
    assert town.match("yusuf").state == "proposed"
    assert len(str(person_item(town.person("monique")))) < 100_000


# The coordinator's word


@pytest.fixture
def confirming():
    return Town(exchange="confirmed")


def decide(town, act, name, *more, key=None):
    by, key = an_id("entraide"), key or new_key()
    return getattr(town.house.coordination, act)(town.asked[name], *more, by=by, key=key, now=town.now)


def test_where_the_city_confirms_a_yes_takes_the_places_and_waits(confirming):
    told = confirming.yes("yusuf")
    assert told.match.state == "agreed"
    assert {(mail.template, mail.to) for mail in told.notices} == {
        ("match_agreed", an_id("monique")),
        ("match_agreed", an_id("yusuf")),
    }
    assert all("Samedi" not in mail.values.values() for mail in told.notices)
    assert (confirming.left(), confirming.places()["yusuf"]) == (0, 0)
    assert confirming.yes("ana").match.state == "queued"
    with pytest.raises(Conflict, match="match_not_proposed"):
        confirming.yes("yusuf")


def test_what_is_confirmed_is_accepted_and_the_answer_is_passed_on(confirming):
    confirming.yes("yusuf")
    told = decide(confirming, "confirm", "yusuf", key="the-same")
    assert (told.match.state, told.match.due_at) == ("accepted", NOW + FOLLOW_UP_S)
    assert {mail.to: mail.values["message"] for mail in told.notices}[an_id("monique")] == "Samedi"
    assert decide(confirming, "confirm", "yusuf", key="the-same") == (told.match, ())
    for act, more in (("confirm", ()), ("refuse", ("Non",))):
        with pytest.raises(Conflict, match="match_not_agreed"):
            decide(confirming, act, "yusuf", *more)


def test_what_is_refused_gives_the_places_back_tells_both_why_and_calls_the_next(confirming):
    confirming.yes("yusuf")
    confirming.yes("ana")
    told = decide(confirming, "refuse", "yusuf", "Trop loin")
    assert (told.match.state, told.match.answer) == ("refused", "")
    assert [mail.template for mail in told.notices] == ["match_refused", "match_refused", "place_free"]
    assert {mail.values["reason"] for mail in told.notices[:2]} == {"Trop loin"}
    assert confirming.places() == dict.fromkeys(HELPERS, 1)
    assert confirming.match("ana").state == "proposed"


def test_what_nobody_decides_stays_on_the_desk_the_oldest_first(confirming):
    other = confirming.publish("need", confirming.monique)
    later = confirming.ask("lea", need=other)
    confirming.yes("yusuf")
    confirming.now += HOUR_S
    confirming.yes("lea", later)
    confirming.tick(days=30)
    desk = [pair.match.id for pair in confirming.house.coordination.agreed()]
    assert desk == [confirming.asked["yusuf"], later]
    assert confirming.match("yusuf").due_at == NOW + CONFIRM_S
    decide(confirming, "confirm", "yusuf")
    assert [pair.match.id for pair in confirming.house.coordination.agreed()] == [later]


def test_either_side_may_still_take_back_what_waits(confirming):
    confirming.yes("yusuf")
    told = confirming.cancel("yusuf", by="monique")
    assert (told.match.state, told.match.answer, confirming.left()) == ("cancelled", "", 1)
    with pytest.raises(Conflict, match="match_not_agreed"):
        decide(confirming, "confirm", "yusuf")


def test_nothing_is_confirmed_across_a_block(confirming):
    second = confirming.ask("yusuf", need=confirming.publish("need", confirming.monique))
    confirming.yes("yusuf")
    confirming.house.matching.block(second, by=an_id("yusuf"), key=new_key(), now=confirming.now)
    with pytest.raises(Conflict, match="not_available"):
        decide(confirming, "confirm", "yusuf")
    assert decide(confirming, "refuse", "yusuf", "Indisponible").match.state == "refused"


def test_a_coordinator_decides_of_what_exists(confirming):
    with pytest.raises(NotFound):
        confirming.house.coordination.confirm("x-y", by=an_id("c"), key=new_key(), now=NOW)
