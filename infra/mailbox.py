"""The mailbox of a local city: every mail that was sent, to be read, and its links followed, in a browser."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from infra.events import Environ, raw_path
from infra.gateway import Answer, StartResponse, problem, respond

SHOWN = 100
_STYLED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_PAGE = f"{_STYLED}; frame-src 'self'; base-uri 'none'"
_MAIL = f"{_STYLED}; sandbox allow-popups allow-popups-to-escape-sandbox"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was sent. Its id is the instant, in nanoseconds."""

    id: str
    to: str
    sender: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    source: bytes
    zone: ZoneInfo

    @property
    def sent_at(self) -> datetime:
        return datetime.fromtimestamp(int(self.id) / 1e9, self.zone)

    @property
    def one_click(self) -> str | None:
        """Where a mail program posts when the reader unsubscribes (RFC 8058)."""
        headers = {name.lower(): value for name, value in self.headers}
        link = re.search(r"<(https?://[^>]+)>", headers.get("list-unsubscribe", ""))
        return link[1] if link and "list-unsubscribe-post" in headers else None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mails of a directory, newest first; as a WSGI application, the pages that show them."""

    directory: Path
    city: str
    zone: ZoneInfo

    def mails(self, to: str = "") -> Iterator[Mail]:
        """Yield the mails to a recipient whose address holds the text."""
        for path in sorted(self.directory.glob("*.eml"), reverse=True):
            mail = _read(path, self.zone)
            if to.casefold() in mail.to.casefold():
                yield mail

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return respond(environ, start_response, self._answer(environ))

    def _answer(self, environ: Environ) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return problem(405)
        match raw_path(environ).strip("/").split("/"):
            case ["mailbox"]:
                return self._list(parse_qs(environ.get("QUERY_STRING", "")).get("to", [""])[0].strip())
            case ["mailbox", mail_id] if mail := self._find(mail_id):
                return _page("mail.html", city=self.city, mail=mail)
            case ["mailbox", mail_id, "html"] if mail := self._find(mail_id):
                return _answer(_in_a_new_tab(mail.html).encode(), "text/html", _MAIL)
            case ["mailbox", mail_id, "source"] if mail := self._find(mail_id):
                return _answer(mail.source, "text/plain", _PAGE)
        return problem(404)

    def _list(self, to: str) -> Answer:
        found = list(self.mails(to))
        return _page("mailbox.html", city=self.city, to=to, total=len(found), mails=found[:SHOWN])

    def _find(self, mail_id: str) -> Mail | None:
        path = self.directory / f"{mail_id}.eml"
        return _read(path, self.zone) if mail_id.isdecimal() and path.exists() else None


@lru_cache(maxsize=2_000)
def _read(path: Path, zone: ZoneInfo) -> Mail:
    source = path.read_bytes()
    message: EmailMessage = message_from_bytes(source, policy=default)
    return Mail(
        id=path.stem,
        to=str(message["X-Envelope-To"]),
        sender=str(message["From"]),
        subject=str(message["Subject"] or ""),
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        source=source,
        zone=zone,
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())


def _in_a_new_tab(html: str) -> str:
    """Return the mail with its links opening beside the mailbox, as in a mail program."""
    base = '<base target="_blank">'
    placed, times = re.subn("<head[^>]*>", lambda head: head[0] + base, html, count=1, flags=re.IGNORECASE)
    return placed if times else base + html


def _page(template: str, **values: Any) -> Answer:
    return _answer(_templates().get_template(template).render(values).encode(), "text/html", _PAGE)


def _answer(body: bytes, kind: str, policy: str) -> Answer:
    headers = [
        ("Content-Type", f"{kind}; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return 200, headers, body


@lru_cache(maxsize=1)
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 — not before a page is asked

    pages = FileSystemLoader(Path(__file__).with_name("pages"))
    return Environment(loader=pages, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
