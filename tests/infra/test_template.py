"""The template is what we say (promise S11): as it is made, and as CloudFormation expands it."""

import json
import re
import subprocess
import sys

import pytest
from samtranslator.translator.transform import transform

from chalicelib.cities.model import load_city
from infra.stack import account_template, parameters
from infra.stack.package import PYTHON
from infra.stack.template import API, city_template, functions_of, period_s
from infra.tables import table_definitions
from tests.city import ROOT
from tests.grants import Stack

SET_ASIDE = {
    "WS1000": "tracing costs, and nobody reads it",
    "WS2002": "tracing costs, and nobody reads it",
    "WS1004": "the log group is named in LoggingConfig, with its retention",
    "ES6000": "the queue is the one that dead letters go to",
    "W1030": "a city without a host has no certificate",
}
PAID_BY_THE_HOUR = re.compile(
    r"AWS::(EC2|RDS|ECS|ElastiCache|OpenSearchService|Redshift|MSK|DAX|NetworkFirewall|KMS|SecretsManager)::|"
    r"VPC|NatGateway|ProvisionedConcurrency"
)


@pytest.fixture(scope="module")
def template():
    return json.loads(json.dumps(city_template(PYTHON, "arm64")))


@pytest.fixture(scope="module")
def functions(template):
    return functions_of(template)


