"""One suite for everything that is used as a city's tables: in memory, on moto, on ministack."""

from contextlib import nullcontext

import botocore.session
import pytest
from moto import mock_aws
from pynamodb.expressions.operand import Path

from chalicelib.errors import Unavailable
from chalicelib.storage.tables import ATTEMPTS, BATCH, Tables, connect
from chalicelib.storage.transaction import (
    ABSENT,
    LOG,
    LOG_KEPT_S,
    Change,
    ConditionCheck,
    Count,
    Delete,
    Put,
    Refused,
    at_version,
)
from infra.memory import MemoryTables
from tests.engines import fresh_city, ministack_here

REGION = "eu-west-3"
NOW_MS = 1_772_442_000_000


class Stamp:
    """What the clock of every city here shows."""

    ms = NOW_MS


def clock_ms():
    return Stamp.ms


@pytest.fixture(scope="module", params=["memory", "moto", "ministack"])
def city(request):
    """Return the tables of a city, of one of the three kinds."""
    return request.getfixturevalue(f"on_{request.param}")


@pytest.fixture(scope="module")
def on_memory():
    return MemoryTables(clock_ms=clock_ms)


@pytest.fixture(scope="module")
def on_moto():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        with mock_aws():
            client = botocore.session.get_session().create_client("dynamodb", region_name=REGION)
            yield Tables(connect(REGION), fresh_city(client), clock_ms, lambda _: None)


@pytest.fixture(scope="module")
def on_ministack():
    with ministack_here() as engine:
        yield Tables(connect(REGION), fresh_city(engine.dynamodb), clock_ms, lambda _: None)


@pytest.fixture
def tables(city):
    yield city
    for noun, key in KEYS.items():
        rows = list(city.scan(noun))
        for start in range(0, len(rows), 50):
            some = rows[start : start + 50]
            city.commit([Delete(noun, {name: row[name] for name in key}) for row in some])


KEYS = {
    "people": ("pk", "sk"),
    "listings": ("pk",),
    "changes": ("pk", "sk"),
    "matches": ("pk", "sk"),
    "askings": ("pk",),
    "notices": ("pk",),
    "limits": ("pk",),
    "jobs": ("pk",),
}


def keys(rows):
    return [row.get("sk", row["pk"]) for row in rows]


def test_what_is_put_is_read_back_with_its_types(tables):
    item = {
        "pk": "a",
        "text": "né à Mulhouse, rue de l’Église 🏘",
        "empty": "",
        "whole": 10**20,
        "below": -1,
        "yes": True,
        "no": False,
        "bytes": b"\x00\xff",
        "parts": ("x", 1, (True, b"")),
        "none_of_them": (),
        "named": {"a": 1, "b": {"c": ("d",)}},
    }
    tables.put("listings", item)
    assert tables.get("listings", {"pk": "a"}) == item
    read = tables.get("listings", {"pk": "a"})
    assert read["yes"] is True
    assert type(read["whole"]) is int


def test_what_is_none_is_not_kept(tables):
    tables.put("listings", {"pk": "a", "said": None, "inside": {"x": None, "y": 1}})
    assert tables.get("listings", {"pk": "a"}) == {"pk": "a", "inside": {"y": 1}}


def test_what_was_never_put_is_none(tables):
    assert tables.get("people", {"pk": "a", "sk": "me"}) is None
    assert tables.get("people", {"pk": "a", "sk": "me"}, consistent=False) is None


def test_a_put_replaces_the_whole_item(tables):
    tables.put("listings", {"pk": "a", "old": 1})
    tables.put("listings", {"pk": "a", "new": 2})
    assert tables.get("listings", {"pk": "a"}) == {"pk": "a", "new": 2}


def test_what_was_read_may_be_changed_without_changing_what_is_kept(tables):
    tables.put("listings", {"pk": "a", "named": {"n": 1}})
    tables.get("listings", {"pk": "a"})["named"]["n"] = 2
    assert tables.get("listings", {"pk": "a"})["named"] == {"n": 1}


