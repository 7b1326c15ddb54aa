"""The package in Lambda's own runtime, alone: real events in, answers and log lines out."""

import io
import json
import time
from hashlib import sha256

import pytest

from chalicelib.notices.ses import TAG
from infra.emulator import ROOT
from infra.events import Match, request_event, schedule_event
from infra.runtime import client_for, function, unpack
from infra.stack.compiling import python_of
from infra.stack.package import PYTHON, plain
from infra.stack.template import handler_of
from infra.stack.wheels import here
from infra.tables import create_tables, table_definitions
from tests.cloud import HERE, built, index
from tests.engines import ministack

TARGET = {"python": PYTHON if python_of(PYTHON) else HERE["python"], "architecture": here()}
NEEDLESS = frozenset("aws_lambda_powertools email_validator jinja2 pydantic snowballstemmer".split())
"""What reading a listing has no use for."""

STARTS = 3


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    with index():
        client_for(TARGET["python"])
    return built(tmp_path_factory.mktemp("package"), **TARGET)


@pytest.fixture(scope="module")
def task(package, tmp_path_factory):
    return unpack(package.zip, tmp_path_factory.mktemp("var") / "task")


@pytest.fixture(scope="module")
def engine():
    with ministack() as running:
        create_tables(running.dynamodb, "mulhouse", table_definitions())
        running.client("ssm").put_parameter(
            Name="/entraide/mulhouse/signing-key", Type="SecureString", Value="k" * 64
        )
        yield running


@pytest.fixture(scope="module")
def environment(engine):
    told = {
        "ENTRAIDE_CITY": "mulhouse",
        "ENTRAIDE_BASE_URL": "https://entraide.test",
        "ENTRAIDE_CONFIGURATION_SET": "entraide-mulhouse",
        "ENTRAIDE_SIGNING_KEY_NAME": "/entraide/mulhouse/signing-key",
        "POWERTOOLS_SERVICE_NAME": "entraide-mulhouse",
    }
    return {name: value for name, value in engine.environment.items() if value} | told


def request(method, path, route, *, body=None, query="", **captured):
    data = b"" if body is None else json.dumps(body).encode()
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/json",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_IDEMPOTENCY_KEY": f"key-{path}",
        "wsgi.input": io.BytesIO(data),
    }
    return request_event(environ, Match(method, route, captured), data, ())


SEARCH = request("GET", "/v1/listings", "/v1/listings", query="near=47.75,7.34&radius_m=2000&text=courses")
READ = request("GET", "/v1/listings/" + "a" * 16, "/v1/listings/{listing_id}", listing_id="a" * 16)


def test_a_request_of_the_gateway_is_answered(task, environment):
    with function(task, "app.app", environment, python=TARGET["python"]) as api:
        answer = api.call(SEARCH).value
        assert answer["statusCode"] == 200, answer
        assert json.loads(answer["body"])["listings"] == []
        assert api.call(READ).value["statusCode"] == 404


def test_the_key_is_read_where_the_stack_keeps_it_and_a_mail_goes(task, environment, engine):
    asked = request("POST", "/v1/sign-in", "/v1/sign-in", body={"email": "monique@example.org"})
    with function(task, "app.app", environment, python=TARGET["python"]) as api:
        assert api.call(asked).value["statusCode"] == 202, api.said.read_text()
    assert [mail.to for mail in engine.mailbox.mails("monique")] == ["monique@example.org"]


def test_every_schedule_runs_and_says_what_it_did(task, environment, package):
    template = json.loads(package.template.read_text(encoding="utf-8"))
    functions = [
        (name, each)
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
        and any(event["Type"] == "Schedule" for event in each["Properties"].get("Events", {}).values())
    ]
    handlers = {handler_of(name, each) for name, each in functions} - {"watch_city"}
    assert len(handlers) >= 6
    for handler in sorted(handlers):
        named = {"AWS_LAMBDA_FUNCTION_NAME": f"entraide-mulhouse-{handler}"}
        with function(task, f"app.{handler}", environment | named, python=TARGET["python"]) as scheduled:
            answer = scheduled.call(schedule_event(handler, time.time()))
            assert not answer.failed, answer
            lines = [json.loads(line) for line in scheduled.said.read_text().splitlines()]
        assert {line["function"] for line in lines} == {handler}, lines


def test_a_word_of_the_mail_provider_is_taken(task, environment):
    mail = {"messageId": "provider-1", "tags": {TAG: ["nobody"]}}
    event = {**schedule_event("mail", 0.0), "source": "aws.ses"}
    event |= {"detail": {"eventType": "Bounce", "mail": mail, "bounce": {"bounceType": "Permanent"}}}
    with function(task, "app.mail_events", environment, python=TARGET["python"]) as events:
        assert not events.call(event).failed
        assert '"mail_bounced"' in events.said.read_text()


def test_a_watch_tells_what_the_log_and_the_queue_say(task, environment, engine):
    logs, sqs, now = engine.client("logs"), engine.client("sqs"), int(time.time())
    lines = [{"level": "ERROR", "function": "purge"}] * 2 + [{"function": "send_notices", "message": "ok"}]
    for group in ("/entraide/mulhouse", "/entraide/mulhouse/access"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="stream")
    events = [{"timestamp": 1_000 * (now - 300), "message": json.dumps(line)} for line in lines]
    logs.put_log_events(logGroupName="/entraide/mulhouse", logStreamName="stream", logEvents=events)
    queue = sqs.create_queue(QueueName="entraide-mulhouse-dead-letters")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    told = {
        "ENTRAIDE_OPS_ADDRESS": "ops@example.org",
        "ENTRAIDE_DEAD_LETTERS": queue,
        "ENTRAIDE_LOG": "/entraide/mulhouse",
        "ENTRAIDE_ACCESS_LOG": "/entraide/mulhouse/access",
        "ENTRAIDE_SCHEDULES": "purge=3600,send_notices=60",
    }
    with function(task, "app.watch_city", environment | told, python=TARGET["python"]) as watch:
        assert not watch.call(schedule_event("watch", time.time())).failed, watch.said.read_text()
    (mail,) = engine.mailbox.mails("ops@")
    assert "purge failed 2 times" in mail.text
    assert "1 dead letters" in mail.text


def test_a_first_answer_takes_at_most_half_of_what_the_plain_package_takes(task, environment, tmp_path):
    other = tmp_path / "plain"
    for name, data in plain(**TARGET).items():
        path = other / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    took = {task: [], other: []}
    for _ in range(STARTS):
        for place, seen in took.items():
            with function(place, "app.app", environment, python=TARGET["python"]) as api:
                answer = api.call(READ)
                assert answer.value["statusCode"] == 404
                seen.append(answer.cpu_ms)
    assert min(took[task]) <= 0.5 * min(took[other]), took


def test_a_first_answer_imports_nothing_in_vain(task, environment):
    flags = ("-X", "importtime")
    with function(task, "app.app", environment, python=TARGET["python"], flags=flags) as api:
        assert api.call(READ).value["statusCode"] == 404
        imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in api.said.open()}
    assert "pynamodb" in imported
    assert imported & NEEDLESS <= {"jinja2"} - {"jinja2"}


def test_the_same_sources_make_the_same_package(package, tmp_path):
    again = built(tmp_path, **TARGET)
    assert again.sha256 == package.sha256 == sha256(package.zip.read_bytes()).hexdigest()
    assert (ROOT / "build").exists()
