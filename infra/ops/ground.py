"""What a city's stack stands on: the account's own stack, the signing key, the parameters, open doors."""

import json
import secrets

from botocore.exceptions import ClientError

from infra.ops.changes import Asked, change_set, drop
from infra.ops.cloud import Cloud
from infra.ops.say import Say
from infra.ops.standing import (
    NEVER_OPENED,
    Standing,
    events_so_far,
    failures,
    resources,
    settled,
    standing,
)
from infra.ops.stops import Stopped
from infra.ops.trouble import AGAIN, code_of
from infra.stack import ACCOUNT_STACK, account_template, signing_key_name


def bucket(where: Cloud, say: Say) -> str:
    """Return the bucket of the account and region, making the stack that all its cities share as needed."""
    creates = _account(where, say) is None
    # No emulator knows what CloudFront shares among cities.
    given = {"WithFront": "no"} if where.emulator else {}
    asked = Asked({"TemplateBody": json.dumps(account_template())}, given, {"application": "entraide"})
    change = change_set(where, ACCOUNT_STACK, asked, label="account", creates=creates, say=say)
    since = events_so_far(where, change.stack)
    if change.changes:
        where.client("cloudformation").execute_change_set(ChangeSetName=change.id)
        total = len(change.changes)
        settled(where, change.stack, say, "Preparing the account", since=since, total=total)
    else:
        drop(where, change)
    now = standing(where, ACCOUNT_STACK)
    if now is None or "CodeBucket" not in now.outputs or now.status in NEVER_OPENED:
        raise _not_prepared("; ".join(failures(where, change.stack, since)[:3]))
    return now.outputs["CodeBucket"]


def _account(where: Cloud, say: Say) -> Standing | None:
    """Return the account's stack when it can be updated, None when it is to be made."""
    now = standing(where, ACCOUNT_STACK)
    if now is not None and now.moving:
        what = "Another command prepares the account"
        now = settled(where, now.id, say, what, since=frozenset(), total=1)
    if now is not None and now.status in NEVER_OPENED:
        say.note(f"An earlier preparation of the account was cut off ({now.status}); beginning again.")
        since = events_so_far(where, now.id)
        where.client("cloudformation").delete_stack(StackName=now.name)
        now = settled(where, now.id, say, "Removing what it left", since=since, total=1)
    if now is not None and not now.stands:
        raise _not_prepared(f"it is in {now.status}: {now.reason or 'CloudFormation gives no reason'}")
    return now


def _not_prepared(why: str) -> Stopped:
    return Stopped(
        f"The stack {ACCOUNT_STACK} that all cities share could not be made: {why or 'no reason is given'}.",
        "No city was changed.",
        f"entraide doctor; look at {ACCOUNT_STACK} in CloudFormation; {AGAIN}",
    )


def known_bucket(where: Cloud) -> str | None:
    """Return the bucket if the account has been prepared."""
    now = standing(where, ACCOUNT_STACK)
    return None if now is None else now.outputs.get("CodeBucket")


def ensure_key(where: Cloud, slug: str, key: str | None = None) -> None:
    """Make the city's signing key, once: people's ids follow from it, and one that stands stays."""
    try:
        where.client("ssm").put_parameter(
            Name=signing_key_name(slug),
            Description="Sessions, links, codes and people's ids follow from it. It must never be replaced.",
            Value=key or secrets.token_urlsafe(48),
            Type="SecureString",
            Overwrite=False,
            Tags=[{"Key": "application", "Value": "entraide"}, {"Key": "city", "Value": slug}],
        )
    except ClientError as error:
        if code_of(error) != "ParameterAlreadyExists":
            raise


def signing_key(where: Cloud, slug: str) -> str | None:
    try:
        found = where.client("ssm").get_parameter(Name=signing_key_name(slug), WithDecryption=True)
    except ClientError as error:
        if code_of(error) == "ParameterNotFound":
            return None
        raise
    return str(found["Parameter"]["Value"])


def close_doors(where: Cloud, now: Standing) -> list[str]:
    """Let no function of the city run, and return those that were stopped."""
    functions = resources(where, now.name).get("AWS::Lambda::Function", [])
    for name in functions:
        where.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    return functions


def open_doors(where: Cloud, now: Standing | None) -> list[str]:
    """Let every function run again that an interrupted command kept from it."""
    if now is None:
        return []
    client, opened = where.client("lambda"), []
    for name in resources(where, now.name).get("AWS::Lambda::Function", []):
        if client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions") == 0:
            client.delete_function_concurrency(FunctionName=name)
            opened.append(name)
    return opened
