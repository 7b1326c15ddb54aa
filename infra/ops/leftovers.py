"""What carries a city's name at AWS beside its stack: found, and removed, by its exact name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.ops.cloud import Cloud
from infra.ops.ground import known_bucket
from infra.ops.say import NOTHING_DONE, Say
from infra.ops.stops import Exit, Stopped
from infra.ops.trouble import code_of
from infra.ops.watching import queue_url
from infra.stack import code_key, dead_letters, kept_tables, log_groups, signing_key_name, stack_name

HOLDING = ("people", "listings", "matches", "notices")
"""The nouns whose tables hold what residents gave; what the others hold follows from them or is ours."""
_ABSENT = {
    "ResourceNotFoundException",
    "ParameterNotFound",
    "NotFoundException",
    "404",
    "NoSuchBucket",
}


@dataclass(frozen=True, slots=True)
class Left:
    """One thing that is there, and how it goes."""

    kind: str
    name: str
    remove: Callable[[], object]


def found(where: Cloud, slug: str) -> list[Left]:
    """Return all that is there of the city beside its stack."""
    return [*_tables(where, slug), *_logs(where, slug), *_queue(where, slug), *_mail(where, slug),
            *_key(where, slug), *_bucket(where, slug), *_objects(where, slug)]  # fmt: skip


def make_room(where: Cloud, slug: str, say: Say) -> None:
    """Remove what would be in the way of a new stack and holds nothing; raise Stopped when something does."""
    full = full_tables(where, slug)
    if full:
        raise Stopped(
            f"The name {slug} is taken: tables of that name hold data ({', '.join(full)}) without a stack.",
            NOTHING_DONE,
            f"entraide destroy {slug} --export-to FOLDER, then entraide deploy {slug}, "
            f"then entraide import {slug} FOLDER",
            Exit.REFUSED,
        )
    for left in [*_tables(where, slug), *_logs(where, slug), *_queue(where, slug), *_mail(where, slug)]:
        say.note(f"  removing an empty {left.kind} that is in the way: {left.name}")
        left.remove()


def full_tables(where: Cloud, slug: str) -> list[str]:
    """Return the tables of the city that hold what residents gave."""
    client, full = where.client("dynamodb"), []
    for noun in HOLDING:
        name = f"{stack_name(slug)}-{noun}"
        try:
            answer = client.scan(TableName=name, Limit=1, ConsistentRead=True)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
        else:
            if answer["Count"]:
                full.append(name)
    return full


def _tables(where: Cloud, slug: str) -> Iterator[Left]:
    client = where.client("dynamodb")
    for name in kept_tables(slug):
        if _there(lambda name=name: client.describe_table(TableName=name)):  # type: ignore[misc]
            yield Left("table", name, lambda name=name: _remove_table(client, name))  # type: ignore[misc]


def _remove_table(client: Any, name: str) -> None:
    protected = client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled", False)
    if protected:
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    client.delete_table(TableName=name)
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def _logs(where: Cloud, slug: str) -> Iterator[Left]:
    client = where.client("logs")
    for prefix in (*log_groups(slug), f"/aws/lambda/{stack_name(slug)}-"):
        for page in client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
            for group in page["logGroups"]:
                name = group["logGroupName"]
                # A prefix of one city may be the whole of another: lille and lille-sud.
                if name in log_groups(slug) or _ours(name.removeprefix("/aws/lambda/"), slug, prefix):
                    yield Left(
                        "log group",
                        name,
                        lambda name=name: client.delete_log_group(logGroupName=name),  # type: ignore[misc]
                    )


def _ours(function: str, slug: str, prefix: str) -> bool:
    return prefix.startswith("/aws/") and "-" not in function.removeprefix(f"{stack_name(slug)}-")


def _queue(where: Cloud, slug: str) -> Iterator[Left]:
    client, url = where.client("sqs"), queue_url(where, slug)
    if url is not None:
        yield Left("queue", dead_letters(slug), lambda: client.delete_queue(QueueUrl=url))


def _mail(where: Cloud, slug: str) -> Iterator[Left]:
    client, name = where.client("sesv2"), stack_name(slug)
    if _there(lambda: client.get_configuration_set(ConfigurationSetName=name)):
        yield Left("mail setting", name, lambda: client.delete_configuration_set(ConfigurationSetName=name))


def _key(where: Cloud, slug: str) -> Iterator[Left]:
    client, name = where.client("ssm"), signing_key_name(slug)
    if _there(lambda: client.get_parameter(Name=name)):
        yield Left("signing key", name, lambda: client.delete_parameter(Name=name))


def _bucket(where: Cloud, slug: str) -> Iterator[Left]:
    """Yield the bucket of a client whose stack is gone; CloudFormation names it after stack and resource."""
    s3, prefix = where.client("s3"), f"{stack_name(slug)}-web-"
    for each in s3.list_buckets().get("Buckets", ()):
        name = each["Name"]
        # entraide-lille-web-web-... is of a city lille-web.
        if name.startswith(prefix) and "-" not in name.removeprefix(prefix):
            yield Left("bucket", name, lambda name=name: _remove_bucket(s3, name))  # type: ignore[misc]


def _remove_bucket(s3: Any, name: str) -> None:
    empty(s3, name)
    s3.delete_bucket(Bucket=name)


def _objects(where: Cloud, slug: str) -> Iterator[Left]:
    """Yield the city's own objects in the bucket, and the code that no other city was deployed with."""
    bucket = known_bucket(where)
    if bucket is None:
        return
    s3 = where.client("s3")
    keys = _keys(s3, bucket, "cities/")
    mine = [key for key in keys if key.startswith(f"cities/{slug}/")]
    others = {key.split("/")[1] for key in keys} - {slug}
    code = [] if others else _keys(s3, bucket, code_key("").split(".", maxsplit=1)[0])
    for key in [*mine, *code]:
        yield Left("object", f"{bucket}/{key}", lambda key=key: empty(s3, bucket, key))  # type: ignore[misc]


def empty(s3: Any, bucket: str, prefix: str = "") -> int:
    """Remove what is in a bucket under a prefix, every version of it; return how many there were."""
    gone = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        each = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        named = [{"Key": one["Key"], "VersionId": one.get("VersionId") or "null"} for one in each]
        if named:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
            gone += len(named)
    return gone


def _keys(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [each["Key"] for page in pages for each in page.get("Contents", ())]


def _there(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except ClientError as error:
        if code_of(error) in _ABSENT:
            return False
        raise
    return True
