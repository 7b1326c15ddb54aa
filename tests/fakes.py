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


class Failing(Mailbox):
    """A provider that does to each mail what is next in the list, and takes it when the list is over."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__()
        self.failures = list(failures)

    def send(self, mail: Mail, notice_id: str) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return super().send(mail, notice_id)
