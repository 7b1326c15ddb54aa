"""What a month costs follows from the template, from what was measured, and from dated prices."""

import json
from copy import deepcopy

import pytest

from bench.costing import measure, other_units
from bench.metered import MeteredTables
from chalicelib.storage.transaction import ConditionCheck, Delete, at_version
from infra.ops.bill import bill, busy, hourly, idle, load, prices, units
from infra.ops.line import main
from infra.stack.template import city_template, functions_of, handler_of

MOST_EUR = 0.10


@pytest.fixture(scope="module")
def template():
    return city_template("3.13", "arm64")


def test_a_city_in_which_nothing_happens_costs_less_than_ten_cents_a_month(template):
    month = bill(idle(template))
    assert 0.01 < month.eur < MOST_EUR, month.lines
    assert hourly(template) == []


def test_what_people_forget_is_counted(template):
    """The controls: each of these alone takes an idle city over the limit."""
    forgotten = {
        "alarms": {"Type": "AWS::CloudWatch::Alarm", "Properties": {}},
        "dashboards": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {}},
        "customer keys": {"Type": "AWS::KMS::Key", "Properties": {}},
        "secrets": {"Type": "AWS::SecretsManager::Secret", "Properties": {}},
        "custom metrics": {"Type": "AWS::Logs::MetricFilter", "Properties": {}},
    }
    for what, resource in forgotten.items():
        changed = deepcopy(template)
        changed["Resources"]["Forgotten"] = resource
        month = bill(idle(changed))
        assert what in {line.what for line in month.lines}
        assert month.eur > MOST_EUR
    paid_keys = deepcopy(template)
    for resource in paid_keys["Resources"].values():
        if resource["Type"] == "AWS::DynamoDB::Table":
            resource["Properties"]["SSESpecification"] = {"SSEEnabled": True}
    assert bill(idle(paid_keys)).eur > MOST_EUR


def test_a_full_watch_is_paid_for_by_the_alarm(template):
    alarms = sum(each["Type"] == "AWS::CloudWatch::Alarm" for each in template["Resources"].values())
    more = bill(idle(template, full_watch=True)).usd - bill(idle(template)).usd
    assert more == pytest.approx(alarms * 0.10)


@pytest.mark.parametrize(
    ("of", "properties"),
    [
        ("AWS::EC2::NatGateway", {}),
        ("AWS::RDS::DBInstance", {}),
        ("AWS::DynamoDB::Table", {"BillingMode": "PROVISIONED"}),
        ("AWS::Lambda::Alias", {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}}),
        ("AWS::ApiGateway::Stage", {"CacheClusterEnabled": True}),
    ],
)
def test_what_costs_by_the_hour_is_seen(of, properties):
    assert hourly({"Resources": {"Hourly": {"Type": of, "Properties": properties}}}) == ["Hourly"]


def test_every_schedule_and_every_use_was_measured(template):
    schedules = {
        handler_of(name, function)
        for name, function in functions_of(template).items()
        if any(
            "Schedule" in event["Properties"] for event in function["Properties"].get("Events", {}).values()
        )
    }
    assert schedules <= units()["ticks"].keys()
    assert load()["a_resident_in_a_month"].keys() == units()["uses"].keys()


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_what_was_measured_is_what_is_measured_now(whole):
    assert other_units(measure(whole=whole), units()) == [], "python -m bench costing writes units.json anew"


def test_a_check_costs_as_a_write_does_but_for_the_indexes():
    cost = {}
    for write in (ConditionCheck, Delete):
        tables = MeteredTables()
        tables.put("notices", {"pk": "a", "version": 1, "due_hour": "send#1", "due_key": "1"})
        tables.writes = 0
        tables.commit([write("notices", {"pk": "a"}, at_version(1))])
        cost[write] = tables.writes
    assert cost == {ConditionCheck: 2, Delete: 3}


def test_ten_times_the_residents_use_ten_times_as_much(template):
    one, ten = bill(busy(template, 583)), bill(busy(template, 5_830))
    assert ten.usd == pytest.approx(10 * one.usd)
    assert {line.what for line in one.lines} <= prices()["prices"].keys()


def test_the_command_says_it_without_asking_aws(capsys):
    assert main(["cost", "mulhouse", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["result"]
    assert list(said["months"]) == ["nobody", "583 residents", "5,830 residents"]
    assert said["months"]["nobody"]["eur"] < MOST_EUR
    assert main(["cost", "--residents", "100000", "--full-watch"]) == 0
    assert "1,000,000 residents" in capsys.readouterr().out
