"""A city's data leaves and comes back item for item, and no city is destroyed over data that goes nowhere."""

import json

import pytest

from infra.ops import copying, destroy, leftovers, say
from infra.ops.cloud import cloud
from infra.ops.folder import line_of, opened
from infra.ops.stops import Exit
from tests.ops.conftest import enter

ODD = [
    {
        "pk": {"S": "né"},
        "sk": {"S": "me"},
        "photo": {"B": b"\x00\xff"},
        "on": {"BOOL": True},
        "none": {"NULL": True},
    },
    {
        "pk": {"S": "sets"},
        "sk": {"S": "me"},
        "n": {"NS": ["2", "1"]},
        "s": {"SS": ["b", "a"]},
        "b": {"BS": [b"2", b"1"]},
    },
    {
        "pk": {"S": "deep"},
        "sk": {"S": "me"},
        "m": {"M": {"l": {"L": [{"N": "1.5"}, {"M": {"x": {"B": b"\x01"}}}]}}},
    },
]
MANY = [{"pk": {"S": f"p{n}"}, "sk": {"S": "me"}} for n in range(6)]


@pytest.fixture
def mulhouse(operator):
    operator.opens("mulhouse")
    operator.put("mulhouse", "people", *ODD)
    operator.put(
        "mulhouse", "listings", {"pk": {"S": "a listing"}, "author": {"S": "né"}, "created_key": {"S": "1"}}
    )
    return operator


def test_a_city_moves_to_another_account_with_every_item_and_its_key(mulhouse, engine, tmp_path, monkeypatch):
    there, again = str(tmp_path / "there"), str(tmp_path / "again")
    said = mulhouse.says("export", "mulhouse", there, "--closed", "--json")
    assert said.code == 0, said.err
    enter(monkeypatch, engine.url, "200000000001", tmp_path / "other")
    assert (
        mulhouse.says("deploy", "mulhouse", "--key-from", there, "--ops", "o@example.org", "--yes").code == 0
    )
    moved = mulhouse.says("import", "mulhouse", there, "--yes")
    assert moved.code == 0, moved.err
    assert "compared item by item" in moved.out
    after = mulhouse.says("export", "mulhouse", again, "--json").result
    assert after["tables"] == said.result["tables"]
    assert (tmp_path / "again" / "signing.key").read_text() == (
        tmp_path / "there" / "signing.key"
    ).read_text()
    assert not (tmp_path / "there" / "signing.key").stat().st_mode & 0o077
    assert mulhouse.says("deploy", "mulhouse", "--yes").code == 0


def test_an_export_that_was_interrupted_goes_on_where_it_was(mulhouse, tmp_path, monkeypatch):
    mulhouse.put("mulhouse", "people", *MANY)
    folder, adding, pages = tmp_path / "folder", copying.Folder.add, []
    monkeypatch.setattr(copying, "PAGE", 2)

    def add(self, *page):
        if len(pages) == 9:
            raise KeyboardInterrupt
        pages.append(page[0])
        adding(self, *page)

    with monkeypatch.context() as during:
        during.setattr(copying.Folder, "add", add)
        assert mulhouse.says("export", "mulhouse", str(folder)).code == Exit.INTERRUPTED
    assert not opened(folder).complete
    monkeypatch.setattr(
        copying.Folder, "add", lambda self, *page: (pages.append(page[0]), adding(self, *page))
    )
    said = mulhouse.says("export", "mulhouse", str(folder), "--json")
    assert said.result["tables"]["people"]["items"] == len(ODD) + len(MANY)
    assert len(pages) == len([part for table in opened(folder).tables.values() for part in table.parts])
    whole = str(tmp_path / "whole")
    assert mulhouse.says("export", "mulhouse", whole, "--json").result["tables"] == said.result["tables"]


def test_a_long_export_says_how_far_it_is_where_no_bar_can_show_it(mulhouse, tmp_path, monkeypatch):
    mulhouse.put("mulhouse", "people", *MANY)
    monkeypatch.setattr(copying, "PAGE", 2)
    assert "items  people" not in mulhouse.says("export", "mulhouse", str(tmp_path / "quick")).err
    monkeypatch.setattr(say, "SILENCE_S", 0.0)
    assert "items  people" in mulhouse.says("export", "mulhouse", str(tmp_path / "slow")).err
    assert mulhouse.says("export", "mulhouse", str(tmp_path / "json"), "--json").err == ""


