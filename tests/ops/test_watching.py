"""A running city is looked at, its parked mails and dead letters are handled, and no resident is named."""

import json
import re
import time

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from chalicelib.notices.dynamodb import DynamoOutbox, owed
from chalicelib.notices.model import notice
from chalicelib.storage.tables import Tables, connect
from chalicelib.watching.cloudwatch import BROKEN, ERRORS
from infra.ops import letters, logs
from infra.ops.stops import Exit

SECRET = "monique@example.org"


@pytest.fixture
def mulhouse(operator):
    operator.opens("mulhouse")
    return operator


def test_a_city_says_how_it_is(mulhouse):
    now = int(time.time())
    ran = {"M": {"send_notices": {"N": str(now - 40)}, "purge": {"N": str(now - 9 * 3600)}}}
    hour = {"M": {"sent": {"N": "12"}, "bounced": {"N": "1"}}}
    told = {"M": {"dead-letters": {"N": str(now)}}}
    watch = {
        "pk": {"S": "watch"},
        "seen_until": {"N": str(now)},
        "ran": ran,
        "mails": {"M": {str(now // 3600): hour}},
    }
    mulhouse.put(
        "mulhouse", "jobs", {**watch, "told": told}, {"pk": {"S": "send"}, "at": {"N": str(now - 60)}}
    )
    _letter(mulhouse, {"any": "thing"})
    said = mulhouse.says("status", "mulhouse", "--json").result
    assert said["state"] == "CREATE_COMPLETE"
    assert said["faults"] == ["dead-letters"]
    assert (said["mails"], said["dead_letters"], said["closed"]) == ({"sent": 12, "bounced": 1}, 1, False)
    assert said["schedules"]["send_notices"] == {"every": 60, "at": now - 40}
    assert said["jobs"] == {"send": now - 60}
    text = mulhouse.says("status", "mulhouse")
    assert "12 sent, 1 bounced" in text.out
    assert text.next == "Next: entraide dlq mulhouse"
    assert "mulhouse" in mulhouse.says("status").out


def test_what_the_log_says_since_the_watch_last_looked_counts_too(mulhouse):
    now = int(time.time())
    watch = {
        "pk": {"S": "watch"},
        "seen_until": {"N": str(now - 600)},
        "ran": {"M": {"purge": {"N": str(now - 4000)}, "send_notices": {"N": str(now - 620)}}},
        "mails": {"M": {str(now // 3600): {"M": {"sent": {"N": "2"}}}}},
        "told": {"M": {}},
    }
    mulhouse.put("mulhouse", "jobs", watch)
    said = [
        (700, {"function": "send_notices", "message": "mail_sent"}),  # the watch saw it
        (40, {"function": "send_notices", "message": "mail_sent"}),
        (30, {"function": "send_notices", "message": "mail_bounced"}),
    ]
    _log(mulhouse, "test", *((now - ago, json.dumps(line)) for ago, line in said))
    found = mulhouse.says("status", "mulhouse", "--json").result
    assert found["mails"] == {"sent": 3, "bounced": 1}
    assert found["schedules"]["send_notices"]["at"] == now - 30
    assert found["schedules"]["purge"]["at"] == now - 4000
    assert found["schedules"]["ask_helpers"]["at"] is None


def test_a_parked_mail_is_listed_and_sent_again_once(mulhouse):
    outbox, made = _parked_notice()
    listed = mulhouse.says("outbox", "list", "mulhouse", "--state", "parked")
    assert made.id in listed.out
    assert listed.next == "Next: entraide outbox resend mulhouse --all"
    shown = mulhouse.says("outbox", "show", "mulhouse", made.id)
    assert "match_accepted" in shown.out
    for said in (listed, shown, mulhouse.says("outbox", "list", "mulhouse", "--json")):
        assert SECRET not in said.out
        assert "a-person" not in said.out
    assert mulhouse.says("outbox", "resend", "mulhouse", "--all", "--yes", "--json").result["again"] == [
        made.id
    ]
    assert (outbox.get(made.id).state, outbox.get(made.id).attempts) == ("waiting", 0)
    assert mulhouse.says("outbox", "resend", "mulhouse", made.id, "--yes", "--json").result["passed"] == [
        made.id
    ]
    assert mulhouse.says("outbox", "show", "mulhouse", "no-such").code == Exit.USAGE


def test_when_one_of_the_notices_is_not_known_none_is_sent_again(mulhouse):
    outbox, made = _parked_notice()
    said = mulhouse.says("outbox", "resend", "mulhouse", made.id, "no-such", "--yes")
    assert said.code == Exit.USAGE
    assert "has no notice no-such" in said.err
    assert "Nothing was changed." in said.err
    assert outbox.get(made.id).state == "parked"


def test_dead_letters_are_handed_over_again_and_what_is_refused_stays(mulhouse):
    arn = _arn(mulhouse, "purge")
    _letter(mulhouse, _parked(arn, {"detail": SECRET}))
    _letter(mulhouse, _parked(arn, {"refuse": True}))
    _letter(mulhouse, _parked("arn:aws:lambda:eu-west-3:1:function:entraide-namur-purge", {}))
    listed = mulhouse.says("dlq", "mulhouse", "--json")
    assert len(listed.result) == 3
    assert SECRET not in listed.out
    assert "***@***" in listed.out
    said = mulhouse.says("redrive", "mulhouse", "--yes", "--json")
    assert said.code == Exit.FAILED
    assert len(said.result["taken"]) == 1
    assert min(said.result["refused"].values()).startswith("entraide-mulhouse-purge failed: ")
    assert "whose it was is not said in it" in said.out
    assert len(mulhouse.says("dlq", "mulhouse", "--json").result) == 2


def test_a_function_that_takes_long_is_waited_for_and_run_once(mulhouse, monkeypatch):
    _letter(mulhouse, _parked(_arn(mulhouse, "purge"), {}))
    sending, waited = URLLib3Session.send, []

    def send(session, request):
        if "/invocations" in request.url:
            waited.append(session._timeout.read_timeout)
            raise ReadTimeoutError(endpoint_url=request.url)
        return sending(session, request)

    monkeypatch.setattr(URLLib3Session, "send", send)
    said = mulhouse.says("redrive", "mulhouse", "--yes")
    assert said.code == Exit.UNREACHABLE
    assert len(waited) == 1
    assert waited[0] > 900


def test_letters_that_are_not_taken_can_be_looked_at_at_once(mulhouse, monkeypatch):
    for _ in range(2):
        _letter(mulhouse, _parked(_arn(mulhouse, "purge"), {}))
    wrong = mulhouse.says("redrive", "mulhouse", "no-such", "--yes")
    assert (wrong.code, wrong.next) == (Exit.USAGE, "Next: entraide dlq mulhouse")
    assert len(mulhouse.says("dlq", "mulhouse", "--json").result) == 2
    with monkeypatch.context() as during:
        during.setattr(letters, "_hand_over", _refused)
        assert mulhouse.says("redrive", "mulhouse", "--yes").code == Exit.UNREACHABLE
    assert len(mulhouse.says("dlq", "mulhouse", "--json").result) == 2
    assert len(mulhouse.says("redrive", "mulhouse", "--yes", "--json").result["taken"]) == 2


def test_what_eventbridge_could_not_deliver_is_handed_to_its_target(mulhouse):
    arn = _arn(mulhouse, "purge")
    said = {name: {"StringValue": value, "DataType": "String"} for name, value in
            {"TARGET_ARN": arn, "ERROR_MESSAGE": "throttled", "RULE_ARN": "a"}.items()}  # fmt: skip
    _letter(mulhouse, {"detail-type": "Scheduled Event"}, said)
    (one,) = mulhouse.says("dlq", "mulhouse", "--json").result
    assert (one["function"], one["reason"]) == ("entraide-mulhouse-purge", "throttled")
    assert mulhouse.says("redrive", "mulhouse", one["id"], "--yes").code == 0
    assert "No dead letter waits." in mulhouse.says("dlq", "mulhouse").out


def test_the_log_is_read_and_errors_are_told_apart(mulhouse):
    lines = [{"level": "INFO", "message": "purge_listings"}, {"level": "ERROR", "message": "unhandled"}]
    _log(mulhouse, "test", *((int(time.time()), json.dumps(line)) for line in lines))
    said = mulhouse.says("logs", "mulhouse")
    assert "purge_listings" in said.out
    assert "unhandled" in said.out
    found = [json.loads(line) for line in mulhouse.says("logs", "mulhouse", "--json").out.splitlines()]
    assert {"purge_listings", "unhandled"} <= {line["message"] for line in found}
    assert mulhouse.says("logs", "mulhouse", "--since", "soon").code == Exit.USAGE


def test_a_log_that_is_followed_shows_what_comes_once_until_ctrl_c(mulhouse, monkeypatch):
    def said(word):
        return int(time.time()), json.dumps({"level": "INFO", "message": word})

    def wait(_seconds):
        waits.append(1)
        if len(waits) == 3:
            raise KeyboardInterrupt
        _log(mulhouse, f"later-{len(waits)}", said(f"later_{len(waits)}"))

    waits = []
    _log(mulhouse, "first", said("the_first"))
    monkeypatch.setattr(logs.time, "sleep", wait)
    followed = mulhouse.says("logs", "mulhouse", "--follow")
    assert followed.code == 0, followed.err
    assert [followed.out.count(word) for word in ("the_first", "later_1", "later_2")] == [1, 1, 1]


def test_a_function_that_took_too_long_is_among_the_errors(mulhouse):
    stream = "2026/11/25/entraide-mulhouse-assign_helpers[$LATEST]0a1b"
    report = '{{"time":"2026-11-25T10:00:00.000Z","type":"platform.report","record":{{"status":"{}"}}}}'
    lines = [
        report.format("timeout"),
        report.format("success"),
        '{"level":"INFO","message":"purge_listings"}',
    ]
    _log(mulhouse, stream, *((int(time.time()), line) for line in lines))
    said = mulhouse.says("logs", "mulhouse", "--errors", "--json").out
    assert "purge_listings" not in said
    found = [line for line in map(json.loads, said.splitlines()) if "record" in line]
    assert [(line["function"], line["record"]["status"]) for line in found] == [("assign_helpers", "timeout")]


def test_what_the_watch_counts_as_an_error_aws_is_asked_for():
    asked = {json.loads(term) for term in re.findall(r'\?("(?:\\.|[^"\\])*")', logs._FILTER)}
    report = '{"type":"platform.report","record":{"metrics":{},"status":"%s"}}'
    for line in [*(report % how for how in BROKEN), *(json.dumps({"level": level}) for level in ERRORS)]:
        assert any(term in line for term in asked), line
    assert not [term for term in asked if term in report % "success"]


@pytest.mark.parametrize("command", [["status"], ["logs"], ["outbox", "list"], ["dlq"], ["export"]])
def test_a_city_that_is_not_deployed_or_not_known_is_told(operator, command, tmp_path):
    folder = [str(tmp_path / "folder")] if command == ["export"] else []
    said = operator.says(*command, "mulhouse", *folder)
    assert said.code == Exit.REFUSED
    assert said.next == "Next: entraide deploy mulhouse"
    unknown = operator.says(*command, "atlantis", *folder)
    assert unknown.code == Exit.USAGE
    assert "There is no city atlantis. Known: bourg-la-reine" in unknown.err


def _log(operator, stream, *lines):
    client, at = operator.client("logs"), {"logGroupName": "/entraide/mulhouse", "logStreamName": stream}
    client.create_log_stream(**at)
    events = [{"timestamp": when * 1000, "message": line} for when, line in lines]
    client.put_log_events(**at, logEvents=events)


def _parked_notice():
    tables = Tables(connect("eu-west-3"), "mulhouse", lambda: time.time_ns() // 1_000_000, lambda _: None)
    made = notice("match_accepted", "a-person", "a-match", int(time.time()), values={"message": SECRET})
    tables.commit([owed(made)])
    outbox = DynamoOutbox(tables)
    outbox.save(made.claimed(1))
    outbox.save(made.claimed(1).parked(1))
    return outbox, made


def _refused(*_args):
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "Invoke")


def _arn(operator, handler):
    asked = {"FunctionName": f"entraide-mulhouse-{handler}"}
    return operator.client("lambda").get_function(**asked)["Configuration"]["FunctionArn"]


def _letter(operator, body, attributes=None):
    client = operator.client("sqs")
    url = client.get_queue_url(QueueName="entraide-mulhouse-dead-letters")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody=json.dumps(body), MessageAttributes=attributes or {})


def _parked(arn, event):
    context = {"functionArn": f"{arn}:$LATEST", "condition": "RetriesExhausted"}
    return {"requestContext": context, "requestPayload": event, "responsePayload": {"errorType": "JobFailed"}}