def test_a_large_binary_comes_back_whole(tables):
    body = bytes(range(256)) * 1_400  # 350 kB, of the 400 kB an item may have
    tables.put("changes", {"pk": "snapshot#1#0", "sk": "part", "body": body})
    assert tables.get("changes", {"pk": "snapshot#1#0", "sk": "part"})["body"] == body


def test_many_are_read_in_the_order_of_their_keys_across_tables_and_batches(tables):
    wanted = []
    for number in range(BATCH + 30):
        noun = ("listings", "notices")[number % 2]
        if number % 3:
            tables.put(noun, {"pk": f"{number:03d}", "number": number})
        wanted.append((noun, {"pk": f"{number:03d}"}))
    wanted.reverse()
    found = tables.get_all(wanted)
    assert [item and item["number"] for item in found] == [
        number if number % 3 else None for number in reversed(range(BATCH + 30))
    ]


def test_the_same_key_may_be_asked_for_twice_and_no_key_at_all(tables):
    tables.put("people", {"pk": "a", "sk": "me", "name": "Monique"})
    key = ("people", {"pk": "a", "sk": "me"})
    assert [item["name"] for item in tables.get_all([key, key])] == ["Monique", "Monique"]
    assert tables.get_all([]) == []


def people(tables, *sort_keys):
    for sort_key in sort_keys:
        tables.put("people", {"pk": "a", "sk": sort_key, "said": sort_key.upper()})
    tables.put("people", {"pk": "b", "sk": "1"})


def test_a_partition_is_read_in_the_order_of_its_sort_keys(tables):
    people(tables, "2", "1", "10", "é", "z")
    rows = list(tables.query("people", Path("pk") == "a"))
    assert keys(rows) == ["1", "10", "2", "z", "é"]
    assert rows[0] == {"pk": "a", "sk": "1", "said": "1"}
    assert keys(tables.query("people", Path("pk") == "a", newest_first=True)) == ["é", "z", "2", "10", "1"]


def test_a_range_of_a_partition_is_read(tables):
    people(tables, "1", "2", "20", "3")
    a = Path("pk") == "a"
    assert keys(tables.query("people", a & (Path("sk") < "2"))) == ["1"]
    assert keys(tables.query("people", a & (Path("sk") >= "2"))) == ["2", "20", "3"]
    assert keys(tables.query("people", a & Path("sk").startswith("2"))) == ["2", "20"]
    assert keys(tables.query("people", a & (Path("sk") == "3"))) == ["3"]
    assert keys(tables.query("people", Path("pk") == "nobody")) == []


def test_a_limit_is_the_most_that_is_read(tables):
    people(tables, "1", "2", "3", "4")
    a = Path("pk") == "a"
    assert keys(tables.query("people", a, limit=2)) == ["1", "2"]
    assert keys(tables.query("people", a, limit=2, newest_first=True)) == ["4", "3"]
    assert keys(tables.query("people", a, limit=9)) == ["1", "2", "3", "4"]


def large_partition(tables):
    for number in range(9):
        tables.put("changes", {"pk": LOG, "sk": f"{number}", "body": b"x" * 300_000})
    return Path("pk") == LOG


def test_a_partition_larger_than_an_answer_is_read_to_its_end(tables):
    condition = large_partition(tables)
    assert keys(tables.query("changes", condition)) == list("012345678")
    assert sorted(keys(tables.scan("changes"))) == list("012345678")


def test_a_limit_holds_across_answers(tables):
    condition = large_partition(tables)
    assert keys(tables.query("changes", condition, limit=5)) == list("01234")


def listings(tables):
    for author, created in (("x", 3), ("x", 1), ("y", 2), ("x", 2)):
        name = f"{author}{created}"
        tables.put(
            "listings", {"pk": name, "author": author, "created_key": f"{created}#{name}", "title": "t"}
        )
    tables.put("listings", {"pk": "apart", "title": "in no index"})
    return Path("author") == "x"


