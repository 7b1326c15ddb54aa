"""The parts a segment is made of, each against its plainest form."""

from array import array
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.board.bits import from_flags, from_slots, slots_of, window
from chalicelib.board.cells import Cells, place
from chalicelib.board.columns import Coded, Sparse
from chalicelib.board.ids import Authors, Ids, pack, unpack
from chalicelib.board.ranked import Ranked
from chalicelib.board.text import Postings, Titles
from chalicelib.board.times import Dated, Weeks
from chalicelib.listings.windows import ANY_TIME, overlap
from chalicelib.places.model import Point, cell_at, distance_m
from tests.cards import ID_LETTERS, NOW, PARIS, Cards

IDS = st.text(ID_LETTERS, min_size=16, max_size=16)
SLOTS = st.sets(st.integers(0, 300))


@settings(max_examples=40, deadline=None)
@given(SLOTS)
def test_a_set_of_slots_is_read_as_it_was_written(slots: set[int]) -> None:
    bits = from_slots(slots, 301)
    assert slots_of(bits) == sorted(slots)
    assert slots_of(bits, 7) == [slot + 7 for slot in sorted(slots)]
    assert from_flags(bytes(48 + (slot in slots) for slot in range(301))) == bits


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 200)))
def test_a_window_holds_the_slots_of_its_runs(edges: set[int]) -> None:
    ordered = sorted(edges)[: len(edges) // 2 * 2]
    runs = list(zip(ordered[::2], ordered[1::2], strict=True))
    low, bits = window(runs)
    assert slots_of(bits, low) == [slot for start, end in runs for slot in range(start, end)]


@settings(max_examples=40, deadline=None)
@given(st.lists(IDS, min_size=1, unique=True))
def test_packed_ids_sort_as_their_text_and_come_back(ids: list[str]) -> None:
    assert [unpack(pack(id_)) for id_ in ids] == ids
    assert sorted(ids) == sorted(ids, key=pack)
    column = Ids.of([pack(id_) for id_ in ids])
    assert [column.find(pack(id_)) for id_ in ids] == list(range(len(ids)))
    assert column.find(pack("z" * 16)) in {None, *range(len(ids))}


@pytest.mark.parametrize(
    "wrong", ["", "a" * 15, "a" * 17, "A" * 16, "1" * 16, "a" * 15 + "\n", "a_" * 8, " " + "a" * 15]
)
def test_what_is_no_id_is_not_packed(wrong: str) -> None:
    with pytest.raises(ValueError):
        pack(wrong)


@pytest.mark.parametrize("count", [1, 5, 256, 257, 700])
def test_a_coded_column_gives_back_its_values_and_their_slots(count: int) -> None:
    random = Random(count)
    items = [random.randrange(count) for _ in range(900)]
    column = Coded.of(items)
    assert [column[slot] for slot in range(900)] == items
    assert slots_of(column.equal(items[3])) == [slot for slot, item in enumerate(items) if item == items[3]]
    assert column.equal(-1) == 0
    assert slots_of(column.where("odd", lambda item: item % 2 == 1)) == [
        s for s, item in enumerate(items) if item % 2
    ]
    chosen = array("I", range(0, 900, 7))
    assert [column.gathered(chosen)[at] for at in range(len(chosen))] == items[::7]


def test_a_sparse_column_and_authors_give_back_what_they_hold() -> None:
    items = [None, 5, None, 0, -7, None]
    assert [Sparse.of(items).get(slot) for slot in range(6)] == items
    authors = [Cards(1).id() for _ in range(3)] * 4
    assert [Authors.of(authors)[slot] for slot in range(12)] == authors


@pytest.mark.parametrize("size", [1, 2, 3, 64, 129, 400, 1_025, 3_000])
def test_the_first_of_a_set_are_those_that_sorting_it_gives(size: int) -> None:
    random = Random(size)
    numbers = [random.randrange(41) for _ in range(size)]
    ids = Ids.of([random.randbytes(10) for _ in numbers])
    ranked = Ranked.of(numbers, ids)
    key = lambda slot: (numbers[slot], ids.at(slot))  # noqa: E731
    order = sorted(range(len(numbers)), key=key)
    assert [ranked.number(slot) for slot in order] == sorted(numbers)
    for _ in range(12):
        among = {slot for slot in order if random.random() < random.choice((0.02, 0.5, 1))}
        start, many = random.randrange(len(order) + 1), random.randint(1, 30)
        expected = [slot for slot in order[start:] if slot in among][:many]
        bits = from_slots(among, len(order))
        assert ranked.first(bits, len(among), many, start) == expected
        assert ranked._split(bits, len(among), many, start) == expected
        number = random.randint(-1, 41)
        assert slots_of(ranked.beyond(number)) == [s for s in range(len(numbers)) if numbers[s] > number]
        last = order[start - 1]
        assert ranked.rank_after(*key(last), ids) == (start or len(order))


@pytest.mark.parametrize("size", [1, 7, 8, 9, 200, 3_000])
def test_terms_are_found_where_they_are_however_common(size: int) -> None:
    random = Random(size)
    common = [
        {word for word, often in (("a", 0.9), ("b", 0.2), ("c", 0.01)) if random.random() < often}
        for _ in range(size)
    ]
    titles = [tuple(words - {"b"}) for words in common]
    texts = [tuple(words & {"b"}) for words in common]
    postings = Postings.of(titles, texts)
    for term in "abcd":
        assert slots_of(postings.anywhere(term)) == [
            slot for slot, words in enumerate(common) if term in words
        ]
        assert slots_of(postings.in_title(term)) == [
            slot for slot, words in enumerate(titles) if term in words
        ]
    assert [({*title}, {*text}) for title, text in postings.by_slot()] == [
        ({*t}, {*x}) for t, x in zip(titles, texts, strict=True)
    ]


def test_titles_come_back_whatever_letters_they_are_of() -> None:
    titles = ["", "é", "çà et là\n", "مساعدة", "x" * 300, *map(str, range(5_000))]
    column = Titles.of(titles)
    assert [column[slot] for slot in range(len(titles))] == titles


def test_times_meet_as_the_windows_say() -> None:
    source = Cards(4)
    masks = [source.random.choice((0, ANY_TIME, source.mask())) for _ in range(500)]
    spans = [tuple(source.span() for _ in range(source.random.randrange(3))) for _ in range(500)]
    weeks, dated = Weeks(Coded.of(masks)), Dated.of(spans)
    assert [dated[slot] for slot in range(500)] == spans
    for asked in (0, 1, 1 << 335, ANY_TIME, *(source.mask() for _ in range(30))):
        assert slots_of(weeks.meets(asked)) == [slot for slot, mask in enumerate(masks) if mask & asked]
    for asked in ((source.span(), source.span()), (source.span(),), ((NOW, NOW),), ((0, 1 << 40),), ()):
        assert slots_of(dated.meets(asked)) == [
            slot for slot, held in enumerate(spans) if overlap(held, asked)
        ]
    assert Dated.of([()]).meets(((0, 9),)) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3_000), st.floats(-0.06, 0.06), st.floats(-0.06, 0.06), st.integers(0, 9_000))
