"""A match's life: who may move it, when, and where to."""

from typing import get_args

import pytest

from chalicelib.errors import Conflict, NotAllowed, NotFound
from chalicelib.matching.model import DONE_S, FOLLOW_UP_S, KEPT_S, MOVES, State
from tests.samples import HOUR_S, NOW, a_match, an_id

SEEKER, HELPER, STRANGER = an_id("monique"), an_id("yusuf"), an_id("stranger")
STATES = get_args(State)
DUE = NOW + 48 * HOUR_S
WELCOME = ("proposed", "lapsed")
SAID = {"helper_outcome": "went_well"}

ACTS = {
    "accept": (lambda match: match.accepted(HELPER, NOW, "oui"), dict.fromkeys(WELCOME, "accepted")),
    "agree": (lambda match: match.agreed(HELPER, NOW, "oui"), dict.fromkeys(WELCOME, "agreed")),
    "queue": (lambda match: match.queued(HELPER, NOW, 1), dict.fromkeys(WELCOME, "queued")),
    "call": (lambda match: match.called(DUE), {"queued": "proposed"}),
    "look": (lambda match: match.looked_at(DUE), {"queued": "queued"}),
    "confirm": (lambda match: match.confirmed(NOW), {"agreed": "accepted"}),
    "refuse": (lambda match: match.refused(NOW, "non"), {"agreed": "refused"}),
    "decline": (lambda match: match.declined(HELPER, NOW, "no_time"), {"proposed": "declined"}),
    "lapse": (lambda match: match.lapsed(DUE), {"proposed": "lapsed", "queued": "lapsed"}),
    "cancel": (
        lambda match: match.cancelled(SEEKER, NOW, "other"),
        dict.fromkeys(("proposed", "queued", "agreed", "accepted"), "cancelled"),
    ),
    "say how it went": (
        lambda match: match.told(SEEKER, NOW, "went_well"),
        {"accepted": "done", "done": "done"},
    ),
    "close": (lambda match: match.closed(NOW), {"accepted": "done"}),
    "follow up": (lambda match: match.followed(NOW), {"accepted": "accepted"}),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_a_match_moves_as_it_may_and_in_no_other_way(state, act):
    do, allowed = ACTS[act]
    match = a_match(state=state, **SAID)
    if state not in allowed:
        with pytest.raises(Conflict):
            do(match)
        return
    moved = do(match)
    assert moved.state == allowed[state]
    assert moved.version == match.version + 1


def test_every_move_of_the_table_is_made_by_some_act():
    made = {
        (state, after) for _, allowed in ACTS.values() for state, after in allowed.items() if after != state
    }
    assert made == {(state, after) for state in MOVES for after in MOVES[state]}
    assert set(MOVES) == set(STATES)


@pytest.mark.parametrize(("proposer", "answerer"), [("seeker", HELPER), ("helper", SEEKER)])
def test_the_side_that_was_asked_answers_and_nobody_else(proposer, answerer):
    match = a_match(proposer=proposer)
    for act in (
        lambda by: match.accepted(by, NOW, ""),
        lambda by: match.declined(by, NOW, "no_time"),
    ):
        act(answerer)
        with pytest.raises(NotAllowed, match="not_your_turn"):
            act(match.other(match.side_of(answerer)))
        with pytest.raises(NotFound):
            act(STRANGER)


@pytest.mark.parametrize("person", [SEEKER, HELPER])
def test_either_side_may_cancel_and_say_how_it_went(person):
    match = a_match(state="accepted")
    assert match.cancelled(person, NOW, "no_answer").reason == "no_answer"
    assert match.told(person, NOW, "partly").state == "accepted"


def test_to_a_stranger_the_match_does_not_exist():
    match = a_match(state="accepted")
    for act in (
        lambda: match.side_of(STRANGER),
        lambda: match.cancelled(STRANGER, NOW, "other"),
        lambda: match.told(STRANGER, NOW, "partly"),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_yes_is_taken_before_the_second_it_is_due_and_after():
    match = a_match()
    assert match.accepted(HELPER, DUE - 1, "").state == "accepted"
    assert match.accepted(HELPER, DUE, "").state == "accepted"
    with pytest.raises(Conflict, match="match_not_due"):
        match.lapsed(DUE - 1)
    assert match.lapsed(DUE).accepted(HELPER, DUE + 9, "").state == "accepted"


def test_only_a_yes_is_welcome_after_the_time_and_only_from_who_was_asked():
    lapsed = a_match().lapsed(DUE)
    with pytest.raises(Conflict, match="match_lapsed"):
        lapsed.declined(HELPER, DUE, "no_time")
    with pytest.raises(Conflict, match="match_lapsed"):
        lapsed.cancelled(SEEKER, DUE, "other")
    with pytest.raises(NotAllowed, match="not_your_turn"):
        lapsed.accepted(SEEKER, DUE, "")


def test_a_match_that_is_over_says_so():
    with pytest.raises(Conflict, match="match_over") as over:
        a_match(state="declined").accepted(HELPER, NOW, "")
    assert over.value.values == {"state": "declined"}
    with pytest.raises(Conflict, match="match_not_proposed"):
        a_match(state="accepted").declined(HELPER, NOW, "no_time")


def test_a_match_is_done_when_both_have_said_how_it_went():
    match = a_match(state="accepted")
    one = match.told(SEEKER, NOW, "went_well")
    assert (one.state, one.seeker_outcome, one.helper_outcome) == ("accepted", "went_well", None)
    both = one.told(HELPER, NOW, "partly")
    assert (both.state, both.helper_outcome, both.due_at) == ("done", "partly", NOW + KEPT_S)


def test_one_side_may_say_it_again_differently():
    match = a_match(state="accepted").told(SEEKER, NOW, "went_well").told(SEEKER, NOW, "problem")
    assert (match.state, match.seeker_outcome) == ("accepted", "problem")


def test_what_is_done_may_still_be_spoken_of_and_stays_done():
    done = a_match(state="done", due_at=DUE)
    told = done.told(HELPER, NOW, "did_not_happen")
    assert (told.state, told.helper_outcome, told.due_at) == ("done", "did_not_happen", DUE)


def test_each_state_is_looked_at_again_in_its_time():
    match = a_match()
    accepted = match.accepted(HELPER, NOW, "demain")
    assert (accepted.answer, accepted.due_at) == ("demain", NOW + FOLLOW_UP_S)
    followed = accepted.followed(accepted.due_at)
    assert (followed.followed_up, followed.due_at) == (True, accepted.due_at + DONE_S)
    for over in (
        match.declined(HELPER, NOW, "no_time"),
        match.cancelled(SEEKER, NOW, "other"),
        followed.closed(NOW),
    ):
        assert over.due_at == NOW + KEPT_S


def test_both_know_who_the_other_is():
    match = a_match()
    assert (match.side_of(SEEKER), match.other("seeker"), match.person_on("seeker")) == (
        "seeker",
        HELPER,
        SEEKER,
    )
    assert (match.side_of(HELPER), match.other("helper"), match.answerer) == ("helper", SEEKER, "helper")
    assert match.id == f"{match.need}-{match.offer}"
