"""How a city is deployed: what its operators choose, checked, and kept from one deployment to the next."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from chalicelib.cities.model import City
from infra.ops.artefact import Release
from infra.ops.cloud import Cloud
from infra.ops.say import NOTHING_DONE, Say
from infra.ops.standing import NEVER_OPENED, Standing, standing
from infra.ops.stops import Exit, Stopped
from infra.stack import parameters as all_parameters
from infra.stack import refused, stack_name

_CHOICES = (
    click.option("--ops", help="The address that hears what is wrong; asked the first time."),
    click.option("--base-url", help="The https address residents reach the city at, if not the API's own."),
    click.option("--sender-identity", help="The SES identity of the sender, if not its domain."),
    click.option(
        "--owns-sender/--shared-sender", default=None, help="Whether the stack makes the sender's identity."
    ),
    click.option(
        "--monthly-budget", type=click.IntRange(0), help="In USD; past it the ops address hears. 0: none."
    ),
    click.option(
        "--full-watch/--spare-watch", default=None, help="With alarms, at 0.10 USD a month each, or without."
    ),
    click.option(
        "--front/--no-front",
        default=None,
        help="With CloudFront, which serves client and API under one name, or the API alone.",
    ),
    click.option("--host", help="A name of the city's own for CloudFront, instead of the one it gives."),
    click.option("--certificate", help="The ARN of that name's certificate in us-east-1."),
)


def configured(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say how a city is deployed."""
    for option in reversed(_CHOICES):
        command = option(command)
    return command


_KEPT = {
    "ops": "OpsAddress",
    "base_url": "BaseUrl",
    "sender_identity": "SenderIdentity",
    "host": "Host",
    "certificate": "Certificate",
}
"""The options that are kept as they are from one deployment to the next."""


def checked(where: Cloud, say: Say, slugs: list[str], given: dict[str, Any]) -> dict[str, Any]:
    """Return the options, each one that the template takes; what is missing of a new city is asked.

    It is done first: a build takes a while.
    """
    for option, parameter in _KEPT.items():
        value = str(given.get(option) or "").rstrip("/")
        why = refused(parameter, value) if value else ""
        if why:
            name = f"--{option.replace('_', '-')}"
            raise Stopped(
                f"{name} {value} cannot be taken. It is: {why}",
                NOTHING_DONE,
                f"the same command with another {name}",
                Exit.USAGE,
            )
    if not given.get("ops") and any(is_new(where, slug) for slug in slugs):
        return {**given, "ops": _ask_ops(say)}
    return given


def is_new(where: Cloud, slug: str) -> bool:
    """Tell whether nothing is known yet of what the city's operators chose."""
    now = standing(where, stack_name(slug))
    return now is None or now.status in NEVER_OPENED


def parameters(
    city: City, release: Release, bucket: str, before: Standing | None, given: Mapping[str, Any], say: Say
) -> dict[str, str]:
    """Return the stack's parameters: what is given now, else what it had, else what is asked or usual."""
    had = {} if before is None else before.parameters
    kept: dict[str, Any] = {option: had[name] for option, name in _KEPT.items() if name in had}
    if not _speaks_for(kept.get("sender_identity", ""), city.sender.address):
        kept.pop("sender_identity", None)
    if "MonthlyBudget" in had:
        kept |= {
            "monthly_budget": int(had["MonthlyBudget"]),
            "owns_sender": had["OwnsSender"] == "yes",
            "full_watch": had["Watch"] == "full",
            "front": had.get("WithFront", "yes") == "yes",
        }
    wanted: dict[str, Any] = kept | {name: value for name, value in given.items() if value is not None}
    if not wanted.get("ops"):
        wanted["ops"] = _ask_ops(say)
    if wanted.get("host") and not wanted.get("certificate"):
        raise Stopped(
            f"{wanted['host']} has no certificate.",
            NOTHING_DONE,
            "the same command with --certificate and the ARN of one in us-east-1",
            Exit.USAGE,
        )
    return dict(all_parameters(city, bucket=bucket, sha256=release.sha256, **wanted))


def _speaks_for(identity: str, address: str) -> bool:
    """Tell whether SES lets that identity send as the address: it is the address, its domain or one above."""
    return identity == address or f".{address.partition('@')[2]}".endswith(f".{identity}")


def _ask_ops(say: Say) -> str:
    return say.ask("The address that hears what is wrong with the city", "--ops")
