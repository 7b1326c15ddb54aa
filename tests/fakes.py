"""The mail provider as tests see it."""

from dataclasses import dataclass, field

from chalicelib.notices.repository import Mail


@dataclass
class Mailbox:
    """Every mail the provider took, with the notice it was for."""

    mails: list[tuple[Mail, str]] = field(default_factory=list)

    def send(self, mail: Mail, notice_id: str) -> str:
        self.mails.append((mail, notice_id))
        return f"provider-{len(self.mails)}"

    def to(self, address: str) -> list[Mail]:
        return [mail for mail, _ in self.mails if mail.to == address]
