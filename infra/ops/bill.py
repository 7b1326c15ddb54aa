"""A month's bill: what is used, by measured units and the template, at the prices of a dated table."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from infra.stack.template import functions_of, handler_of, period_s

Used = dict[str, float]
"""How much of each thing that has a price."""

MONTH_S = 30.44 * 86_400
_HERE = Path(__file__).parent
GB = 1e9
DEPLOYMENTS = 4
"""A month, each of which brings all files of a client anew."""
_KMS_EVERY_S = 300
"""DynamoDB asks for a table's key anew after so long, for each caller: only a key that is not its own."""

_COUNTED = {
    "AWS::CloudWatch::Alarm": "alarms",
    "AWS::CloudWatch::CompositeAlarm": "alarms",
    "AWS::CloudWatch::Dashboard": "dashboards",
    "AWS::KMS::Key": "customer keys",
    "AWS::SecretsManager::Secret": "secrets",
    "AWS::Logs::MetricFilter": "custom metrics",
}
HOURLY = (
    "AWS::EC2::", "AWS::ECS::", "AWS::EKS::", "AWS::RDS::", "AWS::ElastiCache::", "AWS::OpenSearchService::",
    "AWS::ElasticLoadBalancing", "AWS::WAFv2::", "AWS::Kinesis::", "AWS::MSK::", "AWS::Redshift",
    "AWS::DAX::",
)  # fmt: skip
"""Types that cost by the hour, used or not."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill."""

    what: str
    quantity: float
    usd: float


@dataclass(frozen=True, slots=True)
class Bill:
    """What a month costs."""

    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        return sum(line.usd for line in self.lines)

    @property
    def eur(self) -> float:
        return self.usd / float(prices()["usd_per_eur"])


@cache
def prices() -> Mapping[str, Any]:
    return _read("prices.json")


@cache
def load() -> Mapping[str, Any]:
    return _read("load.json")


@cache
def units() -> Mapping[str, Any]:
    """Return what each use and each tick takes, as `python -m bench costing` measured it."""
    return _read("units.json")


def bill(used: Mapping[str, float]) -> Bill:
    """Return what so much of each thing costs; KeyError names a thing that has no price."""
    table = prices()["prices"]
    lines = [
        Line(what, much, much * table[what]["usd"] / table[what]["per"])
        for what, much in used.items()
        if much
    ]
    return Bill(tuple(sorted(lines, key=lambda line: -line.usd)))


def idle(template: Mapping[str, Any], *, full_watch: bool = False) -> Used:
    """Return what a month of a city takes in which nobody does anything: its schedules, and what it keeps."""
    used: Used = {}
    for name, function in functions_of(dict(template)).items():
        for event in function["Properties"].get("Events", {}).values():
            every = period_s(event)
            if every is not None:
                add(used, _ticks(template, handler_of(name, function), function, every))
    for resource in template["Resources"].values():
        if resource["Type"] in _COUNTED and (full_watch or resource.get("Condition") != "FullWatch"):
            add(used, {_COUNTED[resource["Type"]]: 1})
    client = units()["client"]
    kept = 2 * (units()["code_bytes"] + client["bytes"])  # this version and the one before
    add(used, {"GB of code kept": kept / GB, "files written (S3)": DEPLOYMENTS * client["files"]})
    return used


def busy(template: Mapping[str, Any], residents: float) -> Used:
    """Return what a month of so many residents takes beside what an idle city does."""
    said, used = load(), Used()
    function = template["Resources"]["APIHandler"]["Properties"]
    memory, watt = function["MemorySize"] / 1024, _processor(template)
    for use, times in said["a_resident_in_a_month"].items():
        took, count = units()["uses"][use], times * residents
        cold = said["share_of_cold_requests"] * took["requests"] * said["ms"]["cold"]
        add(used, {
            "read units": took["reads"] * count,
            "write units": took["writes"] * count,
            "mails": took["mails"] * count,
            "API requests": took["requests"] * count,
            "functions called": (took["requests"] + took["mails"]) * count,
            watt: (_ms(took) + cold) / 1000 * memory * count,
            "GB sent (CloudFront)": took["requests"] * said["bytes_sent_a_request"] / GB * count,
            "GB logged": took["log_bytes"] * count / GB,
            "GB of logs kept": took["log_bytes"] * count / GB,
        })  # fmt: skip
    add(used, _opened(said["client"], residents, used["API requests"]))
    kept = residents * units()["bytes_a_resident"] / GB
    add(used, {"stored GB": kept, "recoverable GB": kept})
    return used


