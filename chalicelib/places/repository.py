"""What the addresses' storage must offer."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.places.street import Street, Towns


class AddressBook(Protocol):
    """The streets and towns of one city."""

    def towns(self) -> Towns:
        """Return every town of the city; asked for at every address, so it is kept in memory."""
        ...

    def streets(self, key: str, postcode: str = "") -> Sequence[Street]:
        """Return the streets filed under a key of `Spelling.keys`, those of one postcode when it is given.

        At most 100 of them: a name that more streets have says nothing without a postcode.
        """
        ...
