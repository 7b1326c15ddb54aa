"""What sending notices needs of the world."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from chalicelib.notices.hours import Quiet
from chalicelib.notices.model import Notice, Topic

Rhythm = Literal["each", "daily"]
"""How mails come to a person: each as its time comes, or one a day and what is urgent."""

Limit = tuple[str, int, int]
"""A counter, its most, and the instant from which it may be forgotten."""


class Throttled(Exception):
    """The provider asks us to slow down; the mail was not sent."""


class NotSent(Exception):
    """The provider could not be reached or failed; the mail was not sent."""


class Refused(Exception):
    """The provider will never take this mail."""


class AnswerLost(Exception):
    """The mail may have been sent: the provider's answer did not arrive."""


class Spent(Exception):
    """A person has had the mails of the day."""


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
    rhythm: Rhythm = "each"

    def wants(self, notice: Notice) -> bool:
        return self.reachable and notice.topic not in self.muted


class Outbox(Protocol):
    def get(self, notice_id: str) -> Notice | None: ...

    def get_many(self, notice_ids: Sequence[str]) -> list[Notice]:
        """Return those of the notices that are still kept."""

    def waiting_for(self, person: str, *, limit: int) -> list[Notice]:
        """Return what waits for a person and can go with another notice, oldest first."""

    def save(self, *notices: Notice, limits: Sequence[Limit] = ()) -> None:
        """Store the next versions of notices and count one more on the limits, all or nothing.

        Conflict when another sender was first with any of them; Spent when a limit is reached.
        """

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
    def render(self, notices: Sequence[Notice], recipient: Recipient, *, more: bool) -> Mail:
        """Return the one mail that tells of all the notices; `more` when it does not hold all that waits."""


class Facts(Protocol):
    def untrue(self, notices: Sequence[Notice]) -> Collection[str]:
        """Return the ids of those notices whose fact something later has overtaken."""