def test_an_import_that_was_interrupted_goes_on_and_a_full_city_is_not_written_over(
    mulhouse, tmp_path, monkeypatch
):
    folder = str(tmp_path / "folder")
    mulhouse.says("export", "mulhouse", folder)
    full = mulhouse.says("import", "mulhouse", folder, "--yes")
    assert full.code == Exit.REFUSED
    assert "holds data already" in full.err
    assert mulhouse.says("destroy", "mulhouse", "--export-to", str(tmp_path / "last"), "--yes").code == 0
    mulhouse.says("deploy", "mulhouse", "--key-from", folder, "--ops", "o@example.org", "--yes")
    mulhouse.put("mulhouse", "jobs", {"pk": {"S": "a mark of the empty city"}, "at": {"N": "1"}})
    putting = copying._put

    def put(client, name, items, say):
        if name.endswith("people"):
            raise KeyboardInterrupt
        putting(client, name, items, say)

    with monkeypatch.context() as during:
        during.setattr(copying, "_put", put)
        stopped = mulhouse.says("import", "mulhouse", folder, "--yes")
    assert stopped.code == Exit.INTERRUPTED
    assert "its doors are closed" in stopped.err
    assert mulhouse.says("status", "mulhouse", "--json").result["closed"]
    assert mulhouse.says("import", "mulhouse", folder, "--yes").code == 0
    status = mulhouse.says("status", "mulhouse", "--json").result
    assert not status["closed"]
    assert "a mark of the empty city" not in status["jobs"]


def test_a_folder_that_was_altered_or_is_of_another_key_is_refused(mulhouse, tmp_path):
    folder = tmp_path / "folder"
    mulhouse.says("export", "mulhouse", str(folder))
    mulhouse.says("destroy", "mulhouse", "--export-to", str(tmp_path / "last"), "--yes")
    mulhouse.opens("mulhouse")
    other = mulhouse.says("import", "mulhouse", str(folder), "--yes")
    assert other.code == Exit.REFUSED
    assert "another signing key" in other.err
    mulhouse.says("destroy", "mulhouse", "--yes")
    mulhouse.says("deploy", "mulhouse", "--key-from", str(folder), "--ops", "o@example.org", "--yes")
    part = folder / opened(folder).tables["people"].parts[0].file
    part.write_bytes(part.read_bytes().replace(b"deep", b"Deep"))
    altered = mulhouse.says("import", "mulhouse", str(folder), "--yes")
    assert altered.code == Exit.REFUSED
    assert "its checksum differs" in altered.err


def test_a_city_that_holds_data_is_not_destroyed_and_then_leaves_nothing(mulhouse, tmp_path):
    refused = mulhouse.says("destroy", "mulhouse", "--yes")
    assert refused.code == Exit.REFUSED
    assert refused.next == "Next: entraide destroy mulhouse --export-to FOLDER"
    assert mulhouse.client("dynamodb").scan(TableName="entraide-mulhouse-people")["Count"] == len(ODD)
    mulhouse.opens("namur")
    folder = tmp_path / "folder"
    done = mulhouse.says("destroy", "mulhouse", "--export-to", str(folder), "--yes")
    assert done.code == 0, done.err
    lines = (folder / opened(folder).tables["people"].parts[0].file).read_bytes().splitlines()
    assert sorted(lines) == sorted(map(line_of, ODD))
    assert _named(mulhouse, "mulhouse") == []
    assert leftovers.found(cloud(), "mulhouse") == []
    assert mulhouse.says("deploy", "namur", "--yes", "--json").result["done"][0]["changed"] == 0
    assert "Nothing of mulhouse" in mulhouse.says("destroy", "mulhouse", "--yes").out


def test_a_destruction_that_was_interrupted_loses_nothing_and_is_ended_by_the_same_command(
    mulhouse, tmp_path, monkeypatch
):
    folder = str(tmp_path / "folder")

    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    for place, step in (
        (destroy, "copy_out"),
        (destroy, "refuse_difference"),
        (destroy, "remove_stack"),
        (leftovers, "_remove_table"),
    ):
        with monkeypatch.context() as during:
            during.setattr(place, step, interrupt)
            stopped = mulhouse.says("destroy", "mulhouse", "--export-to", folder, "--yes")
        if stopped.code == 0:  # the emulator removes tables with the stack, though they are to stay
            break
        assert stopped.code == Exit.INTERRUPTED
    mulhouse.says("destroy", "mulhouse", "--export-to", folder, "--yes")
    assert _named(mulhouse, "mulhouse") == []
    assert json.loads((tmp_path / "folder" / "manifest.json").read_text())["tables"]["people"]["parts"][0][
        "items"
    ] == len(ODD)


