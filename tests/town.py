"""A town that never rests: its listings are posted, changed and taken back; and a naive look at its table."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from itertools import count
from random import Random
from threading import local

from chalicelib.board.dynamodb import DynamoChangeLog
from chalicelib.board.model import Query, When, Where
from chalicelib.board.service import LiveBoard
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.listings.model import DAY_S
from chalicelib.listings.rows import read_listing
from chalicelib.listings.windows import Dated, Weekly, Windows, slots_of
from chalicelib.people.dynamodb import read_person
from chalicelib.people.model import helper_of
from chalicelib.places.model import Place, Point
from chalicelib.words.model import terms
from infra.memory import MemoryTables
from tests.oracle import Oracle, answer
from tests.samples import CENTRE, NOW, a_draft, a_house, a_listing, a_person, an_id, new_key, settle

WORDS = (
    "courses vélo pain garde enfants chien lettre impôts jardin tapis école lait soupe piano banc rue".split()
)
CATEGORIES = ("groceries", "meals", "pets", "repairs")
LANGUAGES = (("fr",), ("fr", "ar"), ("de",), ("en", "nl"))
ORDERS = ("distance", "newest", "ending", "relevance")


class LateTables(MemoryTables):
    """Tables whose changes can be read only `late()` milliseconds after the instant they are logged under."""

    def __init__(self, clock_ms: Callable[[], int], late: Callable[[], int]) -> None:
        self._true_ms, self.late, self._committing = clock_ms, late, local()
        super().__init__("mulhouse", self._stamp)

    def _stamp(self) -> int:
        return self._true_ms() - (self.late() if getattr(self._committing, "now", False) else 0)

    def commit(self, writes):
        self._committing.now = True
        try:
            super().commit(writes)
        finally:
            self._committing.now = False


class Town:
    """Time passes by being asked for, `tick_ms` each time."""

    def __init__(self, seed: int, *, late_ms: int = 0, tick_ms: int = 400) -> None:
        self._ticks, self._jumped_ms = count(NOW * 1_000, tick_ms), 0
        lateness = Random(seed)
        self.tables = LateTables(self.clock_ms, lambda: lateness.randrange(late_ms + 1))
        self.house = a_house(tables=self.tables)
        self.people = [settle(self.house, a_person(f"person-{number}")) for number in range(20)]
        self.random = Random(seed)
        self._cards = {}

    def clock_ms(self) -> int:
        return next(self._ticks) + self._jumped_ms

    @property
    def now(self) -> int:
        return self.clock_ms() // 1_000

    def time_passes(self, *, days: float = 0, seconds: float = 0) -> None:
        self._jumped_ms += int((days * DAY_S + seconds) * 1_000)

    def board(self) -> LiveBoard:
        """Return the board of a function that has just begun."""
        return LiveBoard(DynamoChangeLog(self.tables, self.house.city.zone))

    # What its people do

    def act(self, random: Random) -> str:
        """Do something to some listing; return the listing's id."""
        rows = list(self.tables._rows["listings"])
        if len(rows) < 20 or random.random() < 0.3:
            return self.post(random)
        (listing_id,) = random.choice(rows)
        with suppress(Conflict, Stale, NotFound):
            self.change(listing_id, random)
        return listing_id

    def post(self, random: Random) -> str:
        """Post a listing, as publishing does but without a limit a day; return its id."""
        by, kind, now = random.choice(self.people), random.choice(("need", "offer")), self.now
        draft = self.draft(random, now)
        said = {name: getattr(draft, name) for name in type(draft).__slots__}
        times = {"created_at": now, "published_at": now, "expires_at": draft.needed_by or now + 14 * DAY_S}
        listing = a_listing(id=an_id(new_key()), kind=kind, author=by.id, **times, **said)
        self.house.publishing.listings.add(listing, limit=(new_key(), 1, now + DAY_S))
        return listing.id

    def change(self, listing_id: str, random: Random) -> None:
        listings, now = self.house.publishing.listings, self.now
        listing = self.house.publishing.get(listing_id)
        moves = [
            lambda: listing.taken(now),
            listing.given_back,
            lambda: listing.withdrawn(now),
            lambda: listing.renewed(now, expires_at=now + 14 * DAY_S, remind_at=None),
            lambda: listing.expired(now),
        ]
        if random.random() < 0.5:
            by, said = listing.author, self.draft(random, now)
            self.house.publishing.edit(listing.id, said, by=by, version=listing.version, now=now)
        elif random.random() < 0.1:
            person = self.house.people.get(listing.author)
            self.house.people.save(person.was_asked(now))
        else:
            listings.save(random.choice(moves)())

    def draft(self, random: Random, now: int):
        north, east = random.gauss(0, 0.006), random.gauss(0, 0.006)
        place = Place(
            Point(CENTRE.lat + max(-0.02, min(0.02, north)), CENTRE.lon + max(-0.02, min(0.02, east))), ""
        )
        return a_draft(
            title=" ".join(random.sample(WORDS, 3)),
            text=" ".join(random.sample(WORDS, 4)),
            category=random.choice(CATEGORIES),
            place=place,
            windows=self.windows(random),
            capacity=random.choice((1, 1, 2, 5)),
            languages=random.choice(LANGUAGES),
            urgency=random.choice(("low", "normal", "high")),
            needed_by=random.choice((None, None, now + random.randrange(60, 2 * DAY_S))),
        )

    def windows(self, random: Random) -> Windows:
        start = random.randrange(0, 1_440, 30)
        until = (start + random.randrange(60, 600)) % 1_440
        if random.random() < 0.4:
            return Windows()
        if random.random() < 0.7:
            return Windows(weekly=(Weekly(random.randrange(7), start, until),))
        return Windows(dated=(Dated(date(2026, 3, 20) + timedelta(days=random.randrange(15)), start, until),))

    # What is asked of its board

    def query(self, random: Random) -> Query:
        asked = " ".join(random.sample(WORDS, random.choice((0, 0, 1, 2))))
        near = random.choice((None, Point(CENTRE.lat + random.gauss(0, 0.006), CENTRE.lon)))
        order = random.choice(ORDERS[near is None :])
        return Query(
            Where(
                kind=random.choice((None, "need", "offer")),
                categories=frozenset(random.sample(CATEGORIES, random.choice((0, 0, 1, 2)))),
                terms=terms(asked),
                urgency=random.choice((None, None, "low", "high")),
                when=self.when(random) if random.random() < 0.3 else None,
                languages=frozenset(random.choice(((), (), ("ar",), ("de", "en")))),
                state=random.choice((None, "open", "matched")),
                left=random.choice((0, 0, 2)),
            ),
            near=near,
            radius_m=near and random.choice((None, 300, 1_000)),
            order=order,
            limit=random.choice((1, 5, 20, 100)),
        )

    def when(self, random: Random) -> When:
        start = NOW + random.randrange(30 * DAY_S)
        span = (start, start + random.randrange(1_800, 8 * 3_600))
        return When(slots_of(span, self.house.city.zone), (span,))

    # What the table says, looked at row by row

    def versions(self) -> dict[str, int]:
        with self.tables._lock:
            return {row["pk"]: row["version"] for row in self.tables._rows["listings"].values()}

    def oracle(self) -> Oracle:
        with self.tables._lock:
            rows = list(self.tables._rows["listings"].values())
        for row in rows:
            key = row["pk"], row["version"]
            if key not in self._cards:
                self._cards[key] = read_listing(row).card(self.house.city.zone)
        return Oracle(self._cards[row["pk"], row["version"]] for row in rows)

    def same(self, board: LiveBoard, query: Query, tries: int = 200) -> bool:
        """Say whether the board answers as the table does.

        They are compared when nothing was written between the question and the look at the table. Whatever is
        written meanwhile, no card shown may be older than the table was when the question was asked.
        """
        for _ in range(tries):
            before, commits, now = self.versions(), self.tables.commits, self.now
            page = board.search(query, now)
            if any(hit.card.version < before.get(hit.card.id, 0) for hit in page.hits):
                return False
            with self.tables._lock:
                quiet, oracle = self.tables.commits == commits, self.oracle()
            if quiet:
                return answer(page) == oracle.search(query, now)
        raise AssertionError("the town never rests")

    def same_helpers(self, board: LiveBoard) -> bool:
        board.fresh(self.now)
        rows = [row for row in self.tables.scan("people") if row["sk"] == "me"]
        return all(board.helper(row["pk"]).asked == helper_of(read_person(row)).asked for row in rows)
