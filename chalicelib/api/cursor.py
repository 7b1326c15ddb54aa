"""Cursors: where the next page begins, sealed so that nobody makes one up."""

import json
from typing import Any

from chalicelib.errors import Malformed
from chalicelib.identity import Secrets


def seal(secrets: Secrets, purpose: str, position: Any) -> str:
    """Return the cursor of a position; good for the same city and the same question only."""
    from itsdangerous import URLSafeSerializer  # noqa: PLC0415 — only a page with a next one pays

    return str(URLSafeSerializer(secrets.secret("cursor", purpose)).dumps(position))


def unseal(secrets: Secrets, purpose: str, cursor: str) -> Any:
    """Return the position of a cursor; Malformed when it was not sealed here for this question."""
    from itsdangerous import BadData, URLSafeSerializer  # noqa: PLC0415

    serializer = URLSafeSerializer(secrets.secret("cursor", purpose))
    try:
        position = serializer.loads(cursor)
    except BadData as error:
        raise Malformed("cursor_invalid") from error
    if serializer.dumps(position) != cursor:  # the last letter of a signature has bits that mean nothing
        raise Malformed("cursor_invalid")
    return position


def canonical(parts: Any) -> str:
    return json.dumps(parts, sort_keys=True, separators=(",", ":"))
