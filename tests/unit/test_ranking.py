"""Ranking: gates that must open, whole points that sum to the score, the same from either side."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.board.replica import Replica
from chalicelib.cities.model import CATEGORIES
from chalicelib.listings.windows import ANY_TIME
from chalicelib.matching.candidates import candidates
from chalicelib.matching.ranking import (
    A_PLACE_LEFT,
    A_TRUST_LEVEL,
    DISTANCE_SCALE_M,
    FULL_OVERLAP,
    MOST_DISTANCE,
    MOST_PLACES,
    MOST_TEXT,
    MOST_TIME,
    MOST_TRUST,
    NEAR,
    NEVER_ASKED,
    SAME_CATEGORY,
    SHARED_LANGUAGE,
    Fit,
    distance_points,
    fit,
    half_hours_in_common,
)
from chalicelib.people.model import WEEK_S, Helper
from chalicelib.places.model import Point, distance_m
from chalicelib.words.alike import FULL, alike
from tests.cards import CELL_M, NOW, PARIS, Cards, cell_at
from tests.samples import an_id

BEST = (
    SAME_CATEGORY
    + MOST_TEXT
    + MOST_DISTANCE
    + MOST_TIME
    + SHARED_LANGUAGE
    + A_PLACE_LEFT * MOST_PLACES
    + NEVER_ASKED
    + A_TRUST_LEVEL * MOST_TRUST
)

ZONE = ZoneInfo("Europe/Paris")
MORNING, EVENING = 0b1111, 0b1111 << 30

CARD = replace(
    Cards(authors=1, words=100).one(),
    category="groceries",
    cell=cell_at(PARIS, CELL_M),
    reach_m=3_000,
    languages=("fr",),
    slots=ANY_TIME,
    spans=(),
    capacity=1,
    left=1,
    expires_at=NOW + 1_000,
    trust=0,
)
NEED = replace(CARD, id=an_id("need"), kind="need", author=an_id("monique"))
OFFER = replace(CARD, id=an_id("offer"), kind="offer", author=an_id("yusuf"))


def fitting(need=None, offer=None, helper=None, seeker=None, distance=0, units=0, now=NOW):
    return fit(
        replace(NEED, **need or {}),
        replace(OFFER, **offer or {}),
        replace(Helper(OFFER.author, 1), **helper or {}),
        seeker=replace(Helper(NEED.author, 1), **seeker or {}),
        distance=distance,
        units=units,
        zone=ZONE,
        now=now,
    )


@pytest.mark.parametrize(
    ("case", "gate"),
    [
        ({"offer": {"author": NEED.author}}, "own_listing"),
        ({"helper": {"blocked": (NEED.author,)}}, "blocked"),
        ({"seeker": {"blocked": (an_id("other"), OFFER.author)}}, "blocked"),
        ({"need": {"left": 0}}, "listing_full"),
        ({"offer": {"left": 0}}, "listing_full"),
        ({"now": NOW + 1_000}, "listing_full"),
        ({"offer": {"expires_at": NOW}}, "listing_full"),
        ({"offer": {"category": "pets"}}, "other_category"),
        ({"distance": 3_001}, "too_far"),
        ({"distance": 2_000, "offer": {"reach_m": 1_999}}, "too_far"),
        ({"helper": {"paused_until": NOW + 1}}, "helper_paused"),
        ({"helper": {"willing": ("meals",)}}, "helper_not_willing"),
        ({"helper": {"asked": (NOW, NOW - 1, NOW - WEEK_S + 1)}}, "helper_asked_enough"),
        ({"helper": {"asks_per_week": 0}}, "helper_asked_enough"),
        ({"need": {"slots": MORNING}, "offer": {"slots": EVENING}}, "no_common_time"),
        (
            {"need": {"slots": 0, "spans": ((0, 9),)}, "offer": {"slots": 0, "spans": ((9, 99),)}},
            "no_common_time",
        ),
    ],
)
def test_a_gate_that_stays_shut_says_which(case, gate):
    assert fitting(**case) == gate


@pytest.mark.parametrize(
    "case",
    [
        {"distance": 3_000},
        {"now": NOW + 999},
        {"helper": {"paused_until": NOW}},
        {"helper": {"willing": ("groceries",)}},
        {"helper": {"asked": (NOW, NOW - 1, NOW - WEEK_S)}},
        {"offer": {"languages": ("ar",)}},
        {"offer": {"category": "meals"}},
        {"need": {"slots": 0, "spans": ((0, 10),)}, "offer": {"slots": 0, "spans": ((9, 99),)}},
    ],
)
def test_a_gate_is_open_up_to_its_edge(case):
    assert isinstance(fitting(**case), Fit)


def test_the_best_there_can_be_has_every_point():
    assert fitting(offer={"capacity": 9, "left": 9, "trust": 3}, units=FULL).score == BEST


def test_each_term_says_what_it_counts():
    found = fitting(
        need={"languages": ("ar", "fr"), "slots": 0b111000},
        offer={"category": "meals", "languages": ("fr", "ar"), "slots": 0b11100, "left": 2, "trust": 2},
        helper={"asked": (NOW - 5, NOW - WEEK_S - 5)},
        distance=2_500,
        units=5,
    )
    assert found.terms == {
        "category": 150,
        "text": 37,
        "distance": 187,
        "time": 50,
        "languages": 100,
        "capacity": 20,
        "asked": 90,
        "trust": 20,
    }
    assert (found.half_hours, found.languages, found.asked) == (2, ("ar", "fr"), 2)


def test_a_category_is_near_another_both_ways_and_all_are_real():
    assert all(slug in NEAR[other] for slug, others in NEAR.items() for other in others)
    assert all(slug not in others for slug, others in NEAR.items())
    assert set(NEAR) <= set(CATEGORIES)


distances = st.integers(0, 20_000_000)


@given(distances, distances)
def test_nearer_is_never_worth_less(a, b):
    near, far = sorted((a, b))
    assert distance_points(near) >= distance_points(far) >= 0
    assert distance_points(DISTANCE_SCALE_M) == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_points_are_whole_and_sum_to_the_score(seed):
    source, fits = Cards(seed, authors=60, words=200), 0
    for _ in range(200):
        need, offer = (
            replace(source.one(), kind=kind, left=1, category="groceries", reach_m=20_000, expires_at=NOW + 1)
            for kind in ("need", "offer")
        )
        helper = Helper(offer.author, 1, asked=(NOW,) * source.random.randrange(4), asks_per_week=9)
        found = fit(
            need,
            offer,
            helper,
            seeker=Helper(need.author, 1),
            distance=source.random.randrange(20_000),
            units=alike(need.gist, offer.gist),
            zone=ZONE,
            now=NOW,
        )
        if isinstance(found, Fit):
            fits += 1
            assert all(type(points) is int and points >= 0 for points in found.terms.values())
            assert found.score == sum(found.terms.values()) <= BEST
    assert fits > 50


@pytest.mark.parametrize("seed", range(50))
def test_time_in_common_is_the_same_from_either_side(seed):
    one, other = Cards(seed, authors=5, words=50).many(2)
    common = half_hours_in_common(one, other, ZONE)
    assert common == half_hours_in_common(other, one, ZONE)
    shared = (one.slots & other.slots).bit_count()
    assert common >= min(shared, FULL_OVERLAP)
    assert bool(common) >= bool(shared)


def a_board(cards, helpers=()):
    known = {helper.id: helper for helper in helpers}
    replica = Replica()
    replica.apply(cards, NOW)
    return SimpleNamespace(fresh=lambda _now: replica, helper=lambda who: known.get(who) or Helper(who, 0))


def brute_force(mine, cards, helpers, limit):
    known = {helper.id: helper for helper in helpers}
    found = []
    for card in cards:
        if card.kind == mine.kind or not card.on_board:
            continue
        need, offer = (mine, card) if mine.kind == "need" else (card, mine)
        helper, seeker = (known.get(who) or Helper(who, 0) for who in (offer.author, need.author))
        apart = distance_m(mine.cell.centre, card.cell.centre)
        units = alike(need.gist, offer.gist)
        one = fit(need, offer, helper, seeker=seeker, distance=apart, units=units, zone=ZONE, now=NOW)
        if isinstance(one, Fit):
            found.append((-one.score, one.distance_m, card.id, dict(one.terms)))
    return sorted(found, key=lambda each: each[:3])[:limit]


@pytest.mark.parametrize("kind", ["need", "offer"])
@pytest.mark.parametrize("seed", range(4))
def test_candidates_are_those_that_looking_at_every_card_finds_in_that_order(kind, seed):
    source = Cards(seed, authors=300, words=500)
    cards = source.many(1_000)
    helpers = [
        Helper(
            author,
            3,
            asked=(NOW - 60,) * (number % 5),
            paused_until=NOW + 60 if number % 11 == 0 else None,
            willing=("groceries", "meals") if number % 7 == 0 else None,
        )
        for number, author in enumerate(sorted({card.author for card in cards}))
        if number % 2
    ]
    board, seen = a_board(cards, helpers), 0
    for _ in range(25):
        mine = replace(source.one(), kind=kind, left=1, expires_at=NOW + 9_999, reach_m=10_000)
        limit = source.random.choice((1, 3, 10, 50))
        ranked = candidates(mine, mine.gist, board, limit=limit, zone=ZONE, now=NOW)
        shown = [(-one.fit.score, one.fit.distance_m, one.card.id, dict(one.fit.terms)) for one in ranked]
        assert shown == brute_force(mine, cards, helpers, limit)
        seen += len(shown)
    assert seen > 50


def test_a_need_and_an_offer_find_one_another_for_the_same_reasons():
    source = Cards(3, authors=300, words=500)
    cards = [replace(card, left=1, expires_at=NOW + 9) for card in source.many(300)]
    board, pairs = a_board(cards), 0
    for need in [card for card in cards if card.kind == "need"][:40]:
        for offer, reasons in candidates(need, need.gist, board, limit=5, zone=ZONE, now=NOW):
            mine = next(card for card in cards if card.id == offer.id)
            back = candidates(mine, mine.gist, board, limit=300, zone=ZONE, now=NOW)
            assert [one.fit for one in back if one.card.id == need.id] == [reasons]
            pairs += 1
    assert pairs > 20


def test_equal_scores_stand_by_distance_then_id_whatever_came_first():
    offers = [
        replace(OFFER, id=an_id(str(number)), author=an_id(f"author {number}"), cell=cell_at(place, CELL_M))
        for number, place in enumerate([PARIS] * 5 + [Point(PARIS.lat + 0.01, PARIS.lon)] * 5)
    ]
    orders = [
        [one.card.id for one in candidates(NEED, NEED.gist, a_board(cards), limit=10, zone=ZONE, now=NOW)]
        for cards in (offers, offers[::-1])
    ]
    assert orders[0] == orders[1]
    assert all(a < b for a, b in pairwise(orders[0][:5]))
    assert set(orders[0][:5]) == {offer.id for offer in offers[:5]}
