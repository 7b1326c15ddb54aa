"""The template of every city, and the one that all cities of an account share."""

from typing import Any


def account_template() -> dict[str, Any]:
    """Return the template of `ACCOUNT_STACK`; its output `CodeBucket` names the bucket for code."""
    raise NotImplementedError
