"""What the storage of addresses must offer."""

from collections.abc import Collection, Sequence
from typing import Protocol

from chalicelib.places.street import Street, Towns


class AddressBook(Protocol):
    """The streets and towns of one city.

    Of the streets of one sound or start it gives 300 at most: without a postcode, more say nothing.
    """

    def towns(self) -> Towns:
        """Return every town of the book. Asked for with every address, so it is kept in memory."""
        ...

    def sounding(self, sound: str, postcodes: Collection[str] = ()) -> Sequence[Street]:
        """Return the streets whose name has this `Spelling.sound`; with postcodes, those between them."""
        ...

    def starting(self, start: str, postcodes: Collection[str] = ()) -> Sequence[Street]:
        """Return the streets whose name has this `Spelling.start`; with postcodes, those between them."""
        ...