@pytest.fixture(scope="module")
def translated(template):
    """Return the template as CloudFormation makes it of the short form."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
        return transform(json.loads(json.dumps(template)), {}, type("None_", (), {"load": lambda _: {}})())


def of_type(template, kind):
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


def test_every_function_has_a_role_of_its_own_and_the_target(template, functions):
    roles = [each["Properties"]["Role"]["Fn::GetAtt"][0] for each in functions.values()]
    assert len(set(roles)) == len(roles) == len(functions)
    for each in functions.values():
        assert each["Properties"]["Architectures"] == ["arm64"]
        assert each["Properties"]["Runtime"] == "python3.13"
        assert each["Properties"]["CodeUri"] == {"Bucket": {"Ref": "CodeBucket"}, "Key": {"Ref": "CodeKey"}}
    assert functions[API]["Properties"]["Timeout"] <= 29


def test_every_function_is_told_its_city_and_logs_for_a_while(template):
    told = template["Globals"]["Function"]
    assert told["Environment"]["Variables"]["ENTRAIDE_CITY"] == {"Ref": "City"}
    assert told["LoggingConfig"]["LogGroup"] == {"Ref": "Log"}
    groups = of_type(template, "AWS::Logs::LogGroup")
    assert len(groups) == 2
    assert all(each["Properties"]["RetentionInDays"] <= 90 for each in groups.values())


def test_what_runs_by_itself_is_tried_again_and_parked_when_it_fails(template, functions, translated):
    queue = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    for name, each in functions.items():
        if name == API:
            continue
        config = each["Properties"]["EventInvokeConfig"]
        assert config["DestinationConfig"]["OnFailure"] == {"Type": "SQS", "Destination": queue}
        assert config["MaximumRetryAttempts"] >= 1
        assert each["Properties"]["Events"]
        for event in each["Properties"]["Events"].values():
            assert event["Properties"]["DeadLetterConfig"] == {"Arn": queue}
            assert event["Properties"]["RetryPolicy"]["MaximumEventAgeInSeconds"] >= 60
            every = period_s(event)
            assert every is None or config["MaximumEventAgeInSeconds"] <= max(60, every)
    rules = of_type(translated, "AWS::Events::Rule")
    for rule in rules.values():
        (target,) = rule["Properties"]["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": queue}
        assert target["RetryPolicy"]
    (statement,) = template["Resources"]["DeadLettersPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    named = {arn["Fn::GetAtt"][0] for arn in statement["Condition"]["ArnEquals"]["aws:SourceArn"]}
    assert named == set(rules)
    assert len(of_type(translated, "AWS::Lambda::EventInvokeConfig")) == len(functions) - 1


def test_no_function_reads_a_stream_or_a_queue_so_no_batch_can_fail_in_part(translated):
    assert not of_type(translated, "AWS::Lambda::EventSourceMapping")


def test_the_tables_are_those_of_the_local_city_and_none_can_be_lost(template):
    tables = of_type(template, "AWS::DynamoDB::Table").values()
    assert {each["Properties"]["TableName"]["Fn::Sub"] for each in tables} == set(table_definitions())
    for table in tables:
        properties = table["Properties"]
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert "SSESpecification" not in properties  # encrypted by DynamoDB's own key, which costs nothing
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert properties["DeletionProtectionEnabled"] is True
        purged = properties.get("TimeToLiveSpecification", {"AttributeName": "purge_at", "Enabled": True})
        assert purged == {"AttributeName": "purge_at", "Enabled": True}


def test_the_api_is_throttled_and_logs_no_address(template):
    api = template["Resources"]["RestAPI"]["Properties"]
    (settings,) = api["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert 0 < settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"] <= 500
    assert settings["DataTraceEnabled"] is False
    logged = api["AccessLogSetting"]["Format"]
    assert json.loads(logged.replace("$context.status", "200"))["route"] == "$context.resourcePath"
    assert not re.search(r"sourceIp|userAgent|\$context\.path|authorizer", logged)


def test_a_city_hears_what_became_of_its_own_mails_only(template, functions):
    (event,) = functions["MailEvents"]["Properties"]["Events"].values()
    pattern = event["Properties"]["Pattern"]
    assert event["Type"] == "EventBridgeRule"
    assert pattern["source"] == ["aws.ses"]
    assert pattern["detail"]["mail"]["tags"]["ses:configuration-set"] == [{"Fn::Sub": "entraide-${City}"}]
    said = template["Resources"]["MailSettingsEvents"]["Properties"]["EventDestination"]
    assert {kind.capitalize() for kind in said["MatchingEventTypes"]} == set(pattern["detail"]["eventType"])
    suppressed = template["Resources"]["MailSettings"]["Properties"]["SuppressionOptions"]
    assert set(suppressed["SuppressedReasons"]) == {"BOUNCE", "COMPLAINT"}


def test_what_the_gateway_itself_refuses_is_a_problem_a_browser_may_read(template):
    responses = template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"} <= set(responses)
    for response in responses.values():
        headers = response["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == "'*'"
        assert headers["Content-Type"] == "'application/problem+json'"
        text = response["ResponseTemplates"]["application/json"]
        body = json.loads(text.replace("$context.error.messageString", '"said"'))
        assert body["type"] == f"urn:entraide:problem:{body['code']}"


def test_nothing_costs_while_nobody_comes(translated):
    written = json.dumps(translated)
    assert not PAID_BY_THE_HOUR.search(written)
    assert not re.search(r"ProvisionedThroughput\b|SnapStart", written)
    for name, alarm in of_type(translated, "AWS::CloudWatch::Alarm").items():
        assert alarm["Condition"] == "FullWatch", name


def test_the_watch_knows_how_often_each_function_is_to_run(functions):
    told = functions["WatchCity"]["Properties"]["Environment"]["Variables"]["ENTRAIDE_SCHEDULES"]
    assert "send_notices=60" in told.split(",")
    assert not [each for each in told.split(",") if each.startswith("watch_city")]


def test_the_stack_is_told_of_its_city_and_of_nothing_it_does_not_know(template):
    given = parameters(
        load_city(ROOT / "infra/cities/mulhouse.json"), bucket="code", sha256="0" * 64, ops="ops@example.org"
    )
    assert set(given) == set(template["Parameters"])


def test_no_secret_and_no_account_is_written_down(template):
    config = (ROOT / ".chalice" / "config.json").read_text(encoding="utf-8")
    for text in (config, json.dumps(template), json.dumps(account_template())):
        assert not re.search(r"\b[0-9]{12}\b|AKIA|(?i:password|secret)", text.replace("Secrets are", ""))


@pytest.mark.parametrize("which", ["city", "account"])
def test_the_template_has_no_faults(template, tmp_path, which):
    written = tmp_path / f"{which}.json"
    written.write_text(json.dumps(template if which == "city" else account_template()), encoding="utf-8")
    asked = ["-r", "eu-west-3", "-a", "cfn_lint_serverless.rules", "-t", str(written)]
    done = subprocess.run(
        [sys.executable, "-c", "from cfnlint.runner import main; main()", *asked, "-i", *SET_ASIDE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_each_function_reaches_its_own_city_and_no_other(template, functions):
    here = Stack(template, {"City": "mulhouse", "SenderIdentity": "mulhouse.example"})
    there = Stack(template, {"City": "mulhouse-sud", "SenderIdentity": "sud.example"})
    actions = {action for name in functions for action, _ in here.grants(name)}
    assert len(actions) > 10
    reached = set()
    for name in functions:
        for arn in there.arns():
            assert not [action for action in actions if here.may(name, action, arn)], (name, arn)
        reached |= {arn for arn in here.arns() if any(here.may(name, action, arn) for action in actions)}
    assert reached == here.arns(), here.arns() - reached


def test_a_policy_with_a_star_would_be_seen(template):
    """The positive control: a prefix instead of a name reaches the neighbour."""
    loose = json.loads(json.dumps(template).replace("entraide-${City}-people", "entraide-${City}*"))
    here = Stack(loose, {"City": "mulhouse", "SenderIdentity": "mulhouse.example"})
    there = Stack(template, {"City": "mulhouse-sud", "SenderIdentity": "sud.example"})
    assert any(here.may(API, "dynamodb:GetItem", arn) for arn in there.arns())


def test_no_policy_has_a_star_but_for_what_is_in_its_own_log(template, functions):
    here = Stack(template, {"City": "mulhouse", "SenderIdentity": "mulhouse.example"})
    for name in functions:
        for action, resource in here.grants(name):
            assert "*" not in action
            assert "*" not in re.sub(
                r"(:log-group:/entraide/mulhouse(/access)?(:log-stream)?:)\*$", r"\1", resource
            )
