"""Sign in and out, and say who one is and what one may be asked for."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.errors import Conflict, NotSignedIn, Stale, Unavailable
from chalicelib.identity import Secrets, digest, is_id, make_id, same
from chalicelib.notices.events import MailEvent
from chalicelib.notices.model import Notice, Topic, notice
from chalicelib.notices.service import Dispatcher
from chalicelib.people.model import Block, Mail, Person, Session, SignIn
from chalicelib.people.repository import People

IP_LIMIT_PER_HOUR = 60
"""Sign-in mails one network address may ask for: a library or a town hall shares one."""

TRIES = 4
"""Of a change that another change of the same person overtook."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session and the token that opens it."""

    token: str
    session: Session
    person: Person


@dataclass(frozen=True, slots=True)
class Door:
    """Who comes in. Known and unknown addresses take one path: an account begins with its first session."""

    people: People
    secrets: Secrets
    mails_per_hour: int

    def start(self, email: str, *, language: str, ip: str, key: str, now: int) -> tuple[SignIn, Notice]:
        """Owe the address a link and a code; the same request again owes nothing more."""
        attempt = SignIn(make_id("sign-in", self.secrets.blind(email), key), email, language, now)
        mail = replace(notice("sign_in", "", attempt.id, now), address=email, language=language)
        limits = [
            (f"sign-in#{self.secrets.blind(email)}", self.mails_per_hour),
            (f"sign-in-from#{self.secrets.blind(ip)}", IP_LIMIT_PER_HOUR),
        ]
        return self.people.start_sign_in(attempt, mail, limits=limits, now=now), mail

    def link_secret(self, attempt: str) -> str:
        return self.secrets.secret("link", attempt)

    def code(self, attempt: str) -> str:
        return self.secrets.code("code", attempt)

    def open_by_link(self, token: str, *, key: str, now: int) -> Opened:
        """Open the session of a link; a link opens one, once."""
        attempt, _, secret = token.partition(".")
        sign_in = self.people.sign_in(attempt) if is_id(attempt) else None
        if sign_in is None or not same(secret, self.link_secret(attempt)):
            raise NotSignedIn("sign_in_wrong")
        return self._open(sign_in, key, now)

    def open_by_code(self, attempt: str, code: str, *, key: str, now: int) -> Opened:
        """Open the session of a code, typed where the mail was asked for; five tries."""
        request = self.secrets.secret("try", attempt, key, code)
        for _ in range(TRIES):
            sign_in = self.people.sign_in(attempt) if is_id(attempt) else None
            if sign_in is None:
                raise NotSignedIn("sign_in_wrong")
            if sign_in.used_by is not None and not same(sign_in.used_by, _use(sign_in, key)):
                raise NotSignedIn("sign_in_used")  # before the code: nobody guesses on at one that is done
            if sign_in.used_by is None and sign_in.tried_by != request:
                sign_in.usable(now)
                sign_in = sign_in.tried(request)
                try:
                    self.people.save_sign_in(sign_in)
                except Conflict:
                    continue
            if not same(code, self.code(attempt)):
                raise NotSignedIn("code_wrong")
            return self._open(sign_in, key, now)
        raise Unavailable("busy")

    def who(self, token: str, *, now: int) -> tuple[Person, Session]:
        """Return whose session the token opens."""
        person_id, _, secret = token.partition(".")
        found = self.people.session(person_id, _session_id(secret)) if is_id(person_id) and secret else None
        if found is None:
            raise NotSignedIn("session_over")
        person, session = found
        if not session.open_for(person, now):
            raise NotSignedIn("session_over")
        return person, session

    def leave(self, session: Session) -> None:
        self.people.close_session(session)

    def _open(self, sign_in: SignIn, key: str, now: int) -> Opened:
        """Use the attempt up for this request; the request that used it up is given its session again."""
        used_by = _use(sign_in, key)
        secret = self.secrets.secret("session", sign_in.id, key)
        for _ in range(TRIES):
            known = self.people.get(self.secrets.blind(sign_in.email))
            person = known or _newcomer(self.secrets.blind(sign_in.email), sign_in, now)
            session = Session(_session_id(secret), person.id, now, person.epoch)
            opened = Opened(f"{person.id}.{secret}", session, person)
            if sign_in.used_by is not None and same(sign_in.used_by, used_by):
                return opened
            sign_in.usable(now)
            try:
                self.people.open_session(sign_in.used(used_by), session, newcomer=None if known else person)
            except Conflict:
                sign_in = self.people.sign_in(sign_in.id) or sign_in
            else:
                return opened
        raise Unavailable("busy")


def _newcomer(person_id: str, sign_in: SignIn, now: int) -> Person:
    return Person(person_id, sign_in.email, now, languages=(sign_in.language,))


def change(people: People, person: Person, fields: Mapping[str, Any], *, version: int) -> Person:
    """Change what a person says of themselves, if `version` still stands."""
    if version != person.version:
        raise Stale("version_stale", version=person.version)
    changed = person.changed(**fields)
    try:
        people.save(changed)
    except Conflict as conflict:
        raise Stale("version_stale", version=person.version) from conflict
    return changed


def leave_everywhere(people: People, session: Session) -> None:
    """End every session of the person, as this one asks: what began after they were ended goes on."""
    _change_surely(people, session.person, lambda person: person.beyond(session.epoch))


def mute(people: People, person_id: str, topics: Collection[Topic]) -> None:
    """Stop sending a person notices on some topics."""
    _change_surely(people, person_id, lambda person: person.muting(topics))


def slow_down(people: People, person_id: str) -> None:
    """Send a person one mail a day from now on, and what is urgent."""
    _change_surely(
        people,
        person_id,
        lambda person: person if person.rhythm == "daily" else person.changed(rhythm="daily"),
    )


def blocks(people: People, person: Person) -> list[tuple[Block, str]]:
    """Return whom a person blocks, the last first, with what each calls themselves now."""
    found = people.get_many(person.blocked)
    named = [(block, other.name if other else "") for block, other in zip(person.blocks, found, strict=True)]
    return named[::-1]


def unblock(people: People, person_id: str, block_id: str) -> None:
    """Take a block back; one that is not there is taken back already."""
    _change_surely(people, person_id, lambda person: person.without_block(block_id))


def take_mail_event(people: People, dispatcher: Dispatcher, event: MailEvent | None, now: int) -> None:
    """Believe the provider: a mail it speaks of was sent; an address that refuses us is left alone."""
    if event is None:
        return
    notice = dispatcher.settle(event.notice, event.provider_id, now)
    if notice is None or event.kind == "sent" or not notice.to:
        return
    why: Mail = event.kind
    _change_surely(people, notice.to, lambda person: person.without_mail(why))


def _change_surely(people: People, person_id: str, act: Callable[[Person], Person]) -> None:
    """Change a person whatever else changes them; nothing when they are gone or it is so already."""
    for attempt in range(TRIES):
        person = people.get(person_id)
        changed = person and act(person)
        if changed is None or changed is person:
            return
        try:
            people.save(changed)
        except Conflict:
            if attempt == TRIES - 1:
                raise
        else:
            return


def _use(sign_in: SignIn, key: str) -> str:
    """Return what marks the request that opens the session of an attempt."""
    return digest("session", sign_in.id, key).hex()


def _session_id(secret: str) -> str:
    return digest("session-id", secret).hex()[:32]
