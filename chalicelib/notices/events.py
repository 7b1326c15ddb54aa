"""What the provider says of a mail afterwards (SES through EventBridge): it went, came back, was unwanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.notices.ses import TAG

Kind = Literal["sent", "bounced", "complained"]

_KINDS: Mapping[str, Kind] = {
    "Send": "sent",
    "Delivery": "sent",
    "Bounce": "bounced",
    "Complaint": "complained",
}


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One word of the provider about the mail of one notice."""

    kind: Kind
    notice: str
    provider_id: str


def read_event(event: Mapping[str, Any]) -> MailEvent | None:
    """Return the event, or None when it says nothing that matters: a soft bounce, a mail that is not ours."""
    detail = event.get("detail", {})
    mail = detail.get("mail", {})
    kind = _KINDS.get(detail.get("eventType", ""))
    notices = mail.get("tags", {}).get(TAG, [])
    if kind is None or not notices:
        return None
    if kind == "bounced" and detail.get("bounce", {}).get("bounceType") != "Permanent":
        return None
    return MailEvent(kind, str(notices[0]), str(mail.get("messageId", "")))
