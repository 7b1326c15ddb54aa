"""What a city's stack stands on: the account's own stack, the signing key, the parameters, open doors."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.cities.model import City
from infra.ops.artefact import Release
from infra.ops.changes import Asked, change_set, drop
from infra.ops.cloud import Cloud
from infra.ops.say import Say
from infra.ops.standing import Standing, events_so_far, resources, settled, standing
from infra.ops.stops import Stopped
from infra.ops.trouble import AGAIN, code_of
from infra.stack import ACCOUNT_STACK, account_template, signing_key_name
from infra.stack import parameters as all_parameters

_OPTIONS = {
    "ops": "OpsAddress",
    "base_url": "BaseUrl",
    "sender_identity": "SenderIdentity",
    "host": "Host",
    "certificate": "Certificate",
}
"""The options that are kept as they are from one deployment to the next."""


def bucket(where: Cloud, say: Say) -> str:
    """Return the bucket of the account and region, making the stack that all its cities share as needed."""
    template = {"TemplateBody": json.dumps(account_template())}
    # No emulator knows what CloudFront shares among cities.
    asked = Asked(template, {"WithFront": "no"} if where.emulator else {}, {"application": "entraide"})
    before = standing(where, ACCOUNT_STACK)
    if before is not None and before.moving:
        before = settled(
            where, before.id, say, "Another command prepares the account", since=frozenset(), total=1
        )
    creates = before is None or before.status in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}
    change = change_set(where, ACCOUNT_STACK, asked, label="account", creates=creates, say=say)
    if change.changes:
        since = events_so_far(where, change.stack)
        where.client("cloudformation").execute_change_set(ChangeSetName=change.id)
        total = len(change.changes)
        settled(where, change.stack, say, "Preparing the account", since=since, total=total)
    else:
        drop(where, change)
    now = standing(where, ACCOUNT_STACK)
    if now is None or "CodeBucket" not in now.outputs:
        raise Stopped(
            f"The stack {ACCOUNT_STACK} that all cities share could not be made.",
            "No city was changed.",
            f"entraide doctor; look at {ACCOUNT_STACK} in CloudFormation; {AGAIN}",
        )
    return now.outputs["CodeBucket"]


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


def parameters(
    city: City, release: Release, bucket: str, before: Standing | None, given: Mapping[str, Any], say: Say
) -> dict[str, str]:
    """Return the stack's parameters: what is given now, else what it had, else what is asked or usual."""
    had = {} if before is None else before.parameters
    kept: dict[str, Any] = {option: had[name] for option, name in _OPTIONS.items() if name in had}
    if "MonthlyBudget" in had:
        kept |= {
            "monthly_budget": int(had["MonthlyBudget"]),
            "owns_sender": had["OwnsSender"] == "yes",
            "full_watch": had["Watch"] == "full",
            "front": had.get("WithFront", "yes") == "yes",
        }
    wanted: dict[str, Any] = kept | {name: value for name, value in given.items() if value is not None}
    if not wanted.get("ops"):
        wanted["ops"] = say.ask("The address that hears what is wrong with the city", "--ops")
    return dict(all_parameters(city, bucket=bucket, sha256=release.sha256, **wanted))


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
