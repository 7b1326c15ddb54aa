"""A listing's life: every state, every move, and what is never true of it."""

from contextlib import nullcontext
from dataclasses import replace
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Conflict, NotAllowed, Stale
from chalicelib.listings.model import DAY_S, MOVES, State
from chalicelib.receipts import KEPT
from tests.samples import NOW, a_draft, a_listing, an_id

LATER = NOW + 20 * DAY_S
STATES = get_args(State)


def renewed(listing):
    return listing.renewed(LATER, expires_at=LATER + DAY_S, remind_at=None)


def released(listing):
    return listing.released(LATER, expires_at=LATER + DAY_S, remind_at=LATER + 1)


def edited(listing, *, now=NOW, held=False, expires_at=None, **said):
    ends = listing.expires_at if expires_at is None else expires_at
    return listing.edited(a_draft(**said), listing.cell, now, held=held, expires_at=ends, remind_at=None)


ACTS = {
    "renew": (renewed, {"open": "open", "expired": "open"}),
    "release": (released, {"held": "open"}),
    "refuse": (lambda listing: listing.refused(LATER, "no"), {"held": "refused"}),
    "withdraw": (
        lambda listing: listing.withdrawn(LATER),
        {"held": "withdrawn", "open": "withdrawn", "expired": "withdrawn"},
    ),
    "fulfil": (
        lambda listing: listing.fulfilled(LATER, "helped_here"),
        {"open": "fulfilled", "expired": "fulfilled"},
    ),
    "expire": (lambda listing: listing.expired(LATER), {"open": "expired"}),
    "edit": (edited, {"open": "open", "held": "held"}),
    "edit where it is read first": (
        lambda listing: edited(listing, held=True),
        {"open": "held", "held": "held"},
    ),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_a_listing_moves_as_it_may_and_in_no_other_way(state, act):
    do, allowed = ACTS[act]
    listing = a_listing(state=state)
    if state not in allowed:
        with pytest.raises(Conflict):
            do(listing)
        return
    moved = do(listing)
    assert moved.state == allowed[state]
    assert moved.version == listing.version + 1
    assert moved.state == state or moved.state in MOVES[state]


def test_every_move_of_the_table_is_made_by_some_act():
    made = {
        (state, after) for _, allowed in ACTS.values() for state, after in allowed.items() if after != state
    }
    assert made == {(state, after) for state in MOVES for after in MOVES[state]}
    assert set(MOVES) == set(STATES)


def test_an_open_listing_stands_until_the_very_second_it_ends():
    listing = a_listing()
    assert listing.stands_at(listing.expires_at - 1)
    assert not listing.stands_at(listing.expires_at)
    assert listing.shown_state(listing.expires_at - 1) == "open"
    assert listing.shown_state(listing.expires_at) == "expired"


@pytest.mark.parametrize("state", STATES)
def test_only_an_open_listing_stands(state):
    assert a_listing(state=state).stands_at(NOW) == (state == "open")


def test_a_full_listing_is_shown_as_matched_until_it_ends():
    full = a_listing(left=0)
    assert full.shown_state(NOW) == "matched"
    assert full.shown_state(full.expires_at) == "expired"


def test_a_place_is_taken_only_while_one_is_left():
    listing = a_listing(capacity=2)
    full = listing.taken(NOW).taken(NOW)
    assert (full.left, full.version) == (0, 3)
    with pytest.raises(Conflict, match="listing_full"):
        full.taken(NOW)
    assert full.given_back().left == 1


@pytest.mark.parametrize("state", [state for state in STATES if state != "open"])
def test_no_place_is_taken_on_what_does_not_stand(state):
    with pytest.raises(Conflict, match="listing_not_open"):
        a_listing(state=state).taken(NOW)


def test_no_place_is_taken_from_the_second_it_ends():
    listing = a_listing()
    listing.taken(listing.expires_at - 1)
    with pytest.raises(Conflict, match="listing_not_open"):
        listing.taken(listing.expires_at)


@given(st.lists(st.sampled_from(["take", "give back", "more", "fewer"]), max_size=30))
def test_capacity_never_falls_below_what_is_taken(steps):
    listing, taken = a_listing(capacity=3), 0
    for step in steps:
        full = listing.left == 0
        if step == "take":
            with pytest.raises(Conflict, match="listing_full") if full else nullcontext():
                listing = listing.taken(NOW)
            taken += not full
        elif step == "give back" and taken:
            listing, taken = listing.given_back(), taken - 1
        elif step == "more":
            listing = edited(listing, capacity=listing.draft.capacity + 1)
        elif step == "fewer" and listing.draft.capacity > 1:
            with pytest.raises(Conflict, match="capacity_taken") if full else nullcontext():
                listing = edited(listing, capacity=listing.draft.capacity - 1)
        assert listing.left + taken == listing.draft.capacity
        assert listing.left >= 0


def test_an_edit_keeps_what_is_taken_and_refuses_less():
    taken = a_listing(capacity=3).taken(NOW).taken(NOW)
    assert edited(taken, capacity=2).left == 0
    with pytest.raises(Conflict) as refused:
        edited(taken, capacity=1)
    assert (refused.value.code, refused.value.values) == ("capacity_taken", {"taken": 2})


def test_what_has_ended_is_not_edited_whether_or_not_housekeeping_came_by():
    listing = a_listing()
    assert edited(listing, now=listing.expires_at - 1, expires_at=LATER).expires_at == LATER
    with pytest.raises(Conflict) as refused:
        edited(listing, now=listing.expires_at)
    assert (refused.value.code, refused.value.values) == ("listing_over", {"state": "expired"})


def test_a_place_given_back_never_makes_more_than_there_are():
    assert a_listing(capacity=1).given_back().left == 1


def test_nothing_expires_before_its_time():
    listing = a_listing()
    with pytest.raises(Conflict, match="listing_not_due"):
        listing.expired(listing.expires_at - 1)
    ended = listing.expired(LATER)
    assert ended.ended_at == listing.expires_at


def test_renewing_begins_a_lifetime_anew_and_forgets_the_end():
    again = renewed(a_listing().expired(LATER))
    assert (again.published_at, again.expires_at, again.ended_at) == (LATER, LATER + DAY_S, None)


def test_a_held_listing_is_not_renewed_past_its_moderator():
    with pytest.raises(Conflict, match="listing_held"):
        renewed(a_listing(state="held"))


def test_releasing_begins_the_lifetime_and_refusing_keeps_the_reason():
    held = a_listing(state="held")
    assert (released(held).published_at, released(held).remind_at) == (LATER, LATER + 1)
    assert (held.refused(LATER, "no").refusal, held.refused(LATER, "no").ended_at) == ("no", LATER)


def test_a_listing_is_its_authors():
    a_listing().owned_by(an_id("monique"))
    with pytest.raises(NotAllowed, match="not_yours"):
        a_listing().owned_by(an_id("yusuf"))


def test_a_stale_writer_is_told_which_version_stands():
    listing = a_listing(version=7)
    listing.at(7)
    for version in (6, 8):
        with pytest.raises(Stale) as stale:
            listing.at(version)
        assert stale.value.values == {"version": 7}


def test_a_listing_remembers_its_last_receipts():
    listing = a_listing()
    for number in range(KEPT + 3):
        listing = listing.with_receipt((f"key-{number}", "renew"))
    assert [key for key, _ in listing.receipts] == [f"key-{number}" for number in range(3, KEPT + 3)]


@pytest.mark.parametrize("state", STATES)
def test_a_card_says_no_more_than_the_public_may_know(state):
    listing = a_listing(state=state, title="Une course au marché", text="Le marché du samedi", left=0)
    card = listing.card(ZoneInfo("Europe/Paris"))
    assert card.on_board == (state == "open")
    assert card.cell == listing.cell
    assert set(card.title_terms).isdisjoint(card.text_terms)
    assert "samed" in " ".join(card.text_terms)
    assert not {"place", "point", "label", "text", "on_behalf"} & set(type(card).__slots__)


def test_a_card_grows_with_its_listing():
    listing = a_listing(capacity=2)
    zone = ZoneInfo("Europe/Paris")
    assert listing.taken(NOW).card(zone) == replace(listing.card(zone), version=2, left=1)
