"""What sending notices needs of the world."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.notices.model import Notice, Quiet, Topic


class Throttled(Exception):
    """The provider asks us to slow down; the mail was not sent."""


class NotSent(Exception):
    """The provider could not be reached or failed; the mail was not sent."""


class Refused(Exception):
    """The provider will never take this mail."""


class AnswerLost(Exception):
    """The mail may have been sent: the provider's answer did not arrive."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it is handed to the provider; `unsubscribe` is the URL of RFC 8058's one-click POST."""

    to: str
    subject: str
    text: str
    html: str
    unsubscribe: str | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a notice: where, in which languages, the best first, and what they do not want."""

    address: str
    languages: tuple[str, ...]
    reachable: bool
    muted: frozenset[Topic]
    quiet: Quiet | None = None


class Outbox(Protocol):
    def get(self, notice_id: str) -> Notice | None: ...

    def save(self, notice: Notice) -> None:
        """Store the next version of a notice; Conflict when another sender was first."""

    def due(self, now: int) -> Iterable[str]: ...

    def due_to_purge(self, now: int) -> Iterable[str]: ...

    def purge(self, notice: Notice) -> None: ...

    def finished(self, job: str, now: int) -> None: ...


class Mailer(Protocol):
    def send(self, mail: Mail, notice_id: str) -> str:
        """Return the provider's id of the mail; raises Throttled, NotSent, Refused or AnswerLost."""


class Recipients(Protocol):
    def recipient(self, person_id: str) -> Recipient | None: ...


class Renderer(Protocol):
    def render(self, notice: Notice, recipient: Recipient) -> Mail: ...
