"""A snapshot gives back the segment it was made of, and what is not one whole snapshot is refused."""

from random import Random

import pytest

from chalicelib.board import snapshot
from chalicelib.board.model import Query, Where
from chalicelib.board.replica import Replica
from chalicelib.board.search import search
from chalicelib.board.segment import Segment
from chalicelib.board.snapshot import PART_BYTES, dump, load
from tests.cards import NOW, PARIS, Cards
from tests.oracle import Oracle, answer

SOURCE = Cards(31)
CARDS = SOURCE.many(400)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_BODY", 1_000)


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 9, 63, 256, 257, 400])
def test_what_was_dumped_is_loaded(size: int) -> None:
    cards = CARDS[:size]
    segment = Segment.of(cards)
    loaded = load(dump(segment))
    assert list(Replica(loaded).cards(0)) == list(Replica(segment).cards(0))
    replica, oracle = Replica(loaded), Oracle(cards)
    changes = [SOURCE.changed(card) for card in cards[::3]]
    replica.apply(changes, NOW)
    oracle.apply(changes)
    for order in ("distance", "newest", "ending", "relevance"):
        query = Query(Where(terms=tuple(SOURCE.words[:1]), state=None), PARIS, 4_000, order, 50)
        assert answer(search(replica, query, NOW)) == oracle.search(query, NOW)


def test_the_same_cards_give_the_same_parts_in_whatever_order_they_come() -> None:
    assert dump(Segment.of(CARDS)) == dump(Segment.of(reversed(CARDS)))
    assert dump(load(dump(Segment.of(CARDS)))) == dump(Segment.of(CARDS))


@pytest.mark.usefixtures("small_parts")
def test_every_part_fits_an_item_and_there_is_always_one() -> None:
    parts = dump(Segment.of(CARDS))
    assert len(parts) > 20
    assert max(map(len, parts)) <= 1_024 < PART_BYTES
    assert len(dump(Segment.of([]))) == 1
    assert len(load(parts)) == 400


@pytest.mark.usefixtures("small_parts")
def test_a_flipped_bit_or_a_cut_is_refused_wherever_it_is() -> None:
    parts, random = dump(Segment.of(CARDS[:60])), Random(1)
    for index, part in enumerate(parts):
        places = [*range(32), len(part) - 1, *(random.randrange(len(part)) for _ in range(30))]
        damaged = [part[:at] + bytes([part[at] ^ 1 << random.randrange(8)]) + part[at + 1 :] for at in places]
        for wrong in (*damaged, part[:-1], part[:5], b"", part + b"\0"):
            with pytest.raises(ValueError):
                load([*parts[:index], wrong, *parts[index + 1 :]])


@pytest.mark.usefixtures("small_parts")
def test_parts_missing_mixed_or_out_of_order_are_refused() -> None:
    parts, others = dump(Segment.of(CARDS[:200])), dump(Segment.of(CARDS[1:201]))
    assert len(parts) == len(others)
    for wrong in (
        [],
        parts[:-1],
        parts[1:],
        parts[::-1],
        [*parts, parts[-1]],
        [others[0], *parts[1:]],
        [*parts[:-1], others[-1]],
    ):
        with pytest.raises(ValueError):
            load(wrong)


@pytest.mark.usefixtures("small_parts")
def test_control_without_the_digest_parts_of_two_snapshots_would_pass_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot, "thaw", lambda data: data)
    parts, others = dump(Segment.of(CARDS[:200])), dump(Segment.of(CARDS[1:201]))
    plain = [snapshot._part(b"\0" * 8, at, len(parts), part[24:]) for at, part in enumerate(parts)]
    strange = [snapshot._part(b"\0" * 8, at, len(parts), part[24:]) for at, part in enumerate(others)]
    assert load([*plain[:-1], strange[-1]])


def test_a_card_takes_about_a_hundred_bytes_at_most() -> None:
    assert sum(map(len, dump(Segment.of(CARDS)))) < 120 * len(CARDS)
