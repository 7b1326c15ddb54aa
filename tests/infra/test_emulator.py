import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.session import get_session

from infra.emulator import ROOT, EmulatorError, account_of, emulator
from infra.tables import OtherTable, create_tables, start_purging, table_definitions
from tests.engines import fresh_city, ministack, until

NOTE = {"pk": {"S": "a"}, "text": {"S": "né à Mulhouse"}, "photo": {"B": b"\x00\xff"}, "n": {"N": "7"}}


@pytest.fixture(scope="module")
def engine():
    with ministack() as running:
        yield running


def dynamodb(url, account):
    return get_session().create_client(
        "dynamodb",
        "eu-west-3",
        endpoint_url=url,
        aws_access_key_id=account,
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def answers(url):
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{url}/_ministack/health", timeout=5
        )
    except OSError:
        return False
    return True


def test_every_table_of_a_deployed_city_is_made_with_its_keys_and_indexes(engine):
    city = fresh_city(engine.dynamodb)
    listings = engine.dynamodb.describe_table(TableName=f"entraide-{city}-listings")["Table"]
    assert {index["IndexName"] for index in listings["GlobalSecondaryIndexes"]} == {"author", "due"}
    nouns = {"people", "listings", "changes", "matches", "notices", "limits", "addresses"}
    assert nouns <= {
        name.removeprefix(f"entraide-{city}-") for name in engine.dynamodb.list_tables()["TableNames"]
    }


def test_making_the_tables_again_changes_nothing(engine):
    city = fresh_city(engine.dynamodb)
    engine.dynamodb.put_item(TableName=f"entraide-{city}-limits", Item=NOTE)
    assert create_tables(engine.dynamodb, city, table_definitions()) == ()
    assert (
        engine.dynamodb.get_item(TableName=f"entraide-{city}-limits", Key={"pk": {"S": "a"}})["Item"] == NOTE
    )


def test_a_table_made_from_another_definition_is_refused(engine):
    definitions = dict(table_definitions())
    name = "entraide-${City}-notices"
    older = {name: {**definitions[name], "GlobalSecondaryIndexes": [], "AttributeDefinitions": []}}
    older[name]["AttributeDefinitions"] = [{"AttributeName": "pk", "AttributeType": "S"}]
    del older[name]["GlobalSecondaryIndexes"]
    create_tables(engine.dynamodb, "older", older)
    with pytest.raises(OtherTable, match="entraide-older-notices"):
        create_tables(engine.dynamodb, "older", definitions)


def test_what_is_past_its_time_is_purged(engine):
    city = fresh_city(engine.dynamodb)
    for _ in range(2):
        start_purging(engine.dynamodb, city, table_definitions())
    for noun in ("people", "listings", "changes", "matches", "notices", "limits"):
        answer = engine.dynamodb.describe_time_to_live(TableName=f"entraide-{city}-{noun}")
        assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "purge_at"}


def test_a_deployed_table_is_encrypted_backed_up_and_kept():
    resources = json.loads((ROOT / "infra/resources.json").read_text())["Resources"]
    for table in [table for table in resources.values() if table["Type"] == "AWS::DynamoDB::Table"]:
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
        properties = table["Properties"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        # DynamoDB's own key encrypts it. Another one would be paid for by its uses: more than an idle city.
        assert "SSESpecification" not in properties
        assert properties["DeletionProtectionEnabled"]
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_data_survives_a_clean_stop(tmp_path):
    for start in range(2):
        with emulator(tmp_path, keep=True) as running:
            running.wait()
            client = dynamodb(running.url, account_of("mulhouse"))
            create_tables(client, "mulhouse", table_definitions())
            if start == 0:
                client.put_item(TableName="entraide-mulhouse-limits", Item=NOTE)
            found = client.get_item(TableName="entraide-mulhouse-limits", Key={"pk": {"S": "a"}})
    assert found["Item"] == NOTE
    assert running.process.returncode == 0


def test_two_cities_run_side_by_side_and_see_nothing_of_each_other(tmp_path, engine):
    with emulator(tmp_path, keep=False) as second:
        second.wait()
        assert second.url != engine.url
        assert dynamodb(second.url, account_of("paris")).list_tables()["TableNames"] == []
    city = fresh_city(engine.dynamodb)
    stranger = dynamodb(engine.url, account_of("paris"))
    assert account_of("paris") != account_of("mulhouse")
    assert stranger.list_tables()["TableNames"] == []
    with pytest.raises(stranger.exceptions.ResourceNotFoundException):
        stranger.get_item(TableName=f"entraide-{city}-limits", Key={"pk": {"S": "a"}})


PARENT = """
import sys, time
from pathlib import Path
from infra.emulator import emulator
with emulator(Path(sys.argv[1]), keep=True) as running:
    running.wait()
    print(running.url, running.process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_the_child_saves_and_goes_when_its_parent_dies(tmp_path, death):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with parent:
        url = parent.stdout.readline().split()[0]
        client = dynamodb(url, account_of("mulhouse"))
        create_tables(client, "mulhouse", table_definitions())
        client.put_item(TableName="entraide-mulhouse-limits", Item=NOTE)
        parent.send_signal(death)
        parent.wait()
    until(lambda: not answers(url))
    until(lambda: "né à Mulhouse" in saved(tmp_path))


def test_a_crash_of_the_child_loses_no_more_than_its_last_seconds(tmp_path):
    with emulator(tmp_path, keep=True) as running:
        running.wait()
        client = dynamodb(running.url, account_of("mulhouse"))
        create_tables(client, "mulhouse", table_definitions())
        client.put_item(TableName="entraide-mulhouse-limits", Item=NOTE)
        until(lambda: "né à Mulhouse" in saved(tmp_path))
        running.process.kill()


def test_a_child_that_cannot_start_says_where_to_look(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    with emulator(tmp_path, keep=False) as running, pytest.raises(EmulatorError, match=r"emulator\.log"):
        running.wait()


def saved(directory: Path) -> str:
    path = directory / "state" / "dynamodb.json"
    return json.dumps(json.loads(path.read_text()), ensure_ascii=False) if path.exists() else ""
