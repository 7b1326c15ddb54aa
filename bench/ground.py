"""The ground of the benchmarks: the cities on the engine, their boards, and what to do without an engine."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import neighbours
from bench.content import LARGEST, SIZES, ZONE, cards, changes, city_of, export, listing_items
from bench.engine import BUILD, Engine, EngineMissing, engine, program, tables_of
from bench.meter import Meter, metered
from bench.rows import progress
from chalicelib.board.dynamodb import DynamoChangeLog
from chalicelib.board.replica import Replica
from chalicelib.board.segment import Segment
from chalicelib.board.service import LiveBoard
from chalicelib.listings.card import Card
from chalicelib.listings.rows import LISTING, pack
from chalicelib.people.model import Helper
from chalicelib.storage.tables import Tables, connect
from chalicelib.storage.transaction import Change
from infra.emulator import REGION, set_environment
from infra.tables import create_tables, table_definitions
from tests.cards import NOW

APP = "mulhouse"
"""The city that the application serves in the benchmarks."""


@dataclass(frozen=True, slots=True)
class FilledLog(DynamoChangeLog):
    """The change log of a city whose tables hold what the benchmark has at hand, to spare it reading them."""

    cards: Sequence[Card]

    def everything(self) -> Iterable[Card | Helper]:
        return self.cards


@dataclass
class Ground:
    """The cities with their listings; `engine` is None, and `reason` says why, where none is at hand."""

    engine: Engine | None
    reason: str = ""
    _boards: dict[int, LiveBoard] = field(default_factory=dict)

    @cached_property
    def connection(self) -> Any:
        return connect(REGION)

    def metered(self) -> AbstractContextManager[Meter]:
        """Meter the product's own connection inside the block."""
        return metered(self.connection.client)

    def tables(self, city: str) -> Tables:
        return Tables(self.connection, city, lambda: NOW * 1_000, lambda _: None)

    def log(self, size: int) -> DynamoChangeLog:
        return DynamoChangeLog(self.tables(city_of(size)), ZONE)

    def board(self, size: int) -> LiveBoard:
        """Return the board of the city of that size, as it is loaded from the snapshot and the log."""
        if size not in self._boards:
            self._boards[size] = LiveBoard(self.log(size))
        return self._boards[size]

    def replica(self, size: int) -> Replica:
        """Return what that board, or where there is no engine one made of the same, has in memory."""
        if self.engine is not None:
            return self.board(size).fresh(NOW)
        made = Replica(Segment.of(cards(size)))
        made.apply(changes(size), NOW)
        return made

    def store(self, size: int) -> None:
        """Store the snapshot of the board, then the changes that wait in the log."""
        LiveBoard(FilledLog(self.tables(city_of(size)), ZONE, cards(size))).save_snapshot(NOW)
        waiting = [Change(f"{LISTING}#{card.id}", card.version, pack(card)) for card in changes(size)]
        self.tables(city_of(size)).commit(waiting)


@contextmanager
def ground() -> Iterator[Ground]:
    """Fill the tables; only the largest city has its listings too, the others what a board reads."""
    directory = BUILD / "export"
    shutil.rmtree(directory, ignore_errors=True)
    progress(f"making {LARGEST:,} listings")
    cards(LARGEST)
    try:
        with _filled(directory) as running:
            set_environment(running.environment)
            made = Ground(running)
            for city in (*map(city_of, SIZES), APP):
                create_tables(running.client, city, table_definitions())
            for size in SIZES:
                progress(f"saving the snapshot of {size:,} cards")
                made.store(size)
            yield made
    except EngineMissing as missing:
        yield Ground(None, str(missing))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _filled(directory: Path) -> Iterator[Engine]:
    fetched = program()
    table = f"entraide-{city_of(LARGEST)}-listings"
    export(directory, table, listing_items(LARGEST))
    definitions = tables_of(city_of(LARGEST))
    for size in SIZES:
        export(directory, neighbours.table_of(size), neighbours.items(size))
        definitions[neighbours.table_of(size)] = neighbours.DEFINITION
    progress("filling the tables of the engine")
    with engine(fetched, directory, definitions) as running:
        yield running
