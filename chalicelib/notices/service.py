"""Send what is owed: each notice once, whatever is lost on the way."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.notices.model import Notice
from chalicelib.notices.repository import (
    AnswerLost,
    Mailer,
    NotSent,
    Outbox,
    Recipient,
    Recipients,
    Refused,
    Renderer,
    Throttled,
)
from chalicelib.rounds import Round, go_round

THROTTLE_S = 60


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """The city's sender."""

    outbox: Outbox
    mailer: Mailer
    recipients: Recipients
    renderer: Renderer
    zone: ZoneInfo

    def send_now(self, notices: Iterable[Notice], now: int) -> None:
        """Send at once what was just written; what does not go stays owed and the schedule sends it."""
        for notice in notices:
            with suppress(Conflict, Unavailable, NotFound):
                self.send(notice.id, now)

    def send_due(self, now: int) -> Round:
        """Send all that is due, and what an earlier round left."""
        outcome = go_round(self.outbox.due(now), partial(self.send, now=now))
        if not outcome.failed:
            self.outbox.finished("send", now)
        return outcome

    def send(self, notice_id: str, now: int) -> Notice:
        """Send one notice if it is owed now; raises Conflict when it is not, or when another has it."""
        notice = self._get(notice_id)
        if notice.over or now < notice.due_at:
            raise Conflict("notice_not_due")
        if notice.state == "claimed":  # its sender is gone, and may have sent it
            return self._save(notice.unsure(now))
        recipient = self._recipient(notice)
        if recipient is None or not _wanted(notice, recipient):
            return self._save(notice.dropped(now))
        awake = recipient.quiet.over_at(now, self.zone) if recipient.quiet else now
        if awake > now:
            return self._save(notice.put_off(awake))
        return self._deliver(self._save(notice.claimed(now)), recipient, now)

    def settle(self, notice_id: str, provider_id: str, now: int) -> Notice | None:
        """Take the provider's own word that a mail went; return its notice."""
        notice = self.outbox.get(notice_id)
        if notice is not None and not notice.over:
            return self._save(notice.sent(now, provider_id))
        return notice

    def purge(self, now: int) -> Round:
        """Forget notices that have been over for long enough."""
        outcome = go_round(
            self.outbox.due_to_purge(now), lambda notice_id: self.outbox.purge(self._get(notice_id))
        )
        if not outcome.failed:
            self.outbox.finished("purge-notices", now)
        return outcome

    def _deliver(self, claimed: Notice, recipient: Recipient, now: int) -> Notice:
        mail = self.renderer.render(claimed, recipient)
        try:
            provider_id = self.mailer.send(mail, claimed.id)
        except Throttled:
            return self._save(claimed.put_off(now + THROTTLE_S))
        except NotSent:
            return self._save(claimed.failed(now))
        except Refused:
            return self._save(claimed.parked(now))
        except AnswerLost:
            return self._save(claimed.unsure(now))
        return self._save(claimed.sent(now, provider_id))

    def _recipient(self, notice: Notice) -> Recipient | None:
        if notice.address is not None:
            return Recipient(notice.address, (notice.language or "",), reachable=True, muted=frozenset())
        return self.recipients.recipient(notice.to)

    def _get(self, notice_id: str) -> Notice:
        notice = self.outbox.get(notice_id)
        if notice is None:
            raise NotFound("not_found")
        return notice

    def _save(self, notice: Notice) -> Notice:
        self.outbox.save(notice)
        return notice


def _wanted(notice: Notice, recipient: Recipient) -> bool:
    return recipient.reachable and notice.topic not in recipient.muted