def test_what_all_cities_of_an_account_share_is_not_destroyed_as_a_city(mulhouse):
    said = mulhouse.says("destroy", "account", "--yes")
    assert said.code == Exit.USAGE
    assert "is the stack that all cities of an account share" in said.err
    assert mulhouse.status("account").endswith("_COMPLETE")
    assert mulhouse.says("deploy", "mulhouse", "--yes").code == 0


def test_a_table_that_an_upgrade_added_is_exported_before_a_city_is_destroyed(mulhouse, tmp_path):
    folder = tmp_path / "folder"
    mulhouse.says("export", "mulhouse", str(folder))
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["tables"]["people"]  # an older version had no such table
    (folder / "manifest.json").write_text(json.dumps(manifest))
    said = mulhouse.says("destroy", "mulhouse", "--export-to", str(folder), "--yes")
    assert said.code == 0, said.err
    assert opened(folder).tables["people"].items == len(ODD)


def test_no_city_is_destroyed_while_the_folder_lacks_its_key(mulhouse, tmp_path, monkeypatch):
    folder, name = tmp_path / "folder", "/entraide/mulhouse/signing-key"
    asked = {"Name": name, "WithDecryption": True}
    key = mulhouse.client("ssm").get_parameter(**asked)["Parameter"]["Value"]

    def interrupt(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(copying, "signing_key", interrupt)
        stopped = mulhouse.says("destroy", "mulhouse", "--export-to", str(folder), "--yes")
    assert stopped.code == Exit.INTERRUPTED
    done = mulhouse.says("destroy", "mulhouse", "--export-to", str(folder), "--yes")
    assert done.code == 0, done.err
    assert mulhouse.client("ssm").get_parameters(Names=[name])["InvalidParameters"] == [name]
    assert (folder / "signing.key").read_text() == key


@pytest.mark.parametrize("command", [["export", "mulhouse"], ["destroy", "mulhouse", "--yes", "--export-to"]])
def test_a_folder_with_all_tables_and_no_key_is_no_whole_export(mulhouse, tmp_path, command):
    folder = tmp_path / "folder"
    mulhouse.says("export", "mulhouse", str(folder))
    key = (folder / "signing.key").read_text()
    (folder / "signing.key").unlink()
    said = mulhouse.says(*command, str(folder))
    assert said.code == 0, said.err
    assert (folder / "signing.key").read_text() == key


def test_an_older_export_does_not_do_for_a_destruction(mulhouse, tmp_path):
    folder = str(tmp_path / "folder")
    mulhouse.says("export", "mulhouse", folder)
    mulhouse.put("mulhouse", "people", {"pk": {"S": "newcomer"}, "sk": {"S": "me"}})
    said = mulhouse.says("destroy", "mulhouse", "--export-to", folder, "--yes")
    assert said.code == Exit.REFUSED
    assert "people differ" in said.err
    assert mulhouse.client("dynamodb").scan(TableName="entraide-mulhouse-people")["Count"] == len(ODD) + 1


def _named(operator, slug):
    """Return all in the account that carries the city's name."""
    names = [
        *operator.client("dynamodb").list_tables()["TableNames"],
        *(each["FunctionName"] for each in operator.client("lambda").list_functions()["Functions"]),
        *(each["logGroupName"] for each in operator.client("logs").describe_log_groups()["logGroups"]),
        *operator.client("sqs").list_queues().get("QueueUrls", ()),
        *(each["Name"] for each in operator.client("events").list_rules()["Rules"]),
        *(each["Name"] for each in operator.client("ssm").describe_parameters()["Parameters"]),
        *(each["RoleName"] for each in operator.client("iam").list_roles()["Roles"]),
        *(each["name"] for each in operator.client("apigateway").get_rest_apis()["items"]),
        *(each["AlarmName"] for each in operator.client("cloudwatch").describe_alarms()["MetricAlarms"]),
        *(
            each["Key"]
            for each in operator.client("s3")
            .list_objects_v2(Bucket=f"entraide-code-{operator.account}-eu-west-3")
            .get("Contents", ())
        ),
    ]
    return [name for name in names if slug in name]
