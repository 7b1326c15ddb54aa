"""A city's tables, made from the definitions that the deployed ones are made from."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESOURCES = Path(__file__).with_name("resources.json")
ACTIVE_S = 60.0

_AS_WRITTEN = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
"""Encryption, backups and protection are for the tables that hold a real city."""

Definitions = Mapping[str, Mapping[str, Any]]
"""The properties of each table, by its name with `${City}` in the place of the slug."""


def table_definitions() -> Definitions:
    resources = json.loads(RESOURCES.read_text(encoding="utf-8"))["Resources"].values()
    tables = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::DynamoDB::Table"]
    return {table["TableName"]["Fn::Sub"]: table for table in tables}


def create_tables(client: Any, city: str, definitions: Definitions) -> tuple[str, ...]:
    """Make the tables that are missing, and return the names of those that were, when all can be used.

    `client` is botocore's for DynamoDB.
    """
    names = {template.replace("${City}", city): table for template, table in definitions.items()}
    made = tuple(name for name, table in names.items() if _create(client, name, table))
    for name, table in names.items():
        _wait_until_active(client, name)
        _purge_in_time(client, name, table["TimeToLiveSpecification"])
    return made


def _create(client: Any, name: str, table: Mapping[str, Any]) -> bool:
    try:
        client.create_table(TableName=name, **{part: table[part] for part in _AS_WRITTEN if part in table})
    except client.exceptions.ResourceInUseException:
        return False
    return True


def _purge_in_time(client: Any, name: str, wanted: Mapping[str, Any]) -> None:
    stands = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if stands["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)


def _wait_until_active(client: Any, name: str) -> None:
    late = time.monotonic() + ACTIVE_S
    while client.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
        if time.monotonic() > late:
            raise TimeoutError(f"the table {name} is not ready after {ACTIVE_S:.0f} s")
        time.sleep(0.05)
