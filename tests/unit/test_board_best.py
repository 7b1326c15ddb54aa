"""Best first: who stops at the first card that cannot win has the same winners as who scores every card."""

from bisect import insort
from dataclasses import replace
from random import Random

import pytest

from chalicelib.board.best import best_first
from chalicelib.board.field import Tier
from chalicelib.board.model import Shown, Where
from chalicelib.board.replica import Replica
from chalicelib.board.segment import Segment
from chalicelib.cities.model import CATEGORIES
from chalicelib.listings.card import Card
from chalicelib.places.model import Point, distance_m
from chalicelib.words.alike import Gist, alike, gist
from tests.cards import NOW, Cards

GATE = Where(kind="offer", languages=frozenset({"fr", "en"}))
Ranking = list[tuple[int, int, str]]


def fall(metres: int) -> int:
    return max(0, 100 - metres // 40)


def gain(units: int) -> int:
    return 3 * units


def score(card: Shown, metres: int, units: int, category: str) -> int:
    """What only looking tells is the reach: it can take points away, never give more than the tier says."""
    own = 50 if card.category == category else 0
    return fall(metres) + gain(units) + own + 10 * card.trust + 5 * min(card.left, 3) - (card.reach_m < 1_000)


def tiers(category: str) -> list[Tier]:
    found = [
        Tier(Where(categories=categories, trust=trust, left=left), own + 10 * trust + 5 * left)
        for own, categories in ((50, frozenset({category})), (0, frozenset(CATEGORIES[:3])))
        for trust in range(4)
        for left in range(1, 4)
    ]
    return sorted(found, key=lambda tier: -tier.most)


def ranked(
    replica: Replica, category: str, asked: Gist, point: Point, radius_m: int, many: int
) -> tuple[Ranking, int]:
    best: Ranking = []
    scored, before = 0, 10_000
    for most, metres, units, card in best_first(
        replica,
        GATE,
        tiers(category),
        point=point,
        radius_m=radius_m,
        fall=fall,
        asked=asked,
        gain=gain,
        now=NOW,
    ):
        assert most <= before
        before = most
        if len(best) == many and most < -best[-1][0]:
            break
        scored += 1
        assert score(card, metres, units, category) <= most
        insort(best, (-score(card, metres, units, category), metres, card.id))
        del best[many:]
    return best, scored


def every(cards: dict[str, Card], category: str, asked: Gist, point: Point, radius_m: int) -> Ranking:
    wanted = {category, *CATEGORIES[:3]}
    found = []
    for card in cards.values():
        metres = distance_m(point, card.cell.centre)
        fits = (
            card.kind == "offer"
            and card.left
            and card.category in wanted
            and {"fr", "en"} & {*card.languages}
        )
        if card.stands_at(NOW) and fits and metres <= radius_m:
            found.append((-score(card, metres, alike(asked, card.gist), category), metres, card.id))
    return sorted(found)


@pytest.mark.parametrize(("size", "seed"), [(3, 1), (50, 2), (300, 3), (1_000, 4)])
def test_the_winners_are_those_of_scoring_every_card(size: int, seed: int) -> None:
    source, random = Cards(seed), Random(seed)
    cards = source.many(size)
    replica, known = Replica(Segment.of(cards[: size // 2])), {card.id: card for card in cards}
    changes = cards[size // 2 :] + [source.changed(card) for card in random.sample(cards, size // 4)]
    for at in range(0, len(changes), 19):
        replica.apply(changes[at : at + 19], NOW)
    for card in changes:
        if card.on_board:
            known[card.id] = max(card, known[card.id], key=lambda one: one.version)
        elif card.version > known[card.id].version:
            known[card.id] = replace(card, expires_at=0)
    for _ in range(12):
        category, point = random.choice(CATEGORIES), source.place()
        radius_m, many = random.choice((300, 2_000, 9_000)), random.choice((1, 10, 5_000))
        asked = gist(source.some_words(4), source.some_words(random.choice((0, 12))))
        best, _ = ranked(replica, category, asked, point, radius_m, many)
        assert best == every(known, category, asked, point, radius_m)[:many]


def test_few_cards_are_scored() -> None:
    source = Cards(9)
    replica = Replica(Segment.of(source.many(2_000)))
    scored = [
        ranked(replica, "groceries", source.one().gist, source.place(), 10_000, 10)[1] for _ in range(10)
    ]
    assert max(scored) < 150


def test_a_card_comes_once_though_it_fits_many_tiers() -> None:
    source = Cards(10)
    replica = Replica(Segment.of(source.many(500)))
    found = [
        card.id
        for _, _, _, card in best_first(
            replica,
            GATE,
            tiers("meals"),
            point=source.place(),
            radius_m=20_000,
            fall=fall,
            asked=source.one().gist,
            gain=gain,
            now=NOW,
        )
    ]
    assert len(found) == len(set(found)) > 20


def test_a_gate_without_a_kind_is_refused() -> None:
    with pytest.raises(ValueError):
        next(
            best_first(
                Replica(),
                Where(),
                [],
                point=Point(0, 0),
                radius_m=1,
                fall=fall,
                asked=gist((), ()),
                gain=gain,
                now=NOW,
            )
        )
