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


class OtherTable(Exception):
    """A table of that name stands and has other keys or indexes."""


Definitions = Mapping[str, Mapping[str, Any]]
"""The properties of each table, by its name with `${City}` in the place of the slug."""


def table_definitions() -> Definitions:
    resources = json.loads(RESOURCES.read_text(encoding="utf-8"))["Resources"].values()
    tables = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::DynamoDB::Table"]
    return {table["TableName"]["Fn::Sub"]: table for table in tables}


def create_tables(client: Any, city: str, definitions: Definitions) -> tuple[str, ...]:
    """Make the tables that are missing, and return the names of those that were, when all can be used.

    `client` is botocore's for DynamoDB. Nothing is purged from them until `start_purging`.
    """
    made = []
    for template, table in definitions.items():
        name = template.replace("${City}", city)
        try:
            client.create_table(
                TableName=name, **{part: table[part] for part in _AS_WRITTEN if part in table}
            )
            made.append(name)
        except client.exceptions.ResourceInUseException:
            _check(client, name, table)
    for name in made:
        _wait_until_active(client, name)
    return tuple(made)


def start_purging(client: Any, city: str, definitions: Definitions) -> None:
    """Let DynamoDB remove what is past its time, by the clock of the machine it runs on."""
    purged = {name: table for name, table in definitions.items() if "TimeToLiveSpecification" in table}
    for template, table in purged.items():
        name, wanted = template.replace("${City}", city), table["TimeToLiveSpecification"]
        stands = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if stands["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
            client.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)


def _wait_until_active(client: Any, name: str) -> None:
    late = time.monotonic() + ACTIVE_S
    while client.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
        if time.monotonic() > late:
            raise TimeoutError(f"the table {name} is not ready after {ACTIVE_S:.0f} s")
        time.sleep(0.05)


def _check(client: Any, name: str, table: Mapping[str, Any]) -> None:
    """Raise OtherTable when the table that stands was made from another definition."""
    stands = client.describe_table(TableName=name)["Table"]
    if _shape(stands) != _shape(table):
        raise OtherTable(name)


def _shape(table: Mapping[str, Any]) -> tuple[Any, Any]:
    indexes = table.get("GlobalSecondaryIndexes", [])
    return table["KeySchema"], {index["IndexName"]: index["KeySchema"] for index in indexes}
