"""People in DynamoDB: a person and their sessions share a partition; an attempt to sign in has its own."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from json import dumps, loads
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.errors import Conflict, TooMany
from chalicelib.notices.dynamodb import owed
from chalicelib.notices.hours import Quiet
from chalicelib.notices.model import Notice
from chalicelib.notices.repository import Recipient
from chalicelib.people.model import (
    LINK_S,
    SESSION_S,
    Block,
    Helper,
    Person,
    Session,
    SignIn,
    helper_of,
    read_helper,
)
from chalicelib.places.rows import place_item, read_place
from chalicelib.storage.tables import Tables
from chalicelib.storage.transaction import (
    ABSENT,
    Change,
    ConditionCheck,
    Count,
    Delete,
    Put,
    Refused,
    Write,
    at_version,
)

HOUR_S = 3_600
HELPER = "helper"
"""What the change log calls lines about a person."""
_APART = ("id", "place", "quiet", "blocks")
"""Fields of a person that are kept in another form."""


def added(person: Person) -> list[Write]:
    """Return the writes of a new person, with the line that tells ranking."""
    return [Put("people", _item(person), ABSENT), _change(person)]


def saved(person: Person) -> list[Write]:
    """Return the writes of a person's next version, with the line that tells ranking."""
    return [Put("people", _item(person), at_version(person.version - 1)), _change(person)]


def does_not_block(person_id: str, other_id: str) -> ConditionCheck:
    """Return what a transaction that brings two together depends on: a block made meanwhile refuses it."""
    return ConditionCheck("people", _me(person_id), ~Path("blocked").contains(other_id))


@lru_cache(maxsize=512)
def unpack_helper(body: bytes) -> Helper:
    """Return the helper of a change log line."""
    return read_helper(loads(body))


@dataclass(frozen=True, slots=True)
class DynamoPeople:
    tables: Tables

    def get(self, person_id: str) -> Person | None:
        item = self.tables.get("people", _me(person_id))
        return None if item is None else read_person(item)

    def get_many(self, person_ids: Sequence[str]) -> list[Person | None]:
        items = self.tables.get_all([("people", _me(person_id)) for person_id in person_ids])
        return [None if item is None else read_person(item) for item in items]

    def save(self, person: Person) -> None:
        self._commit(saved(person), "person_changed")

    def start_sign_in(
        self, sign_in: SignIn, notice: Notice, *, limits: Sequence[tuple[str, int]], now: int
    ) -> SignIn:
        until = (now // HOUR_S + 1) * HOUR_S
        counts: list[Write] = [
            Count("limits", {"pk": f"{name}#{until}"}, most, until + HOUR_S) for name, most in limits
        ]
        writes = [Put("people", _sign_in_item(sign_in), ABSENT), owed(notice), *counts]
        try:
            self.tables.commit(writes)
        except Refused as refused:
            standing = self.sign_in(sign_in.id)
            if standing is not None:
                return standing
            if any(isinstance(write, Count) for write in refused.writes):
                raise TooMany("rate_limited", retry_after=until - now) from refused
            raise Conflict("try_again") from refused
        return sign_in

    def sign_in(self, attempt: str) -> SignIn | None:
        item = self.tables.get("people", _attempt(attempt))
        return None if item is None else _sign_in(item)

    def save_sign_in(self, sign_in: SignIn) -> None:
        self._commit([Put("people", _sign_in_item(sign_in), at_version(sign_in.version - 1))], "sign_in_used")

    def open_session(self, sign_in: SignIn, session: Session, *, newcomer: Person | None) -> None:
        writes: list[Write] = [
            Put("people", _sign_in_item(sign_in), at_version(sign_in.version - 1)),
            Put("people", _session_item(session)),
        ]
        if newcomer is not None:
            writes += added(newcomer)
        self._commit(writes, "sign_in_used")

    def session(self, person_id: str, session_id: str) -> tuple[Person, Session] | None:
        keys = [("people", _me(person_id)), ("people", _session_key(person_id, session_id))]
        person, session = self.tables.get_all(keys)
        if person is None or session is None:
            return None
        return read_person(person), Session(session_id, person_id, session["opened_at"], session["epoch"])

    def close_session(self, session: Session) -> None:
        self.tables.commit([Delete("people", _session_key(session.person, session.id))])

    def recipient(self, person_id: str) -> Recipient | None:
        person = self.get(person_id)
        if person is None:
            return None
        reachable, muted = person.mail == "fine", frozenset(person.muted)
        return Recipient(person.email, person.languages, reachable, muted, person.quiet, person.rhythm)

    def _commit(self, writes: Sequence[Write], conflict: str) -> None:
        try:
            self.tables.commit(writes)
        except Refused as refused:
            raise Conflict(conflict) from refused


def _me(person_id: str) -> dict[str, str]:
    return {"pk": person_id, "sk": "me"}


def _session_key(person_id: str, session_id: str) -> dict[str, str]:
    return {"pk": person_id, "sk": f"session#{session_id}"}


def _attempt(attempt: str) -> dict[str, str]:
    return {"pk": f"sign-in#{attempt}", "sk": "sign-in"}


def _change(person: Person) -> Change:
    body = dumps(asdict(helper_of(person)), separators=(",", ":")).encode()
    return Change(f"{HELPER}#{person.id}", person.version, body)


def _item(person: Person) -> dict[str, Any]:
    item = {name: getattr(person, name) for name in Person.__slots__ if name not in _APART}
    if person.place is not None:
        item["place"] = place_item(person.place)
    if person.quiet is not None:
        item["quiet"] = (person.quiet.start, person.quiet.until)
    if person.blocks:
        item["blocks"] = tuple((block.person, block.match, block.at) for block in person.blocks)
        item["blocked"] = person.blocked
    return {**_me(person.id), **item}


def read_person(item: dict[str, Any]) -> Person:
    fields = {name: item[name] for name in Person.__slots__ if name in item}
    if "place" in item:
        fields["place"] = read_place(item["place"])
    if "quiet" in item:
        fields["quiet"] = Quiet(*item["quiet"])
    if "blocks" in item:
        fields["blocks"] = tuple(Block(*block) for block in item["blocks"])
    return Person(id=item["pk"], **fields)


def _sign_in_item(sign_in: SignIn) -> dict[str, Any]:
    item = {name: getattr(sign_in, name) for name in SignIn.__slots__ if name != "id"}
    return {**_attempt(sign_in.id), **item, "purge_at": sign_in.made_at + 2 * LINK_S}


def _sign_in(item: dict[str, Any]) -> SignIn:
    attempt = item["pk"].partition("#")[2]
    return SignIn(id=attempt, **{name: item[name] for name in SignIn.__slots__ if name in item})


def _session_item(session: Session) -> dict[str, Any]:
    fields = {"opened_at": session.opened_at, "epoch": session.epoch}
    return {
        **_session_key(session.person, session.id),
        **fields,
        "purge_at": session.opened_at + SESSION_S,
    }
