"""Where ports meet adapters: a city's parts, each imported and made on first use.

A cold function pays for what its first request needs and for nothing else.
"""

import random
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.identity import Secrets
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.asking.service import Asker
    from chalicelib.board.service import LiveBoard
    from chalicelib.cities.model import City
    from chalicelib.coordination.service import Coordination
    from chalicelib.listings.service import Publishing
    from chalicelib.matching.service import Matching
    from chalicelib.moderation.service import Desk
    from chalicelib.notices.repository import Mailer
    from chalicelib.notices.service import Dispatcher
    from chalicelib.people.repository import People
    from chalicelib.people.service import Door
    from chalicelib.places.repository import AddressBook
    from chalicelib.storage.tables import Tables
    from chalicelib.watching.service import Watch


class House:
    """One city's use cases over one city's tables. Tests put other parts in place of its own."""

    def __init__(self, settings: Settings, **parts: Any) -> None:
        self.settings = settings
        self.__dict__.update(parts)

    def now(self) -> int:
        """Return the instant, in UTC epoch seconds."""
        return int(time.time())

    @cached_property
    def city(self) -> "City":
        from chalicelib.cities.model import load_city

        return load_city(self.settings.city_file)

    @cached_property
    def secrets(self) -> Secrets:
        return Secrets(self.settings.signing_key or self._kept_key)

    def _kept_key(self) -> bytes:
        from chalicelib.signing_key import read_signing_key

        return read_signing_key(self.settings.region, self.settings.signing_key_name)

    @cached_property
    def tables(self) -> "Tables":
        from chalicelib.storage.tables import Tables, connect

        return Tables(connect(self.settings.region), self.settings.city, _clock_ms, _pause)

    @cached_property
    def people(self) -> "People":
        from chalicelib.people.dynamodb import DynamoPeople

        return DynamoPeople(self.tables)

    @cached_property
    def door(self) -> "Door":
        from chalicelib.people.service import Door

        return Door(self.people, self.secrets, self.city.limits.sign_in_mails_per_hour)

    @cached_property
    def address_book(self) -> "AddressBook":
        from chalicelib.places.dynamodb import DynamoAddressBook

        return DynamoAddressBook(self.tables)

    @cached_property
    def publishing(self) -> "Publishing":
        from chalicelib.listings.dynamodb import DynamoListings
        from chalicelib.listings.service import Publishing

        return Publishing(DynamoListings(self.tables, self.city.zone), self.city)

    @cached_property
    def desk(self) -> "Desk":
        from chalicelib.moderation.service import Desk

        return Desk(self.publishing.listings, self.city)

    @cached_property
    def board(self) -> "LiveBoard":
        from chalicelib.board.dynamodb import DynamoChangeLog
        from chalicelib.board.service import LiveBoard

        return LiveBoard(DynamoChangeLog(self.tables, self.city.zone))

    @cached_property
    def matching(self) -> "Matching":
        from chalicelib.matching.dynamodb import DynamoMatches
        from chalicelib.matching.service import Matching

        return Matching(DynamoMatches(self.tables, self.city.zone), self.people, self.city)

    @cached_property
    def coordination(self) -> "Coordination":
        from chalicelib.coordination.service import Coordination

        return Coordination(self.matching)

    @cached_property
    def asking(self) -> "Asker":
        from chalicelib.asking.dynamodb import DynamoAskings
        from chalicelib.asking.service import Asker

        return Asker(DynamoAskings(self.tables), self.matching, self.board, self.city)

    @cached_property
    def mailer(self) -> "Mailer":
        from chalicelib.notices import ses

        sender = self.city.sender
        client = ses.connect(self.settings.region)
        return ses.Ses(client, sender.name, sender.address, self.settings.configuration_set)

    @cached_property
    def dispatcher(self) -> "Dispatcher":
        from chalicelib.listings.dynamodb import DynamoListings
        from chalicelib.matching.dynamodb import DynamoMatches
        from chalicelib.notices.dynamodb import DynamoOutbox
        from chalicelib.notices.hours import Hours
        from chalicelib.notices.service import Dispatcher
        from chalicelib.people.dynamodb import DynamoPeople
        from chalicelib.postman import Postman
        from chalicelib.standing import Standing

        people, city, outbox = DynamoPeople(self.tables), self.city, DynamoOutbox(self.tables)
        matches, listings = DynamoMatches(self.tables, city.zone), DynamoListings(self.tables, city.zone)
        return Dispatcher(
            outbox=outbox,
            mailer=self.mailer,
            recipients=people,
            renderer=Postman(city, self.secrets, people, self.settings.base_url),
            facts=Standing(matches, listings, outbox),
            hours=Hours(city.zone, city.digest_at),
            mails_per_day=city.limits.mails_per_day,
        )

    @cached_property
    def watch(self) -> "Watch":
        from chalicelib.settings import Watched
        from chalicelib.watching.cloudwatch import CloudWatchSigns
        from chalicelib.watching.dynamodb import DynamoMemory
        from chalicelib.watching.service import Watch

        watched = Watched.from_env()
        signs = CloudWatchSigns(self.settings.region, watched.log, watched.access_log, watched.dead_letters)
        return Watch(
            signs, DynamoMemory(self.tables), self.mailer, self.city.slug, watched.ops, watched.schedules
        )


def house() -> House:
    """Return the house of this function's city."""
    global _house  # noqa: PLW0603 — one function, one city
    if _house is None:
        _house = House(Settings.from_env())
    return _house


def install(other: House | None) -> None:
    """Put a house in place of the function's own; None lets it be made anew from the environment."""
    global _house  # noqa: PLW0603
    _house = other


_house: House | None = None


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000


def _pause(attempt: int) -> None:
    """Wait a random part of a wait that doubles (full jitter), at most 320 ms."""
    time.sleep(random.random() * min(0.32, 0.01 * 2**attempt))  # noqa: S311 — nothing hangs on it