def test_an_index_gives_keys_in_its_own_order_of_what_is_filed_in_it(tables):
    mine = listings(tables)
    rows = list(tables.query("listings", mine, index="author"))
    assert rows[0] == {"pk": "x1", "author": "x", "created_key": "1#x1"}
    assert keys(rows) == ["x1", "x2", "x3"]
    assert keys(tables.query("listings", mine, index="author", newest_first=True, limit=2)) == ["x3", "x2"]
    before = mine & (Path("created_key") < "3")
    assert keys(tables.query("listings", before, index="author", newest_first=True)) == ["x2", "x1"]


def test_an_item_leaves_an_index_with_the_attributes_that_filed_it(tables):
    mine = listings(tables)
    tables.put("listings", {"pk": "x2", "title": "t"})
    tables.commit([Delete("listings", {"pk": "x1"})])
    assert keys(tables.query("listings", mine, index="author")) == ["x3"]


def test_a_scan_gives_everything_once(tables):
    people(tables, *(f"{number:04d}" for number in range(120)))
    assert sorted(keys(tables.scan("people"))) == sorted(["1", *(f"{number:04d}" for number in range(120))])


def test_a_transaction_does_all_of_its_writes(tables):
    tables.put("listings", {"pk": "gone"})
    tables.put("listings", {"pk": "a", "version": 1})
    tables.commit(
        [
            Put("listings", {"pk": "a", "version": 2}, at_version(1)),
            Put("people", {"pk": "b", "sk": "me"}, ABSENT),
            Delete("listings", {"pk": "gone"}),
            Count("limits", {"pk": "c"}, 3, 99),
            Change("listing#a", 2, b"body"),
        ]
    )
    assert tables.get("listings", {"pk": "a"}) == {"pk": "a", "version": 2}
    assert tables.get("people", {"pk": "b", "sk": "me"}) == {"pk": "b", "sk": "me"}
    assert tables.get("listings", {"pk": "gone"}) is None
    assert tables.get("limits", {"pk": "c"}) == {"pk": "c", "count": 1, "purge_at": 99}
    assert [row["body"] for row in tables.scan("changes")] == [b"body"]


@pytest.mark.parametrize("stands", [True, False])
def test_a_transaction_may_depend_on_an_item_it_does_not_write(tables, stands):
    tables.put("listings", {"pk": "a", "version": 2})
    check = ConditionCheck("listings", {"pk": "a"}, at_version(2 if stands else 1))
    writes = [Put("people", {"pk": "b", "sk": "me"}, ABSENT), check]
    if stands:
        tables.commit(writes)
    else:
        with pytest.raises(Refused) as refused:
            tables.commit(writes)
        assert refused.value.writes == [check]
    assert (tables.get("people", {"pk": "b", "sk": "me"}) is not None) is stands
    assert tables.get("listings", {"pk": "a"}) == {"pk": "a", "version": 2}


@pytest.mark.parametrize(("blocked", "refused"), [(None, False), (("x",), False), (("x", "y"), True)])
def test_a_condition_may_be_that_a_list_does_not_hold_a_value(tables, blocked, refused):
    tables.put("people", {"pk": "a", "sk": "me", "blocked": blocked})
    check = ConditionCheck("people", {"pk": "a", "sk": "me"}, ~Path("blocked").contains("y"))
    with pytest.raises(Refused) if refused else nullcontext():
        tables.commit([Put("people", {"pk": "b", "sk": "me"}), check])


def test_a_transaction_with_a_condition_that_fails_does_nothing_and_names_every_such_write(tables):
    tables.put("listings", {"pk": "a", "version": 2})
    tables.put("limits", {"pk": "full", "count": 3})
    fine = Put("people", {"pk": "b", "sk": "me"}, ABSENT)
    stale = Put("listings", {"pk": "a", "version": 2, "title": "x"}, at_version(1))
    full = Count("limits", {"pk": "full"}, 3, 99)
    late = Delete("notices", {"pk": "nobody"}, at_version(1))
    before = everything(tables)
    with pytest.raises(Refused) as refused:
        tables.commit([fine, stale, Change("listing#a", 2, b""), full, late])
    assert list(refused.value.writes) == [stale, full, late]
    assert everything(tables) == before


def everything(tables):
    return {noun: sorted(map(repr, tables.scan(noun))) for noun in KEYS}


