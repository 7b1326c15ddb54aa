"""R11: a search says what the table says, whoever writes meanwhile, wherever the replica began."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import Event, Semaphore

import pytest

from chalicelib.board import service
from chalicelib.board.model import Query, Where
from chalicelib.board.service import OVERLAP_MS, LiveBoard
from tests.samples import an_id
from tests.town import Town

EVERYTHING = Query(Where(state=None), limit=10_000)


def wrong_answers(queries, seed=1, *, searchers=3, writers=3):
    """Ask so many questions of a town of writers; return how many were answered wrongly.

    Two searchers share a board, the others have their own; one function in fifty begins anew.
    """
    town = Town(seed, late_ms=OVERLAP_MS)
    for _ in range(150):
        town.act(town.random)
    town.board().save_snapshot(town.now)
    over, turns, shared = Event(), Semaphore(writers), town.board()

    def write(number):
        random, missed = Random(f"{seed} writes {number}"), 0
        board = town.board()
        while turns.acquire(timeout=60) and not over.is_set():
            listing_id = town.act(random)
            version = town.versions()[listing_id]
            hits = board.search(EVERYTHING, town.now).hits if random.random() < 0.1 else ()
            missed += any(hit.card.id == listing_id and hit.card.version < version for hit in hits)
        return missed

    def ask(number):
        random, wrong = Random(f"{seed} asks {number}"), 0
        board = shared if number < 2 else town.board()
        for turn in range(queries // searchers):
            if number >= 2 and turn % 50 == 49:
                board = town.board()
            if number == 0 and turn % 100 == 99:
                board.save_snapshot(town.now)
            turns.release()
            wrong += not town.same(board, town.query(random))
        return wrong

    with ThreadPoolExecutor(searchers + writers) as pool:
        writing = [pool.submit(write, number) for number in range(writers)]
        asking = [pool.submit(ask, number) for number in range(searchers)]
        try:
            wrong = sum(asked.result() for asked in asking)
        finally:
            over.set()
            turns.release(writers)
        return wrong + sum(written.result() for written in writing)


def test_every_search_says_what_the_table_says_while_others_write():
    assert wrong_answers(360) == 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_ten_thousand_searches_say_what_the_table_says_while_others_write(seed):
    assert wrong_answers(2_001, seed) == 0


def test_a_search_begun_after_a_listing_was_posted_shows_it():
    town = Town(2, late_ms=OVERLAP_MS)
    boards = [town.board() for _ in range(3)]
    for turn in range(60):
        posted = town.post(town.random)
        page = boards[turn % 3].search(EVERYTHING, town.now)
        assert posted in {hit.card.id for hit in page.hits}


def missed_when_late(late_ms, turns=120):
    """Return how many searches of a board that is asked again and again differ from the table."""
    town, wrong = Town(3, late_ms=late_ms), 0
    board = town.board()
    for _ in range(turns):
        town.act(town.random)
        wrong += not town.same(board, EVERYTHING)
    return wrong


def test_a_change_that_is_logged_late_is_seen():
    assert missed_when_late(OVERLAP_MS) == 0


def test_a_board_that_reads_only_what_is_new_is_found_out(monkeypatch):
    monkeypatch.setattr(service, "OVERLAP_MS", 0)
    assert missed_when_late(OVERLAP_MS) > 10


def shown_after_it_left(begun):
    """Say whether a function that has just begun shows a listing whose end was logged before its beginning.

    It is posted 20 s before the function begins and taken back 10 s before; but the line of that says 35 s,
    which is older than the lines that are read again.
    """
    town = Town(1, tick_ms=1)
    posted = town.house.publishing.get(town.post(town.random))
    town.time_passes(seconds=10)
    town.tables.late = lambda: 25_000
    town.house.publishing.listings.save(posted.withdrawn(town.now))
    town.time_passes(seconds=10)
    if begun == "of a snapshot":
        town.board().save_snapshot(town.now)
    return bool(town.board().search(EVERYTHING, town.now).hits)


@pytest.mark.parametrize("begun", ["of a snapshot", "of the tables"])
def test_a_function_that_has_just_begun_knows_what_left_the_board(monkeypatch, begun):
    assert not shown_after_it_left(begun)
    monkeypatch.setattr(LiveBoard, "_forgotten", lambda _board: ())
    assert shown_after_it_left(begun)


def test_a_snapshot_and_the_log_since_are_the_table():
    town = Town(5)
    for _ in range(300):
        town.act(town.random)
    assert town.board().save_snapshot(town.now).done == 1
    for _ in range(60):
        town.act(town.random)
    forget_lines_before_the_snapshot(town)
    late = town.board()
    assert all(town.same(late, town.query(town.random)) for _ in range(60))
    assert town.same_helpers(late)


def test_a_snapshot_is_made_when_enough_has_changed_and_once():
    town = Town(5)
    board, other = town.board(), town.board()
    for _ in range(300):
        town.act(town.random)
    town.time_passes(days=0.1)
    assert board.save_snapshot(town.now).done == 1
    assert other.save_snapshot(town.now).done == 0
    town.time_passes(days=1)
    assert other.save_snapshot(town.now).done == 1


@pytest.mark.parametrize("harm", ["gone", "damaged", "of another"])
def test_a_snapshot_that_is_not_whole_is_not_begun_from(harm):
    town = Town(6)
    for _ in range(120):
        town.act(town.random)
    town.board().save_snapshot(town.now)
    rows = town.tables._rows["changes"]
    for key in [key for key in rows if key[0].startswith("snapshot#")]:
        if harm == "gone":
            del rows[key]
        else:
            body = rows[key]["body"]
            rows[key]["body"] = body[:40] + b"harm" + body[44:] if harm == "damaged" else b"EBS1" + body[:40]
    assert town.same(town.board(), EVERYTHING)


def a_week_away(days, snapshots):
    """Say whether a function answers rightly that slept while the town went on and the log forgot."""
    town = Town(7)
    for _ in range(120):
        town.act(town.random)
    sleeper = town.board()
    assert town.same(sleeper, EVERYTHING)
    for _ in range(days):
        for _ in range(15):
            town.act(town.random)
        town.time_passes(days=1)
        if snapshots:
            town.board().save_snapshot(town.now)
        forget_old_lines(town)
    return town.same(sleeper, EVERYTHING) and town.same_helpers(sleeper)


@pytest.mark.parametrize("snapshots", [True, False])
@pytest.mark.parametrize("days", [2, 6, 8])
def test_a_replica_older_than_the_log_begins_anew(days, snapshots):
    assert a_week_away(days, snapshots)


def test_a_replica_that_trusts_the_log_for_ever_is_found_out(monkeypatch):
    monkeypatch.setattr(service, "DAY_MS", 10**15)
    assert not a_week_away(8, snapshots=True)


def test_paging_through_a_quiet_town_gives_the_whole_answer_once():
    town = Town(8)
    for _ in range(200):
        town.act(town.random)
    board, now = town.board(), town.now
    for _ in range(40):
        query = town.query(town.random)
        whole = board.search(replace(query, limit=1_000), now)
        seen, page = [], board.search(query, now)
        while True:
            seen += page.hits
            assert (page.total, page.facets) == (whole.total, whole.facets)
            if page.next is None:
                break
            page = board.search(replace(query, after=page.next), now)
        assert [hit.card.id for hit in seen] == [hit.card.id for hit in whole.hits]


def test_an_empty_town_has_an_empty_board():
    town = Town(9)
    page = town.board().search(EVERYTHING, town.now)
    assert (page.hits, page.total, page.next) == ((), 0, None)
    assert town.board().helper(an_id("nobody")).asked == ()


def forget_old_lines(town):
    """What DynamoDB does to lines past their time, if late."""
    rows, now = town.tables._rows["changes"], town.now
    for key in [key for key, row in rows.items() if row.get("purge_at", now + 1) <= now]:
        del rows[key]


def forget_lines_before_the_snapshot(town):
    head = town.board()._log.head()
    rows, since = town.tables._rows["changes"], f"{head.position_ms - 2 * OVERLAP_MS:013d}"
    for key in [key for key, row in rows.items() if row["pk"] == "log" and row["sk"] < since]:
        del rows[key]
