"""A page: HTML for a person, served beside the API."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from chalice import Blueprint

from chalicelib.api.operation import Answer, Call, Method, Operation, View, serve_with
from chalicelib.api.reading import MOST_BYTES, TooLarge
from chalicelib.errors import Malformed
from chalicelib.wiring import house

PAGES: list[Operation] = []
"""Every page of the application: open to anyone, because the link is what lets one in."""


def page(blueprint: Blueprint, name: str, method: Method, path: str) -> Callable[[View], View]:
    """Serve the page with the view below; what it refuses is said on a page."""

    def serve(view: View) -> View:
        declared = Operation("pages", name, method, path, "anyone", name, keyed=False)
        PAGES.append(declared)
        return serve_with(blueprint, declared, view, _as_page)

    return serve


def html(text: str, status: int = 200) -> Answer:
    from chalicelib.pages.model import policy  # noqa: PLC0415 — only pages pay for templates

    headers = {
        "Content-Security-Policy": policy(),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    return Answer(text, status, headers, "text/html; charset=utf-8")


def form(call: Call) -> Mapping[str, str]:
    """Return the fields of a posted form, the last of each name."""
    if len(call.raw) > MOST_BYTES:
        raise TooLarge("too_large", most=MOST_BYTES)
    try:
        fields = parse_qs(call.raw.decode("utf-8"), max_num_fields=20, errors="strict")
    except ValueError as error:
        raise Malformed("malformed_form") from error
    return {name: values[-1] for name, values in fields.items()}


def _as_page(status: int, body: Mapping[str, Any], language: str) -> Answer:
    from chalicelib.pages.model import problem_page  # noqa: PLC0415

    values = {name: value for name, value in body.items() if name == "id"}
    return html(problem_page(language, body["code"], values, city_name=house().city.name), status)
