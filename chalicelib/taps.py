"""Taps: what one press in a mail does, sealed for one person and one thing, for a while."""

from dataclasses import dataclass
from typing import Literal

from chalicelib.errors import NotSignedIn
from chalicelib.identity import Secrets

Action = Literal["accept", "decline", "cancel", "outcome", "renew", "unsubscribe"]

DAY_S = 86_400
GOOD_FOR_S = 30 * DAY_S


@dataclass(frozen=True, slots=True)
class Tap:
    """One action of one person on one thing. `about` is what must still be so for the tap to be good."""

    action: Action
    subject: str
    person: str
    until: int
    about: str = ""


def seal(secrets: Secrets, tap: Tap) -> str:
    """Return the token that stands for the tap in a link."""
    from itsdangerous import URLSafeSerializer  # noqa: PLC0415 — only mails and their pages pay

    parts = [tap.action, tap.subject, tap.person, tap.until, tap.about]
    return str(URLSafeSerializer(secrets.secret("tap")).dumps(parts))


def unseal(secrets: Secrets, token: str, now: int) -> Tap:
    """Return the tap of a token; NotSignedIn when it was not sealed by this city or its time is over."""
    from itsdangerous import BadData, URLSafeSerializer  # noqa: PLC0415

    try:
        tap = Tap(*URLSafeSerializer(secrets.secret("tap")).loads(token))
    except (BadData, TypeError) as error:
        raise NotSignedIn("link_invalid") from error
    if seal(secrets, tap) != token:  # the last letter of a signature has bits that mean nothing
        raise NotSignedIn("link_invalid")
    if now >= tap.until:
        raise NotSignedIn("link_expired")
    return tap
