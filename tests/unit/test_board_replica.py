"""The replica takes in cards in any order, any number of times, and stays what the newest versions say."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.board.earlier import earlier
from chalicelib.board.model import Query, Where
from chalicelib.board.replica import FRESH, Replica
from chalicelib.board.search import search
from chalicelib.board.segment import Segment
from chalicelib.cities.model import CATEGORIES
from chalicelib.listings.card import URGENCIES, Card, Urgency
from tests.cards import NOW, PARIS, Cards
from tests.oracle import Oracle, answer

SOURCE = Cards(21)
BASE = SOURCE.many(30)
EVERYTHING = Query(Where(state=None), PARIS, None, "distance", 1_000)


def histories(cards: list[Card], random: Random) -> list[Card]:
    """Every version of each card since, some of them removals."""
    lines = []
    for card in cards:
        versions = [card]
        for _ in range(random.randint(0, 4)):
            versions.append(SOURCE.changed(versions[-1]))
        lines += versions[1:]
    return lines


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_repetition_and_lots_do_not_matter(random: Random) -> None:
    lines = [*histories(BASE, random), *BASE] * 2
    random.shuffle(lines)
    replica, oracle = Replica(Segment.of(BASE[:20]) if random.random() < 0.5 else None), Oracle(BASE[:20])
    if not replica.board.layers:
        oracle = Oracle()
    oracle.apply(lines)
    at = 0
    while at < len(lines):
        lot = random.choice((1, 5, 40, 90))
        replica.apply(lines[at : at + lot], NOW)
        at += lot
    assert answer(search(replica, EVERYTHING, NOW)) == oracle.search(EVERYTHING, NOW)
    assert len(replica) == sum(card.on_board for card in oracle.known.values())


def test_control_the_last_card_to_come_is_not_always_the_newest() -> None:
    older, newer = BASE[0], replace(BASE[0], version=BASE[0].version + 1)
    last_comes_wins = {card.id: card for card in (newer, older)}
    replica = Replica()
    replica.apply([newer, older], NOW)
    assert last_comes_wins[older.id] is older
    assert replica.get(older.id) is newer


def test_applying_says_how_many_cards_were_news() -> None:
    replica = Replica(Segment.of(BASE[:10]))
    assert replica.apply(BASE[:12], NOW) == 2
    assert replica.apply(BASE[:12], NOW) == 0
    assert replica.apply([replace(BASE[3], version=BASE[3].version + 1, on_board=False)], NOW) == 1
    assert replica.taken == 3


@pytest.mark.parametrize("size", [1, FRESH, FRESH + 1, 2 * FRESH + 2, 700])
def test_cards_one_by_one_become_few_segments_and_nothing_is_lost(size: int) -> None:
    cards, replica = SOURCE.many(size), Replica()
    for card in cards:
        replica.apply([card], NOW)
    assert len(replica.board.layers) <= max(0, size // FRESH).bit_length()
    assert len(replica.board.fresh) <= FRESH
    assert {card.id: card.version for card in replica.cards(0)} == {card.id: card.version for card in cards}


def test_many_changes_of_few_cards_take_no_more_room_than_few() -> None:
    replica, cards = Replica(), BASE[:5]
    for _ in range(300):
        cards = [replace(card, version=card.version + 1, left=1) for card in cards]
        replica.apply(cards, NOW)
    assert len(replica) == 5
    assert sum(len(layer.segment) for layer in replica.board.layers) <= 2 * FRESH


def test_a_removed_card_stays_out_until_its_version_is_forgotten() -> None:
    card = BASE[0]
    replica = Replica()
    replica.apply([card], NOW)
    replica.apply([replace(card, version=card.version + 1, on_board=False)], NOW + 10)
    replica.apply([card], NOW + 11)
    assert replica.get(card.id) is None
    replica.forget(NOW + 10)
    replica.apply([card], NOW + 12)
    assert replica.get(card.id) is None
    replica.forget(NOW + 11)
    replica.apply([card], NOW + 13)
    assert replica.get(card.id) is card


def test_a_removed_card_that_was_in_a_segment_stays_out_though_forgotten() -> None:
    replica, card = Replica(Segment.of(BASE)), BASE[4]
    replica.apply([replace(card, version=card.version + 1, on_board=False)], NOW)
    replica.forget(NOW + 1)
    replica.apply([card], NOW + 2)
    assert replica.get(card.id) is None
    assert card.id not in {kept.id for kept in replica.cards(0)}


def test_a_removal_that_comes_before_its_card_holds() -> None:
    replica, card = Replica(), BASE[0]
    replica.apply([replace(card, version=9, on_board=False)], NOW)
    replica.apply([replace(card, version=8)], NOW)
    assert len(replica) == 0
    replica.apply([replace(card, version=10)], NOW)
    assert len(replica) == 1


def test_a_lot_with_a_malformed_card_changes_nothing() -> None:
    replica = Replica(Segment.of(BASE[:3]))
    removal = replace(BASE[0], version=BASE[0].version + 1, on_board=False)
    for wrong in (replace(BASE[5], id="no id"), replace(BASE[5], author="0" * 16)):
        with pytest.raises(ValueError):
            replica.apply([removal, wrong], NOW)
        assert replica.get(BASE[0].id) is not None
        assert replica.apply([removal], NOW) == 1
        replica = Replica(Segment.of(BASE[:3]))


def test_a_search_in_hand_is_not_changed_by_what_is_applied_after() -> None:
    replica = Replica(Segment.of(BASE))
    before = search(replica, EVERYTHING, NOW)
    titles = [card.title for card, _ in before.hits]
    replica.apply([replace(card, version=card.version + 1, title="new") for card in BASE], NOW)
    assert [card.title for card, _ in before.hits] == titles
    assert {card.title for card, _ in search(replica, EVERYTHING, NOW).hits} == {"new"}


def test_what_a_snapshot_is_made_of_is_what_stands_now() -> None:
    cards = [replace(card, expires_at=NOW + at) for at, card in enumerate(BASE)]
    replica = Replica(Segment.of(cards[:20]))
    replica.apply(cards[20:], NOW)
    assert {card.id for card in replica.cards(NOW + 9)} == {card.id for card in cards[10:]}
    sorted_terms = [
        replace(card, title_terms=tuple(sorted(card.title_terms)), text_terms=tuple(sorted(card.text_terms)))
        for card in cards[:20]
    ]
    by_id = {card.id: card for card in replica.cards(0)}
    assert [by_id[card.id] for card in sorted_terms] == sorted_terms


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_comes_earlier_is_what_going_through_all_cards_finds(random: Random) -> None:
    replica = Replica(Segment.of(BASE[:20]))
    replica.apply(histories(BASE, random), NOW)
    ranks = {category: random.randrange(2) for category in CATEGORIES}
    last = random.choice(BASE)

    def rank(category: str, urgency: Urgency) -> int:
        return ranks[category] - URGENCIES.index(urgency)

    def place(card: Card) -> tuple[int, int]:
        return rank(card.category, card.urgency), card.published_at

    found = earlier(replica, "need", place(last), rank)
    expected = {card.id for card in replica.cards(0) if card.kind == "need" and place(card) < place(last)}
    assert {card.id for card in found.cards(0)} == expected


def test_a_part_of_a_board_stays_as_it_is_when_the_board_changes() -> None:
    replica = Replica(Segment.of(BASE[:10]))
    part = replica.part(lambda segment: segment.kinds.equal("need"), lambda _: True)
    before = {card.id for card in part.cards(0)}
    replica.apply([replace(card, version=card.version + 1, on_board=False) for card in BASE[:10]], NOW)
    needs = {card.id for card in BASE[:10] if card.kind == "need"}
    assert {card.id for card in part.cards(0)} == before == needs
