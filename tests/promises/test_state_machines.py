"""R3: whatever residents, moderators, schedules and clocks do in whatever order, the state machines hold."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chalicelib.listings import service
from chalicelib.listings.model import Listing
from chalicelib.matching import dynamodb as table_of_matches
from chalicelib.matching import proposals, queue, ranking
from chalicelib.matching.model import Match
from tests.network import PEOPLE, Network


def run(machine, examples, steps, **more):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            **more,
        ),
    )


def test_the_state_machines_hold():
    run(Network, 30, 40)


@pytest.mark.soak
def test_the_state_machines_hold_for_ten_thousand_steps():
    run(Network, 200, 50, derandomize=False)


def give_nothing_back(monkeypatch):
    monkeypatch.setattr(Listing, "given_back", lambda listing: listing._next())


def mind_no_end(monkeypatch):
    monkeypatch.setattr(Listing, "stands_at", lambda listing, _now: listing.state == "open")


def mind_no_limit(monkeypatch):
    monkeypatch.setattr(Listing, "taken", lambda listing, _now: listing._next(left=max(0, listing.left - 1)))


def remind_at_every_round(monkeypatch):
    naive = service.mail_about
    monkeypatch.setattr(Listing, "reminded", lambda listing: listing._next())
    monkeypatch.setattr(
        service,
        "mail_about",
        lambda template, listing, now, *, about: naive(template, listing, now, about=str(now)),
    )


def keep_on_the_board(monkeypatch):
    naive = Listing.card
    monkeypatch.setattr(Listing, "card", lambda listing, zone: replace(naive(listing, zone), on_board=True))


def forget_receipts(monkeypatch):
    monkeypatch.setattr(Listing, "with_receipt", lambda listing, _receipt: listing)


def forget_who_waits(monkeypatch):
    monkeypatch.setattr(queue, "turns", lambda _matches, _places: [])


def mind_no_block(monkeypatch):
    for module in (proposals, ranking):
        monkeypatch.setattr(module, "kept_apart", lambda _one, _other: False)
    monkeypatch.setattr(table_of_matches, "_together", lambda _match, *, written: [])


def confirm_whatever_is_asked(monkeypatch):
    monkeypatch.setattr(Match, "confirmed", lambda match, now: match._to("accepted", due_at=now))


def two_who_met(network):
    network.post_something(kind="need", by=PEOPLE[0], capacity=1, category="groceries", within=None)
    network.answer_with_another(listing=0, by=PEOPLE[1], capacity=1, seeking=True, met=True)
    network.all_is_well()


def a_match_taken_back(network):
    two_who_met(network)
    network.answer_otherwise(match=0, act="cancel", seeking=True)


def a_change_after_the_end(network):
    two_who_met(network)
    network.turn_the_clock_to_an_end(listing=0, to="expires_at", before=0)
    network.edit(listing=0, capacity=2, category="groceries", stale=False, within=None)


def a_second_yes_to_one_offer(network):
    network.post_something(kind="offer", by=PEOPLE[1], capacity=1, category="groceries", within=None)
    network.answer_with_another(listing=0, by=PEOPLE[0], capacity=1, seeking=False, met=False)
    network.answer_with_another(listing=1, by=PEOPLE[3], capacity=1, seeking=False, met=False)
    network.accept(match=1, by_answerer=True)
    network.all_is_well()
    network.accept(match=0, by_answerer=True)


def two_rounds_before_the_end(network):
    two_who_met(network)
    network.turn_the_clock_to_an_end(listing=0, to="remind_at", before=0)
    network.tick("all")
    network.turn_the_clock(by=59)
    network.tick("all")


def a_listing_withdrawn(network):
    two_who_met(network)
    network.end_or_keep(listing=0, act="withdraw")


def two_who_are_asked(network, one=PEOPLE[1], other=PEOPLE[3]):
    network.post_something(kind="need", by=PEOPLE[0], capacity=1, category="groceries", within=None)
    network.answer_with_another(listing=0, by=one, capacity=1, seeking=True, met=False)
    network.answer_with_another(listing=1, by=other, capacity=1, seeking=True, met=False)
    network.all_is_well()


def a_place_given_back_to_a_queue(network):
    two_who_are_asked(network)
    network.accept(match=1, by_answerer=True)
    network.accept(match=0, by_answerer=True)
    network.all_is_well()
    network.answer_otherwise(match=1, act="cancel", seeking=True)
    network.all_is_well()
    network.days_pass(1)


def a_yes_across_a_block(network):
    two_who_are_asked(network, PEOPLE[1], PEOPLE[1])
    network.block(match=0, seeking=False)
    network.accept(match=1, by_answerer=True)


def a_word_that_nobody_waits_for(network):
    two_who_are_asked(network)
    network.coordinate(match=0, confirm=True)


STORIES = [
    (give_nothing_back, a_match_taken_back),
    (mind_no_end, a_change_after_the_end),
    (mind_no_limit, a_second_yes_to_one_offer),
    (remind_at_every_round, two_rounds_before_the_end),
    (keep_on_the_board, a_listing_withdrawn),
    (forget_receipts, a_listing_withdrawn),
    (forget_who_waits, a_place_given_back_to_a_queue),
    (mind_no_block, a_yes_across_a_block),
    (confirm_whatever_is_asked, a_word_that_nobody_waits_for),
]


@pytest.mark.parametrize(("spoil", "story"), STORIES)
def test_a_network_that_is_careless_is_found_out(monkeypatch, spoil, story):
    def tell():
        network = Network()
        network.open(exchange="direct")
        story(network)
        network.all_is_well()

    tell()
    spoil(monkeypatch)
    with pytest.raises(AssertionError):
        tell()


@pytest.mark.soak
@pytest.mark.parametrize("spoil", [spoil for spoil, _ in STORIES])
def test_a_network_that_is_careless_is_found_out_by_chance(monkeypatch, spoil):
    spoil(monkeypatch)
    with pytest.raises(AssertionError):
        run(Network, 2_000, 40, derandomize=False, report_multiple_bugs=False)
