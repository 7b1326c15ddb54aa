"""The last release of a city that answered well, beside its templates: what a failed one goes back to."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from botocore.exceptions import ClientError

from infra.ops.cloud import Cloud
from infra.ops.trouble import code_of


@dataclass(frozen=True, slots=True)
class Verified:
    """A release that answered, and the parameters it had."""

    release: str
    sha256: str
    parameters: Mapping[str, str]
    client: str = ""
    """The version of the client it was seen with; empty where a city had none yet."""


def verified(where: Cloud, bucket: str, slug: str) -> Verified | None:
    try:
        found = where.client("s3").get_object(Bucket=bucket, Key=_key(slug))["Body"].read()
    except ClientError as error:
        if code_of(error) in {"NoSuchKey", "404"}:
            return None
        raise
    return Verified(**json.loads(found))


def note(where: Cloud, bucket: str, slug: str, last: Verified) -> None:
    if verified(where, bucket, slug) != last:
        body = json.dumps(asdict(last)).encode()
        where.client("s3").put_object(
            Bucket=bucket, Key=_key(slug), Body=body, ContentType="application/json"
        )


def _key(slug: str) -> str:
    return f"cities/{slug}/verified.json"
