"""What every answer shows alike: instants, cells."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from chalicelib.places.model import Cell


def show_instant(at: int) -> str:
    """Return an instant as RFC 3339 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=4_096)
def show_cell(cell: Cell) -> Mapping[str, Any]:
    """Return all that is ever said of where something is."""
    return {
        "id": cell.id,
        "lat": cell.centre.lat,
        "lon": cell.centre.lon,
        "bounds": [round(edge, 6) for edge in cell.bounds],
    }


def etag(version: int) -> Mapping[str, str]:
    return {"ETag": f'"{version}"'}


def show_time(minutes: int) -> str:
    """Return minutes of a day as its time."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
