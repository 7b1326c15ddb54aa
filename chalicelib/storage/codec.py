"""Python values as DynamoDB keeps them. Numbers are whole: nothing in the product needs a fraction."""

from collections.abc import Mapping
from typing import Any

Item = Mapping[str, Any]
"""Plain values: str, int, bool, bytes, and tuples and mappings of them. None is left out."""


def encode(item: Item) -> dict[str, Any]:
    return {name: _encode(value) for name, value in item.items() if value is not None}


def decode(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _decode(value) for name, value in raw.items()}


def _encode(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, tuple | list):
        return {"L": [_encode(member) for member in value]}
    if isinstance(value, Mapping):
        return {"M": encode(value)}
    raise TypeError(f"{type(value).__name__} has no place in a table")


def _decode(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "N":
        return int(content)
    if kind == "L":
        return tuple(_decode(member) for member in content)
    if kind == "M":
        return decode(content)
    return content