def test_a_new_item_is_refused_where_one_stands_even_if_it_is_the_same(tables):
    new = Put("people", {"pk": "a", "sk": "me"}, ABSENT)
    tables.commit([new])
    with pytest.raises(Refused):
        tables.commit([new])
    tables.commit([Put("people", {"pk": "a", "sk": "session"}, ABSENT)])


def test_a_version_is_refused_where_nothing_stands(tables):
    with pytest.raises(Refused):
        tables.commit([Put("listings", {"pk": "a", "version": 1}, at_version(0))])


def test_a_delete_of_nothing_is_done_but_not_under_a_condition(tables):
    tables.commit([Delete("listings", {"pk": "a"})])
    with pytest.raises(Refused):
        tables.commit([Delete("listings", {"pk": "a"}, at_version(1))])


def test_a_counter_stops_at_its_most_and_remembers_its_latest_purge(tables):
    for number in range(3):
        tables.commit([Count("limits", {"pk": "a"}, 3, 100 + number)])
    with pytest.raises(Refused):
        tables.commit([Count("limits", {"pk": "a"}, 3, 999)])
    assert tables.get("limits", {"pk": "a"}) == {"pk": "a", "count": 3, "purge_at": 102}
    tables.commit([Count("limits", {"pk": "a"}, 4, 103)])


def test_no_transaction_writes_one_item_twice(tables):
    twice = [Put("listings", {"pk": "a"}), Delete("listings", {"pk": "a"})]
    with pytest.raises(Exception, match=r"(?i)multiple operations|one item twice"):
        tables.commit(twice)
    assert list(tables.scan("listings")) == []


def test_the_change_log_is_read_in_order_of_time_then_subject(tables, monkeypatch):
    written = ((NOW_MS + 1_000, "listing#b", 1), (NOW_MS, "listing#b", 2), (NOW_MS, "listing#a", 1))
    for stamp, subject, version in written:
        monkeypatch.setattr(Stamp, "ms", stamp)
        tables.commit([Change(subject, version, b"")])
    lines = list(tables.query("changes", (Path("pk") == LOG) & (Path("sk") >= f"{NOW_MS:013d}")))
    assert keys(lines) == [
        f"{NOW_MS:013d}#listing#a#1",
        f"{NOW_MS:013d}#listing#b#2",
        f"{NOW_MS + 1_000:013d}#listing#b#1",
    ]
    assert lines[0]["purge_at"] == NOW_MS // 1_000 + LOG_KEPT_S
    later = (Path("pk") == LOG) & (Path("sk") >= f"{NOW_MS + 1:013d}")
    assert keys(tables.query("changes", later)) == [f"{NOW_MS + 1_000:013d}#listing#b#1"]


class Scripted:
    """A connection that gives the answers it was told to and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def dispatch(self, operation, request):
        self.asked.append((operation, request))
        return self.answers.pop(0)


def test_keys_that_an_answer_left_out_are_asked_for_again_after_a_pause():
    a, b, table = {"pk": {"S": "a"}}, {"pk": {"S": "b"}}, "entraide-c-listings"
    left = {table: {"Keys": [a], "ConsistentRead": True}}
    connection, pauses = (
        Scripted({"Responses": {table: [b]}, "UnprocessedKeys": left}, {"Responses": {table: [a]}}),
        [],
    )
    tables = Tables(connection, "c", clock_ms, pauses.append)
    assert tables.get_all([("listings", {"pk": "a"}), ("listings", {"pk": "b"})]) == [
        {"pk": "a"},
        {"pk": "b"},
    ]
    assert connection.asked[1][1]["RequestItems"] == left
    assert pauses == [1]


def test_keys_that_every_answer_leaves_out_are_said_to_be_unavailable():
    key, table = {"pk": {"S": "a"}}, "entraide-c-listings"
    answers = [{"Responses": {}, "UnprocessedKeys": {table: {"Keys": [key]}}}] * ATTEMPTS
    tables = Tables(Scripted(*answers), "c", clock_ms, lambda _: None)
    with pytest.raises(Unavailable):
        tables.get_all([("listings", {"pk": "a"})])
