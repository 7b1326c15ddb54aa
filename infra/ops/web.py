"""A city's client in its bucket: brought to this checkout's, looked at, taken back."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.client import ANEW, FOR_EVER, PARTS, Client, media_type
from infra.ops.cloud import Cloud
from infra.ops.leftovers import empty
from infra.ops.say import Say
from infra.ops.standing import Standing
from infra.ops.trouble import code_of

START = "index.html"


def bucket_of(now: Standing | None) -> str:
    """Return the bucket of the city's client; empty where the stack is of a version that had none."""
    return "" if now is None else now.outputs.get("WebBucket", "")


def version_shown(where: Cloud, now: Standing | None) -> str:
    """Return the version of the client that residents are given; empty when there is none."""
    bucket = bucket_of(now)
    if not bucket:
        return ""
    try:
        found = where.client("s3").head_object(Bucket=bucket, Key=START)
    except ClientError as error:
        if code_of(error) in {"404", "NoSuchKey", "NotFound", "NoSuchBucket"}:
            return ""
        raise
    return str(found.get("Metadata", {}).get("version", ""))


def bring(where: Cloud, bucket: str, client: Client, say: Say) -> int:
    """Put what is not there yet, the pages last, and return how many files that were.

    Whoever opens a page meanwhile has the version before, whole: its parts lie under another name.
    """
    s3, there = where.client("s3"), _there(where, bucket)
    kept = {client.page_kept(name): body for name, body in client.pages.items()}
    steps = [({**client.parts, **kept}, FOR_EVER), (client.pages, ANEW)]
    missing = [
        (name, body, age)
        for files, age in steps
        for name, body in files.items()
        if there.get(name) != hashlib.md5(body, usedforsecurity=False).hexdigest()
    ]
    if missing:
        with say.progress(f"Bringing the client {client.version}", len(missing)) as step:
            for number, (name, body, age) in enumerate(missing):
                step.at(number, len(missing), name)
                _put(s3, bucket, name, body, age, client.version)
    return len(missing)


def take_back(where: Cloud, bucket: str, version: str) -> None:
    """Show an earlier version again: its pages take their places, its parts are where they were."""
    s3, prefix = where.client("s3"), f"{PARTS}/{version}/"
    for key in _there(where, bucket, prefix):
        name = key.removeprefix(prefix)
        if name.endswith(".html") and "/" not in name:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            _put(s3, bucket, name, body, ANEW, version)


def tidy(where: Cloud, bucket: str, keep: Collection[str]) -> None:
    """Remove the parts of every version but those."""
    versions = {key.split("/")[1] for key in _there(where, bucket, f"{PARTS}/")}
    for version in versions - set(keep):
        empty(where.client("s3"), bucket, f"{PARTS}/{version}/")


def _put(s3: Any, bucket: str, name: str, body: bytes, age: str, version: str) -> None:
    s3.put_object(
        Bucket=bucket,
        Key=name,
        Body=body,
        ContentType=media_type(name),
        CacheControl=age,
        Metadata={"version": version},
    )


def _there(where: Cloud, bucket: str, prefix: str = "") -> Mapping[str, str]:
    """Return what is there with its digest: the ETag of what came in one piece is its MD5."""
    pages = where.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {each["Key"]: each["ETag"].strip('"') for page in pages for each in page.get("Contents", ())}