def test_a_disc_has_the_cells_whose_centre_is_near_enough(
    size_m: int, north: float, east: float, radius_m: int
) -> None:
    random = Random(size_m)
    around = [Point(PARIS.lat + random.gauss(0, 0.03), PARIS.lon + random.gauss(0, 0.04)) for _ in range(40)]
    cells = sorted({cell_at(point, size_m) for point in around}, key=place)
    column, point = Cells.of(cells), Point(PARIS.lat + north, PARIS.lon + east)
    metres = [distance_m(point, cell.centre) for cell in cells]
    assert [column.at(slot) for slot in range(len(cells))] == cells
    assert column.distances(point, range(len(cells))) == metres
    for radius in (radius_m, metres[0], metres[0] - 1):
        found = [slot for start, end in column.disc(point, radius) for slot in range(start, end)]
        assert found == [slot for slot, far in enumerate(metres) if far <= radius]


def test_control_a_box_around_the_disc_has_cells_that_are_too_far() -> None:
    corner = Point(PARIS.lat + 0.008, PARIS.lon + 0.012)
    assert abs(corner.lat - PARIS.lat) * 111_195 < 1_000
    assert distance_m(Point(PARIS.lat, corner.lon), PARIS) < 1_000
    assert distance_m(corner, PARIS) > 1_000
