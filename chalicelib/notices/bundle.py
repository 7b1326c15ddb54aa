"""What goes in one mail: the notices of one person that belong together, without what is no longer so."""

from collections.abc import Collection
from dataclasses import dataclass

from chalicelib.notices.model import Notice
from chalicelib.notices.repository import Recipient

MOST = 20
"""Notices in one mail: somebody reads them. What does not fit waits for the next."""

_ASKS = {"asked_to_help", "offered_help"}


@dataclass(frozen=True, slots=True)
class Bundle:
    """`told` is what the mail says, its lead first if it is still so; `over` is what nobody need be told."""

    told: tuple[Notice, ...]
    over: tuple[Notice, ...] = ()
    more: bool = False
    """There is more to tell than one mail holds."""


def bundle(lead: Notice, others: Collection[Notice], untrue: Collection[str], recipient: Recipient) -> Bundle:
    """Return what a mail that is sent for `lead` tells of it and of the others, oldest first.

    Over are the notices whose fact is no longer so (`untrue`), and with an ask that was never told the news
    that it was taken back: who was asked would hear of the end of what they never heard of. Unless that is
    urgent: then they had said yes, by another way than the mail.
    """
    company = (lead, *sorted(others, key=_oldest))
    unheard = {each.subject for each in company if each.free and each.template in _ASKS and each.id in untrue}
    over = tuple(
        each for each in company if each.id in untrue or (_taken_back(each) and each.subject in unheard)
    )
    told = tuple(each for each in company if each not in over and recipient.wants(each))
    return Bundle(told[:MOST], over, len(told) > MOST)


def _oldest(notice: Notice) -> tuple[int, str]:
    return notice.made_at, notice.id


def _taken_back(notice: Notice) -> bool:
    return notice.template == "match_cancelled" and notice.pace != "urgent"
