"""What a city has used this month, by AWS's own free counts, and what that comes to."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from chalicelib.watching.model import DAY_S
from infra.ops.bill import GB, MONTH_S, Bill, bill
from infra.ops.cloud import Cloud
from infra.ops.standing import Standing, resources
from infra.stack import kept_tables, stack_name

_Asked = tuple[str, str, Mapping[str, str]]
"""Namespace, metric, dimensions; what is asked of each is the sum."""


def so_far(where: Cloud, slug: str, now: Standing, at: int) -> Bill | None:
    """Return the bill since the first of the month, estimated; None where nothing was counted.

    Cost Explorer would say it exactly, for a cent a question, and a day late.
    """
    start = datetime.fromtimestamp(at, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    stack = resources(where, now.name)
    functions = stack.get("AWS::Lambda::Function", [])
    asked = dict(_asked(slug, functions))
    sums = _sums(where, list(asked.values()), start, at)
    counted = {name: sums[number] for number, name in enumerate(asked)}
    if not any(counted.values()):
        return None
    used = _used(where, functions, counted)
    part = max(1.0, at - start.timestamp()) / MONTH_S
    alarms = stack.get("AWS::CloudWatch::Alarm", [])
    return bill(used | {"alarms": len(alarms) * part})


def _asked(slug: str, functions: list[str]) -> Iterator[tuple[str, _Asked]]:
    for table in kept_tables(slug):
        for metric in ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"):
            yield f"{metric} {table}", ("AWS/DynamoDB", metric, {"TableName": table})
    for function in functions:
        for metric in ("Invocations", "Duration"):
            yield f"{metric} {function}", ("AWS/Lambda", metric, {"FunctionName": function})
    yield "requests", ("AWS/ApiGateway", "Count", {"ApiName": stack_name(slug)})
    yield "logged", ("AWS/Logs", "IncomingBytes", {"LogGroupName": f"/entraide/{slug}"})
    yield "mails", ("AWS/SES", "Send", {"ses:configuration-set": stack_name(slug)})


def _sums(where: Cloud, asked: list[_Asked], start: datetime, at: int) -> list[float]:
    client, found = where.client("cloudwatch"), []
    for namespace, metric, dimensions in asked:
        answer = client.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=start,
            EndTime=datetime.fromtimestamp(at, UTC),
            Period=DAY_S,
            Statistics=["Sum"],
        )
        found.append(sum(point["Sum"] for point in answer["Datapoints"]))
    return found


def _used(where: Cloud, functions: list[str], counted: Mapping[str, float]) -> dict[str, float]:
    def total(prefix: str) -> float:
        return sum(value for name, value in counted.items() if name.startswith(prefix))

    client, used = where.client("lambda"), dict[str, float]()
    for function in functions:
        settings = client.get_function_configuration(FunctionName=function)
        processor = f"GB-seconds, {settings.get('Architectures', ['arm64'])[0]}"
        seconds = counted[f"Duration {function}"] / 1000
        used[processor] = used.get(processor, 0) + seconds * settings["MemorySize"] / 1024
    return used | {
        "read units": total("ConsumedRead"),
        "write units": total("ConsumedWrite"),
        "functions called": total("Invocations"),
        "API requests": counted["requests"],
        "mails": counted["mails"],
        "GB logged": counted["logged"] / GB,
    }
