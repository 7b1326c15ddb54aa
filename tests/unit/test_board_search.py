"""Searching the board says, to the last card and metre, what looking at every card says."""

from dataclasses import replace
from random import Random

import pytest

from chalicelib.board.model import Order, Query, When, Where
from chalicelib.board.replica import Replica
from chalicelib.board.search import search
from chalicelib.board.segment import Segment
from chalicelib.cities.model import CATEGORIES
from chalicelib.listings.windows import ANY_TIME
from chalicelib.places.model import Point, cell_at
from tests.cards import CELL_M, DAY_S, NOW, PARIS, Cards
from tests.oracle import Oracle, answer, position

ORDERS: tuple[Order, ...] = ("distance", "newest", "ending", "relevance")


def board(size: int, seed: int) -> tuple[Replica, Oracle, Cards]:
    """A snapshot's segment and the changes since, in many small lots: old, small and loose cards at once."""
    source = Cards(seed, authors=max(1, size // 3), words=300)
    cards, random = source.many(size), Random(seed)
    first = cards[: size * 3 // 4]
    changes = cards[len(first) :] + [source.changed(card) for card in random.sample(cards, size // 4)]
    random.shuffle(changes)
    replica, oracle = Replica(Segment.of(first)), Oracle(first)
    for at in range(0, len(changes), 13):
        replica.apply(changes[at : at + 13], NOW)
    oracle.apply(changes)
    return replica, oracle, source


def some_query(source: Cards, random: Random) -> Query:
    order = random.choice(ORDERS)
    near = source.place() if order == "distance" or random.random() < 0.8 else None
    where = Where(
        kind=random.choice((None, "need", "offer")),
        categories=frozenset(random.sample(CATEGORIES, random.choice((0, 0, 1, 3)))),
        state=random.choice(("open", "open", "matched", None)),
    )
    if random.random() < 0.7:
        where = replace(
            where,
            terms=source.some_words(random.choice((0, 0, 1, 2))),
            urgency=random.choice((None, None, "low", "high")),
            when=random.choice((None, None, When(source.mask(), (source.span(),)), When(ANY_TIME))),
            languages=frozenset(random.choice(((), (), ("ar", "en"), ("fr",), ("xx",)))),
            trust=random.choice((0, 0, 1, 2)),
            left=random.choice((0, 0, 2)),
        )
    radius_m = random.choice((None, 0, 300, 1_000, 3_000, 10_000)) if near else None
    return Query(where, near, radius_m, order, random.choice((1, 3, 20)))


@pytest.mark.parametrize(("size", "seed"), [(0, 1), (1, 2), (4, 3), (60, 4), (300, 5), (900, 6)])
def test_every_filter_order_and_page_is_what_looking_at_every_card_gives(size: int, seed: int) -> None:
    replica, oracle, source = board(size, seed)
    random = Random(seed)
    for _ in range(60):
        query, now = some_query(source, random), NOW + random.choice((-40, 0, 0, 1, 20)) * DAY_S
        for _ in range(3):
            found = answer(search(replica, query, now))
            assert found == oracle.search(query, now), query
            if found[3] is None:
                break
            query = replace(query, after=found[3])


def test_a_listing_is_gone_in_the_second_it_expires_and_back_when_asked_as_of_before() -> None:
    cards = [replace(card, left=1, expires_at=NOW + at) for at, card in enumerate(Cards(1).many(200))]
    replica = Replica(Segment.of(cards[:150]))
    replica.apply(cards[150:], NOW)
    for at in (0, 1, 60, 149, 150, 199, 5, 199, 0):
        assert search(replica, Query(Where()), NOW + at - 1).total == 200 - at
        assert search(replica, Query(Where()), NOW + at).total == 199 - at


def test_a_disc_ends_at_the_metre() -> None:
    cards = Cards(2).many(700)
    replica, oracle = Replica(Segment.of(cards)), Oracle(cards)
    everything = Query(Where(state=None), PARIS, None, "distance", 1_000)
    for _, _, edge in oracle.search(everything, NOW)[0][::70]:
        for radius_m in (edge - 1, edge, edge + 1):
            asked = replace(everything, radius_m=radius_m, limit=1)
            assert answer(search(replica, asked, NOW)) == oracle.search(asked, NOW)


@pytest.mark.parametrize("order", ORDERS)
def test_a_walk_through_the_pages_neither_skips_nor_repeats_while_others_write(order: Order) -> None:
    replica, oracle, source = board(400, 11)
    terms = tuple(source.words[:1]) if order == "relevance" else ()
    query = Query(Where(terms=terms, state=None), PARIS, 8_000, order, 7 if terms else 40)
    before, touched, walked = dict(oracle.known), set[str](), list[str]()
    while True:
        page = search(replica, query, NOW)
        walked += [hit.card.id for hit in page.hits]
        if page.next is None:
            break
        query = replace(query, after=page.next)
        written = [
            *source.many(3),
            *map(source.changed, source.random.sample(list(oracle.known.values()), 4)),
        ]
        touched |= {card.id for card in written}
        replica.apply(written, NOW)
        oracle.apply(written)
    everything = replace(query, after=None, limit=10_000)
    still = [id_ for id_, _, _ in Oracle(before.values()).search(everything, NOW)[0] if id_ not in touched]
    assert len(still) > 10
    assert [id_ for id_ in walked if id_ not in touched] == still


def test_control_a_walk_by_page_number_repeats_what_new_cards_push_on() -> None:
    oracle = Oracle(Cards(3).many(60))
    query = Query(Where(state=None), limit=60)
    first = [id_ for id_, _, _ in oracle.search(query, NOW)[0]][:7]
    oracle.apply([replace(Cards(4).one(), published_at=NOW)])
    second = [id_ for id_, _, _ in oracle.search(query, NOW)[0]][7:14]
    assert set(first) & set(second)


def test_more_of_the_asked_words_in_the_title_come_first_then_the_newest() -> None:
    base = replace(Cards(5).one(), left=1, expires_at=NOW + DAY_S)

    def card(id_: str, title: str, text: str, published: int) -> object:
        return replace(
            base,
            id=id_ * 16,
            title_terms=tuple(title.split()),
            text_terms=tuple(text.split()),
            published_at=published,
        )

    cards = [
        card("a", "pain", "lait", 3),
        card("b", "pain lait", "", 1),
        card("c", "", "lait pain", 9),
        card("d", "lait", "pain", 4),
        card("e", "lait", "", 5),
    ]
    page = search(Replica(Segment.of(cards)), Query(Where(terms=("pain", "lait")), order="relevance"), NOW)
    assert [hit.card.id[0] for hit in page.hits] == ["b", "d", "a", "c"]


def test_facets_leave_out_the_category_asked_for_and_the_total_does_not() -> None:
    cards = [replace(card, left=1) for card in Cards(6).many(500)]
    everything = search(Replica(Segment.of(cards)), Query(Where()), NOW)
    asked = frozenset(CATEGORIES[:2])
    page = search(Replica(Segment.of(cards)), Query(Where(categories=asked)), NOW)
    assert page.facets == everything.facets
    assert page.total == sum(page.facets[category] for category in asked) < everything.total


def test_cards_on_both_sides_of_the_date_line_and_of_the_pole_are_found_by_their_distance() -> None:
    source = Cards(7)
    places = [
        Point(lat, lon)
        for lat in (-16.9, 89.99, 48.8)
        for lon in (-179.99, -179.9, 179.95, 179.999, 2.3, 0.0)
    ]
    cards = [replace(source.one(), left=1, cell=cell_at(place, CELL_M)) for place in places for _ in range(3)]
    replica, oracle = Replica(Segment.of(cards)), Oracle(cards)
    for near in (*places, Point(-16.9, 180.0), Point(90.0, 0.0), Point(-90.0, 77.0)):
        for radius_m in (0, 5_000, 30_000, 12_000_000, 20_100_000, None):
            for order in ("distance", "newest"):
                query = Query(Where(), near, radius_m, order, 30)
                assert answer(search(replica, query, NOW)) == oracle.search(query, NOW)


def test_grids_of_several_sizes_lie_side_by_side() -> None:
    source, random = Cards(8), Random(8)
    cards = [
        replace(card, cell=cell_at(source.place(), random.choice((100, 250, 1_000))))
        for card in source.many(400)
    ]
    replica, oracle = Replica(Segment.of(cards)), Oracle(cards)
    for _ in range(30):
        query = Query(
            Where(),
            source.place(),
            random.choice((200, 900, 4_000)),
            random.choice(("distance", "ending")),
            9,
        )
        assert answer(search(replica, query, NOW)) == oracle.search(query, NOW)


def test_a_distance_without_a_point_is_refused() -> None:
    for wrong in ({"order": "distance"}, {"radius_m": 100}, {"limit": 0}):
        with pytest.raises(ValueError):
            Query(**wrong)


def test_a_position_that_names_no_id_is_refused() -> None:
    with pytest.raises(ValueError):
        search(Replica(), Query(after=(0, 0, "no id")), NOW)


@pytest.mark.parametrize("order", ORDERS)
def test_a_position_that_no_card_has_is_a_place_in_the_order_all_the_same(order: Order) -> None:
    replica, oracle, source = board(150, 14)
    terms = tuple(source.words[:1])
    for first in (-(10**30), -2, -1, 0, 1, 700, 3_000, 10**30):
        for number in (-(10**30), -NOW, 0, NOW + 9 * DAY_S, 10**30):
            query = Query(Where(terms=terms, state=None), PARIS, None, order, 5, (first, number, "m" * 16))
            assert answer(search(replica, query, NOW)) == oracle.search(query, NOW)


def test_what_is_found_reads_as_the_card_that_was_applied() -> None:
    cards = Cards(9).many(300)
    replica = Replica(Segment.of(cards[:250]))
    replica.apply(cards[250:], NOW)
    by_id = {card.id: card for card in cards}
    fields = (
        "id version kind author category title cell reach_m urgency languages slots spans capacity left full "
        "published_at expires_at needed_by trust"
    ).split()
    hits = search(replica, Query(Where(state=None), PARIS, limit=300), NOW - DAY_S).hits
    assert len(hits) == 300
    for shown, _ in hits:
        assert {name: getattr(shown, name) for name in fields} == {
            name: getattr(by_id[shown.id], name) for name in fields
        }


def test_positions_of_the_oracle_are_those_of_the_board() -> None:
    replica, oracle, _ = board(200, 12)
    for order in ORDERS:
        query = Query(Where(state=None), PARIS, None, order, 5)
        page = search(replica, query, NOW)
        assert page.next == position(query, oracle.known[page.hits[-1].card.id])
