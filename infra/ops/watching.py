"""What can be seen of a running city from outside: its marks, its watch, its queue, its alarms, its use."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.settings import Watched
from chalicelib.storage.codec import decode
from chalicelib.watching.cloudwatch import CloudWatchSigns
from chalicelib.watching.model import DAY_S, HOUR_S, PATIENCE_S
from infra.ops.cloud import Cloud
from infra.ops.trouble import code_of
from infra.stack import dead_letters, function_name, stack_name


@dataclass(frozen=True, slots=True)
class Ran:
    """A function on a schedule: every how many seconds, and when it last ran as far as is known."""

    every: int
    at: int | None

    def late(self, now: int) -> bool:
        return self.at is not None and now - self.at > 2 * self.every + PATIENCE_S + HOUR_S


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of a city. None is what cannot be known here."""

    closed: bool
    schedules: Mapping[str, Ran]
    jobs: Mapping[str, int]
    """Until when each job has nothing left undone."""
    looked_at: int | None
    """When the city's own watch last looked."""
    faults: tuple[str, ...]
    mails: Mapping[str, int]
    """Of the day until then, by what became of them."""
    dead_letters: int
    alarms: tuple[str, ...]
    alarms_kept: int


def seen(where: Cloud, slug: str, now: int) -> Seen:
    """Return what is seen; a city that has just been opened has shown little."""
    marks = _marks(where, slug)
    watch = marks.pop("watch", {})
    alarms = _alarms(where, slug)
    mails: dict[str, int] = {}
    for hour, counts in watch.get("mails", {}).items():
        if int(hour) * HOUR_S > now - DAY_S:
            for kind, count in counts.items():
                mails[kind] = mails.get(kind, 0) + count
    watched = _watched(where, slug)
    every = {} if watched is None else watched.schedules
    return Seen(
        closed=_closed(where, slug),
        schedules={name: Ran(each, watch.get("ran", {}).get(name)) for name, each in every.items()},
        jobs={name: mark["at"] for name, mark in marks.items() if "at" in mark},
        looked_at=watch.get("seen_until"),
        faults=tuple(sorted(watch.get("told", {}))),
        mails=mails,
        dead_letters=depth(where, slug),
        alarms=tuple(each["AlarmName"] for each in alarms if each["StateValue"] == "ALARM"),
        alarms_kept=len(alarms),
    )


def since(where: Cloud, slug: str, found: Seen, now: int) -> Seen:
    """Return what is seen with what the log says since the watch last looked, of an hour at most."""
    watched = _watched(where, slug)
    if watched is None:
        return found
    signs = CloudWatchSigns(where.region, watched.log, watched.access_log, watched.dead_letters)
    try:
        sight = signs.between(max(found.looked_at or 0, now - HOUR_S), now)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return found
    ran = {name: max(each.at or 0, sight.ran.get(name, 0)) or None for name, each in found.schedules.items()}
    return replace(
        found,
        schedules={name: replace(each, at=ran[name]) for name, each in found.schedules.items()},
        mails=dict(Counter(found.mails) + Counter(sight.mails)),
    )


def depth(where: Cloud, slug: str) -> int:
    """Return how many dead letters wait."""
    url = queue_url(where, slug)
    if url is None:
        return 0
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = where.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found.get(name, 0)) for name in names)


def queue_url(where: Cloud, slug: str) -> str | None:
    try:
        return str(where.client("sqs").get_queue_url(QueueName=dead_letters(slug))["QueueUrl"])
    except ClientError as error:
        if "NonExistentQueue" in code_of(error) or code_of(error) == "QueueDoesNotExist":
            return None
        raise


def _marks(where: Cloud, slug: str) -> dict[str, Any]:
    pages = where.client("dynamodb").get_paginator("scan").paginate(TableName=f"{stack_name(slug)}-jobs")
    items = [decode(item) for page in pages for item in page["Items"]]
    return {item["pk"]: item for item in items}


def _alarms(where: Cloud, slug: str) -> list[Mapping[str, Any]]:
    pages = (
        where.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"{stack_name(slug)}-")
    )
    return [alarm for page in pages for alarm in page["MetricAlarms"]]


def _watched(where: Cloud, slug: str) -> Watched | None:
    """Return what the city's watch is told to look at; None when it has none."""
    name = function_name(slug, "watch_city")
    try:
        found = where.client("lambda").get_function_configuration(FunctionName=name)
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise
    return Watched.from_env(found["Environment"]["Variables"])


def _closed(where: Cloud, slug: str) -> bool:
    name = function_name(slug, "api_handler")
    try:
        found = where.client("lambda").get_function_concurrency(FunctionName=name)
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return False
        raise
    return bool(found.get("ReservedConcurrentExecutions") == 0)
