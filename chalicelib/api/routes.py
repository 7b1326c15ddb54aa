"""What the API says of itself: the OpenAPI document, and the same as a page to read."""

from functools import cache
from typing import TYPE_CHECKING, Any

from chalice import Blueprint

from chalicelib.api.operation import Answer, Call
from chalicelib.api.page import html, page

if TYPE_CHECKING:
    from chalicelib.cities.model import City

routes = Blueprint(__name__)

VERSION = "0.1.0"


@page(routes, "read_document", "GET", "/openapi.json")
def read_document(call: Call) -> Answer:
    return Answer(_document(call.house.city, call.house.settings.release))


@page(routes, "read_docs", "GET", "/docs")
def read_docs(call: Call) -> Answer:
    from chalicelib.pages.model import docs_page

    return html(docs_page(_document(call.house.city, call.house.settings.release)))


@cache
def _document(city: "City", release: str) -> dict[str, Any]:
    from chalicelib.api.openapi import document

    said = document(city, VERSION)
    # Whoever deploys asks for it: a new version is told from the one before by this alone.
    return said | {"info": said["info"] | {"x-release": release}} if release else said
