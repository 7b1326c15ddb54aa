"""What people need of a store: one method, one access pattern."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.notices.model import Notice
from chalicelib.people.model import Person, Session, SignIn


class People(Protocol):
    def get(self, person_id: str) -> Person | None: ...

    def get_many(self, person_ids: Sequence[str]) -> list[Person | None]:
        """Return the people in the order of their ids, in one consistent read; None who is gone."""

    def save(self, person: Person) -> None:
        """Store the next version of a person; Conflict when another change was first."""

    def start_sign_in(
        self, sign_in: SignIn, notice: Notice, *, limits: Sequence[tuple[str, int]], now: int
    ) -> SignIn:
        """Store an attempt and the mail it owes; the same attempt again is returned as it stands.

        `limits` are counters of this hour and the most each may reach; TooMany when one has.
        """

    def sign_in(self, attempt: str) -> SignIn | None: ...

    def save_sign_in(self, sign_in: SignIn) -> None:
        """Store the next version of an attempt; Conflict when another change was first."""

    def open_session(self, sign_in: SignIn, session: Session, *, newcomer: Person | None) -> None:
        """Use up the attempt and open the session, and store the person who is new.

        Conflict when the attempt was used or changed meanwhile.
        """

    def session(self, person_id: str, session_id: str) -> tuple[Person, Session] | None: ...

    def close_session(self, session: Session) -> None: ...
