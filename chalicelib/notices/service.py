"""Send what is owed: each notice once, in as few mails as may be, whatever is lost on the way."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.notices.bundle import Bundle, bundle
from chalicelib.notices.hours import Hours
from chalicelib.notices.model import HEADROOM_S, Notice
from chalicelib.notices.repository import (
    AnswerLost,
    Facts,
    Limit,
    Mailer,
    NotSent,
    Outbox,
    Recipient,
    Recipients,
    Refused,
    Renderer,
    Spent,
    Throttled,
)
from chalicelib.rounds import Round, go_round

THROTTLE_S = 60
LOOKED_AT = 60
"""Notices that wait for a person, the oldest, of which some go along: one transaction holds them all."""
_COUNTED_S = 3 * 86_400
"""How long the count of a day's mails is kept."""

Spenders = set[tuple[str, bool]]
"""People, each with whether it is a digest that they may not have."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """The city's sender. A person gets at most `mails_per_day` a local day, the last of them in a digest."""

    outbox: Outbox
    mailer: Mailer
    recipients: Recipients
    renderer: Renderer
    facts: Facts
    hours: Hours
    mails_per_day: int

    def send_now(self, notices: Iterable[Notice], now: int) -> None:
        """Send at once what was just written and waits for no other; the schedule sends the rest."""
        for notice in notices:
            if notice.due_at <= now:
                with suppress(Conflict, Unavailable, NotFound):
                    self.send(notice.id, now)

    def send_due(self, now: int) -> Round:
        """Send all that is due, and what an earlier round left.

        That somebody has had all the mails they may have is found out once in a round, not for each notice.
        """
        outcome = go_round(self.outbox.due(now), partial(self._send_one, now=now, spent=set()))
        if not outcome.failed:
            self.outbox.finished("send", now)
        return outcome

    def send(self, notice_id: str, now: int) -> Notice:
        """Send one notice if it is owed now, and with it what else waits for the same person.

        Raises Conflict when it is not owed now, or when another has it.
        """
        return self._send_one(notice_id, now, set())

    def _send_one(self, notice_id: str, now: int, spent: Spenders) -> Notice:
        """Send one notice; `spent` is who may have no mail, as this round found."""
        notice = self._get(notice_id)
        if notice.over or now < notice.due_at:
            raise Conflict("notice_not_due")
        if notice.state == "claimed":  # its sender is gone, and may have sent it
            return self._save(notice.unsure(now))
        recipient = self._recipient(notice)
        alone = notice.pace == "along" and notice.free  # no mail took it along while it was of use
        if recipient is None or alone or not (recipient.wants(notice) or notice.carries):
            return self._save(notice.dropped(now))
        if notice.address is None:
            notice = self._at_its_hour(notice, recipient, now)
            if notice.due_at > now:
                return self._save(notice)
        limits = self._limits(notice, recipient, now)
        if not limits or (notice.to, notice.digest) not in spent:
            with suppress(Spent):
                return self._send(notice, recipient, now, limits)
            spent.add((notice.to, notice.digest))
        return self._save(notice.for_digest(self.hours.next_digest(now, recipient.quiet)))

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

    def _at_its_hour(self, notice: Notice, recipient: Recipient, now: int) -> Notice:
        """Return the notice as it may go now, or put off."""
        if notice.free and not notice.digest and _can_wait(notice, recipient):
            digest = self.hours.last_digest(notice.made_at, notice.latest, recipient.quiet)
            if notice.until is None or digest <= notice.until - HEADROOM_S:
                if digest > now:
                    return notice.for_digest(digest)
                notice = replace(notice, digest=True)
        awake = self.hours.awake_at(now, recipient.quiet)
        return notice.put_off(awake) if awake > now else notice

    def _send(self, lead: Notice, recipient: Recipient, now: int, limits: list[Limit]) -> Notice:
        """Claim a notice and all that goes with it in one transaction, then hand the mail over.

        Raises Spent, and claims nothing, when the mail would be above a limit.
        """
        parcel = self._bundle(lead, recipient, now)
        if lead.free and lead in parcel.over:
            return self._save(*(each.dropped(now) for each in parcel.over))
        if not parcel.told:
            return self._save(lead.dropped(now))
        told = tuple(each.id for each in parcel.told if each is not lead)
        claimed = lead.claimed(now, carries=told if lead.free else (), counted=self.hours.day(now))
        along: list[Notice] = []
        if lead.free:
            along += [each.carried(now, lead.id) for each in parcel.told if each is not lead]
            along += [each.dropped(now) for each in parcel.over]
        self.outbox.save(claimed, *along, limits=limits)
        return self._deliver(claimed, parcel, recipient, now)

    def _bundle(self, lead: Notice, recipient: Recipient, now: int) -> Bundle:
        """Return what goes with a notice: what waits, or what it carried when it was first claimed."""
        if lead.address is not None:
            return Bundle((lead,))
        if lead.free:
            waiting = self.outbox.waiting_for(lead.to, limit=LOOKED_AT)
            others = [each for each in waiting if each.id != lead.id]
        else:
            others = self.outbox.get_many(lead.carries)
        older = [each for each in (lead, *others) if each.made_at < now]
        return bundle(lead, others, self.facts.untrue(older) if older else (), recipient)

    def _limits(self, lead: Notice, recipient: Recipient, now: int) -> list[Limit]:
        """Return what the mail counts in: once a day it may go on, and as the digest of its day once."""
        day, until = self.hours.day(now), now + _COUNTED_S
        if lead.address is not None or lead.counted == day:
            return []
        most = self.mails_per_day if lead.digest else self.mails_per_day - 1
        limits: list[Limit] = [(f"mails#{lead.to}#{day}", most, until)]
        if lead.digest and not lead.counted:
            limits.append((f"digest#{lead.to}#{self.hours.digest_of(now, recipient.quiet)}", 1, until))
        return limits

    def _deliver(self, claimed: Notice, parcel: Bundle, recipient: Recipient, now: int) -> Notice:
        mail = self.renderer.render(parcel.told, recipient, more=parcel.more)
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

    def _save(self, notice: Notice, *more: Notice) -> Notice:
        self.outbox.save(notice, *more)
        return notice


def _can_wait(notice: Notice, recipient: Recipient) -> bool:
    """Say whether a notice waits for the day's digest."""
    return notice.pace == "calm" or (recipient.rhythm == "daily" and notice.pace != "urgent")
