"""What docs/ holds of the API, written from the code: `python -m infra.docs`."""

import json
from pathlib import Path

import app
from chalicelib.api.openapi import document
from chalicelib.api.routes import VERSION
from chalicelib.cities.model import load_city
from chalicelib.settings import CITIES

CITY = "mulhouse"
"""Whose limits the written document tells; every city serves its own at /openapi.json."""
WRITTEN = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def openapi() -> str:
    """Return the text of docs/openapi.json, from the operations that the application serves."""
    assert app.app.routes, "the operations are declared as the application is imported"
    said = document(load_city(CITIES / f"{CITY}.json"), VERSION)
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    WRITTEN.write_text(openapi(), encoding="utf-8")
    print(f"{WRITTEN.name}: {len(openapi().splitlines())} lines")
