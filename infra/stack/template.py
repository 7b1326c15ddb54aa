"""The template of every city, and the one that all cities of an account share.

What holds for each function, whichever they are, is said here once; single resources are in JSON files.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.client import client_pages
from infra.events import rate_s
from infra.stack.front import api_patterns, behaviours, content_policy, gate

ACCOUNT = Path(__file__).with_name("account.json")
API = "APIHandler"
QUEUE = {"Fn::GetAtt": ["DeadLetters", "Arn"]}

RETRIES = 2
"""Of a function that failed, before what it was handed goes to the dead letters."""

MAIL_EVENT_AGE_S = 6 * 3_600
"""How long a word of the mail provider is worth delivering; a schedule's tick is until the next one."""

Template = dict[str, Any]


def account_template() -> Template:
    """Return the template of `ACCOUNT_STACK`; its output `CodeBucket` names the bucket for code."""
    read: Template = json.loads(ACCOUNT.read_text(encoding="utf-8"))
    shared = read["Resources"]
    shared["KnownPages"]["Properties"]["FunctionCode"] = gate(client_pages())
    headers = shared["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    headers["ContentSecurityPolicy"] = {"ContentSecurityPolicy": content_policy(), "Override": True}
    return read


def city_template(python: str, architecture: str) -> Template:
    """Return the template of a city whose package is for this Python and processor."""
    from infra.stack.framework import framework_template  # noqa: PLC0415 — slow, and most commands need it not

    template = framework_template()
    functions = functions_of(template)
    for name, function in functions.items():
        handler = handler_of(name, function)
        function["Properties"] |= {
            "FunctionName": {"Fn::Sub": f"entraide-${{City}}-{handler}"},
            "Runtime": f"python{python}",
            "Architectures": [architecture],
            "CodeUri": {"Bucket": {"Ref": "CodeBucket"}, "Key": {"Ref": "CodeKey"}},
        }
        del function["Properties"]["Tags"]
        template["Resources"] |= _alarms(name)
        if name != API:
            _park_what_fails(template, function)
    template["Resources"]["DeadLettersPolicy"] = _queue_policy(functions)
    _watch(functions)
    _lead_to_the_api(template)
    _call_by_name(template)
    return template


def functions_of(template: Template) -> dict[str, Template]:
    found = template["Resources"].items()
    return {name: each for name, each in found if each["Type"] == "AWS::Serverless::Function"}


def handler_of(name: str, function: Template) -> str:
    """Return what `.chalice/config.json` calls a function."""
    handler: str = function["Properties"]["Handler"]
    return "api_handler" if name == API else handler.removeprefix("app.")


def period_s(event: Template) -> int | None:
    """Return how often a schedule runs, in seconds; None for what is no schedule of a rate."""
    return rate_s(str(event["Properties"].get("Schedule", "")))


def _park_what_fails(template: Template, function: Template) -> None:
    """Give a function that runs by itself retries, and a place for what it never took or failed at."""
    ages = [MAIL_EVENT_AGE_S]
    for event in function["Properties"]["Events"].values():
        every = period_s(event)
        if every is not None:
            ages.append(every)
        if event["Type"] == "CloudWatchEvent":
            event["Type"] = "EventBridgeRule"
        event["Properties"] |= {"DeadLetterConfig": {"Arn": QUEUE}, "RetryPolicy": _until(min(ages))}
    function["Properties"]["EventInvokeConfig"] = {
        **_until(min(ages)),
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": QUEUE}},
    }
    role = template["Resources"][function["Properties"]["Role"]["Fn::GetAtt"][0]]
    role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": QUEUE}
    )


def _until(age_s: int) -> dict[str, int]:
    return {"MaximumEventAgeInSeconds": max(60, age_s), "MaximumRetryAttempts": RETRIES}


def _rules(functions: dict[str, Template]) -> Iterator[Template]:
    """Yield the ARN of each rule, as the translation of the template names it: function, then event."""
    for name, function in functions.items():
        for event in function["Properties"].get("Events", {}):
            yield {"Fn::GetAtt": [name + event, "Arn"]}


def _queue_policy(functions: dict[str, Template]) -> Template:
    """Let the city's own rules, and no other, park what they could not deliver."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": list(_rules(functions))}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": "DeadLetters"}], "PolicyDocument": document},
    }


def _watch(functions: dict[str, Template]) -> None:
    """Tell the watch how often each of the others is to run."""
    periods = {
        handler_of(name, function): every
        for name, function in functions.items()
        for event in function["Properties"].get("Events", {}).values()
        if (every := period_s(event)) is not None
    }
    told = ",".join(f"{name}={every}" for name, every in sorted(periods.items()) if name != "watch_city")
    functions["WatchCity"]["Properties"]["Environment"]["Variables"]["ENTRAIDE_SCHEDULES"] = told


def _alarms(function: str) -> Template:
    """Return the alarms of a function, which only a city that pays for a full watch has."""
    return {
        f"{function}{metric}Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Condition": "FullWatch",
            "Properties": {
                "AlarmDescription": {"Fn::Sub": f"${{City}}: {metric.lower()} of {function}"},
                "Namespace": "AWS/Lambda",
                "MetricName": metric,
                "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": function}}],
                "Statistic": "Sum",
                "Period": 300,
                "EvaluationPeriods": 3,
                "DatapointsToAlarm": 2,
                "Threshold": 0,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": [{"Ref": "Alarms"}],
            },
        }
        for metric in ("Errors", "Throttles")
    }


def _lead_to_the_api(template: Template) -> None:
    """Have the front lead every path that the API serves to it, and whatever else to the client."""
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    front = template["Resources"]["Front"]["Properties"]["DistributionConfig"]
    front["CacheBehaviors"] = behaviours(api_patterns(paths))


def _call_by_name(template: Template) -> None:
    """Have the API call its function by name: the function is told the API's address, so neither is first."""
    named = (
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:entraide-${City}-api_handler"
    )
    api = template["Resources"]["RestAPI"]["Properties"]
    written = json.dumps(api["DefinitionBody"]).replace(f"${{{API}.Arn}}", named)
    api["DefinitionBody"] = json.loads(written)
