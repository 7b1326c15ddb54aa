"""A city's stack: what is deployed, its template, its names. All that reaches it from outside is here."""

from infra.stack.names import (
    ACCOUNT_STACK,
    code_key,
    dead_letters,
    function_name,
    kept_tables,
    log_groups,
    parameters,
    refused,
    signing_key_name,
    stack_name,
    tags,
)
from infra.stack.package import Built, CannotBuild, build
from infra.stack.template import account_template

__all__ = [
    "ACCOUNT_STACK",
    "Built",
    "CannotBuild",
    "account_template",
    "build",
    "code_key",
    "dead_letters",
    "function_name",
    "kept_tables",
    "log_groups",
    "parameters",
    "refused",
    "signing_key_name",
    "stack_name",
    "tags",
]
