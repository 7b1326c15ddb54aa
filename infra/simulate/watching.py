"""What is written down of a network while it runs: who was asked, what became of it, which mails went out."""

import re

from chalicelib.notices.repository import Mail
from chalicelib.taps import unseal
from infra.shelf import Row
from infra.simulate.history import Ask, Sent
from infra.simulate.neighbours import Met, Neighbours
from infra.simulate.network import BASE_URL, Network

_TAP = re.compile(rf"{re.escape(BASE_URL)}/tap/([^\s>\"]+)")


class Watch:
    """Stands between a network and its residents: mails tell them, tables tell what they did."""

    def __init__(self, network: Network, neighbours: Neighbours) -> None:
        self.network, self.neighbours, self.history = network, neighbours, neighbours.history
        self._templates: dict[str, str] = {}
        self._by_email = {resident.email: resident for resident in neighbours.residents.values()}
        network.post.deliver = self._mail
        network.tables.watchers["matches"] = self._match
        network.tables.watchers["notices"] = self._notice

    def _mail(self, mail: Mail, lead: str) -> None:
        """Write a mail down, and plan when it is read if it leaves its reader anything to do."""
        resident, now = self._by_email[mail.to], self.network.clock.now
        self.history.mails.append(Sent(now, resident.number, self._templates[lead]))
        found = dict.fromkeys(_TAP.findall(mail.text))
        taps = [unseal(self.network.house.secrets, token, now) for token in found]
        if taps:
            subject = taps[0].subject.partition("-")[0]
            at = self.neighbours.replies.read_at(resident, subject, now)
            self.network.loop.at(at, lambda: self.neighbours.read(resident, taps))

    def _notice(self, before: Row | None, row: Row) -> None:
        self.history.events += before is None
        self._templates[row["pk"]] = row["template"]

    def _match(self, before: Row | None, row: Row) -> None:
        """Write down that somebody was asked, or what became of it."""
        plan, helper = self.neighbours.plans[row["pk"]], self.neighbours.residents[row["helper"]]
        was = None if before is None else before["state"]
        if was == row["state"]:
            return
        if before is None and row["proposer"] == "seeker":
            self.history.ask(Ask(self.network.clock.now, plan.number, helper.number))
        self.history.standing[plan.number] += (row["state"] == "proposed") - (was == "proposed")
        match = Met(row["pk"], row["sk"], row["seeker"], row["helper"])
        if row["state"] == "agreed":
            self.neighbours.agreed(match)
        if row["state"] == "accepted":
            self.neighbours.accepted(match)
        if row["state"] != "proposed":
            self.network.changed(row["pk"])
