"""What the parts of a city's stack are called, and what the stack is told of its city."""

import json
import re
from collections.abc import Mapping

from chalicelib.cities.model import City
from infra.tables import RESOURCES, table_definitions

ACCOUNT_STACK = "entraide-account"
"""The stack that all cities of an account and region share: where code is put, who may write access logs."""


def stack_name(slug: str) -> str:
    return f"entraide-{slug}"


def function_name(slug: str, handler: str) -> str:
    """Return the name of the function of a handler of app.py, or of `api_handler`."""
    return f"entraide-{slug}-{handler}"


def signing_key_name(slug: str) -> str:
    """Return the name of the SSM parameter (SecureString) that must be there before the stack is made."""
    return f"/entraide/{slug}/signing-key"


def dead_letters(slug: str) -> str:
    """Return the name of the queue of what no function took."""
    return f"entraide-{slug}-dead-letters"


def log_groups(slug: str) -> tuple[str, str]:
    """Return the names of the log groups of the functions and of the API's accesses."""
    return f"/entraide/{slug}", f"/entraide/{slug}/access"


def kept_tables(slug: str) -> tuple[str, ...]:
    """Return the names of the tables, which stay, protected, when the stack is removed."""
    return tuple(sorted(name.replace("${City}", slug) for name in table_definitions()))


def code_key(sha256: str) -> str:
    """Return where in the bucket of the account the code of that digest is put: other code, another place."""
    return f"code/{sha256}.zip"


def tags(slug: str) -> dict[str, str]:
    """Return the tags of the stack, which CloudFormation gives to all that is in it."""
    return {"application": "entraide", "city": slug}


def refused(parameter: str, value: str) -> str:
    """Return what a parameter of the template is when it does not take that value; nothing when it does."""
    said = json.loads(RESOURCES.read_text(encoding="utf-8"))["Parameters"][parameter]
    taken = re.fullmatch(said.get("AllowedPattern", ".*"), value)
    return "" if taken else str(said["Description"])


def parameters(
    city: City,
    *,
    bucket: str,
    sha256: str,
    ops: str,
    base_url: str = "",
    sender_identity: str = "",
    owns_sender: bool = True,
    monthly_budget: int = 20,
    full_watch: bool = False,
    front: bool = True,
    host: str = "",
    certificate: str = "",
) -> Mapping[str, str]:
    """Return the parameters of a city's stack.

    `bucket` and `sha256` say where its code is. `ops` is the address that hears what is wrong. Without a
    `base_url` links in mails begin with the host, or CloudFront's own name, or the API's own address. The
    sender's identity is the domain of the city's sender unless named; a stack that does not own it leaves
    making and verifying it to others. `monthly_budget` is in USD, 0 for none. Without a `front` there is the
    API alone. `host` gives the front a name of the city's own, with the `certificate` (an ARN in us-east-1).
    """
    return {
        "City": city.slug,
        "CodeBucket": bucket,
        "CodeKey": code_key(sha256),
        "BaseUrl": base_url.rstrip("/"),
        "SenderIdentity": sender_identity or city.sender.address.partition("@")[2],
        "OwnsSender": "yes" if owns_sender else "no",
        "OpsAddress": ops,
        "MonthlyBudget": str(monthly_budget),
        "Watch": "full" if full_watch else "spare",
        "WithFront": "yes" if front else "no",
        "Host": host,
        "Certificate": certificate,
    }