def _opened(said: Mapping[str, float], residents: float, api_requests: float) -> Used:
    """Return what the front takes: each request of the API, and each opening of the client."""
    took, openings = units()["client"], said["openings_a_month"] * residents
    whole = openings * said["share_that_has_no_parts"]
    files = openings + whole * took["files"]
    return {
        "front requests (CloudFront)": api_requests + files,
        "front functions (CloudFront)": files,
        "files read (S3)": files,
        "GB sent (CloudFront)": whole * took["sent_bytes"] / GB,
    }


def add(used: Used, more: Mapping[str, float]) -> None:
    """Add what more is used."""
    for what, much in more.items():
        used[what] = used.get(what, 0) + much


def hourly(template: Mapping[str, Any]) -> list[str]:
    """Return what of the template costs by the hour though nobody uses it: there must be none."""
    return [name for name, each in template["Resources"].items() if _by_the_hour(each)]


def _by_the_hour(resource: Mapping[str, Any]) -> bool:
    properties = resource.get("Properties", {})
    provisioned = (
        resource["Type"] == "AWS::DynamoDB::Table" and properties.get("BillingMode") != "PAY_PER_REQUEST"
    )
    warm = "ProvisionedConcurrencyConfig" in properties or "VpcConfig" in properties
    cached = bool(properties.get("CacheClusterEnabled"))
    return resource["Type"].startswith(HOURLY) or provisioned or warm or cached


def _ticks(template: Mapping[str, Any], handler: str, function: Mapping[str, Any], every: int) -> Used:
    """Return what a month of a schedule takes."""
    times = MONTH_S / every
    took, memory = units()["ticks"][handler], function["Properties"]["MemorySize"] / 1024
    cold = load()["ms"]["cold"] if every >= 1_800 else 0  # noqa: PLR2004 — a function sleeps after some minutes
    return {
        "read units": took["reads"] * times,
        "write units": took["writes"] * times,
        "functions called": times,
        _processor(template): (_ms(took) + cold) / 1000 * memory * times,
        "GB logged": took["log_bytes"] * times / GB,
        "GB of logs kept": took["log_bytes"] * times / GB,
        "queue requests": took.get("queue", 0) * times,
        "key uses (KMS)": _key_uses(template, took["tables"]) * MONTH_S / max(every, _KMS_EVERY_S),
    }


def _key_uses(template: Mapping[str, Any], tables: list[str]) -> int:
    """Return how many tables that a tick reads are encrypted by a key whose every use is paid."""
    paid = {
        str(each["Properties"]["TableName"]["Fn::Sub"]).rpartition("-")[2]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::DynamoDB::Table"
        and each["Properties"].get("SSESpecification", {}).get("SSEEnabled")
    }
    return len(paid & set(tables))


def _ms(took: Mapping[str, Any]) -> float:
    said = load()["ms"]
    return float(
        ceil(float(took["cpu_ms"]) * said["share_of_our_processor"] + took["calls"] * said["round_trip"])
    )


def _processor(template: Mapping[str, Any]) -> str:
    (architecture,) = template["Resources"]["APIHandler"]["Properties"].get("Architectures", ["x86_64"])
    return f"GB-seconds, {architecture}"


def _read(name: str) -> Mapping[str, Any]:
    return dict(json.loads((_HERE / name).read_text(encoding="utf-8")))
