"""What stands before a city: the client's files and the API under one name, told apart by path."""

import json
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from infra.client import MISSING, PARTS, WEB

Template = dict[str, Any]

UNCACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_BUT_THE_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""Policies of CloudFront's own: nothing is kept, and the API sees all of a request but the host's name."""

_HSTS = "max-age=63072000"
_GATE = """\
var KNOWN = %(known)s;
var HEADERS = %(headers)s;
var PAGE = %(page)s;
function handler(event) {
  var uri = event.request.uri;
  if (KNOWN.includes(uri) || uri.startsWith('/%(parts)s/')) {
    return event.request;
  }
  return {
    statusCode: 404,
    statusDescription: 'Not Found',
    headers: HEADERS,
    body: { encoding: 'text', data: PAGE },
  };
}
"""


def api_patterns(paths: Iterable[str]) -> list[str]:
    """Return the path patterns that lead to the API: the first part of each of its routes."""
    found = set()
    for path in paths:
        first, deeper = path.lstrip("/").partition("/")[::2]
        if not first or first.startswith("{") or first == PARTS:
            raise ValueError(f"the route {path} would take the client's place")
        found.add(f"/{first}/*" if deeper else f"/{first}")
    return sorted(found)


def behaviours(patterns: Iterable[str]) -> list[Template]:
    """Return how each pattern is led to the API: any method, all that was sent, nothing kept."""
    return [
        {
            "PathPattern": pattern,
            "TargetOriginId": "api",
            "ViewerProtocolPolicy": "redirect-to-https",
            "AllowedMethods": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
            "Compress": True,
            "CachePolicyId": UNCACHED,
            "OriginRequestPolicyId": ALL_BUT_THE_HOST,
            "ResponseHeadersPolicyId": {"Fn::ImportValue": "entraide-ApiHeaders"},
        }
        for pattern in patterns
    ]


def content_policy() -> str:
    """Return the client's Content-Security-Policy: its own files, its own host, no script or style in a page.

    The page for what is missing holds its style, because it is not among the files; its digest is allowed.
    """
    style = missing_page().partition("<style>")[2].partition("</style>")[0]
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{allowed}'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def client_headers() -> dict[str, str]:
    """Return what goes with every file of the client, beside its own type and age."""
    return {
        "Content-Security-Policy": content_policy(),
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": _HSTS,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def missing_page() -> str:
    """Return the page that says that there is no such page."""
    return (WEB / MISSING).read_text(encoding="utf-8")


def gate(pages: Iterable[str]) -> str:
    """Return CloudFront's function that answers what is no file of the client.

    An error page of the distribution would take the place of the API's own answers 403 and 404 as well.
    """
    headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", **client_headers()}
    told = {
        "known": json.dumps(["/", *(f"/{page}" for page in pages)]),
        "headers": json.dumps({name.lower(): {"value": value} for name, value in headers.items()}),
        "page": json.dumps(missing_page()),
        "parts": PARTS,
    }
    return _GATE % told
