"""A draft, a listing, a person, a match as tests need them: what is given replaces what is there."""

from itertools import count
from typing import Any

from chalicelib.identity import make_id
from chalicelib.listings.model import DAY_S, Draft, Listing
from chalicelib.listings.windows import Windows
from chalicelib.matching.model import Match
from chalicelib.people.model import Person
from chalicelib.places.model import Place, Point, cell_at
from chalicelib.settings import Settings
from chalicelib.wiring import House
from infra.memory import MemoryTables
from tests.city import MONDAY, Clock
from tests.fakes import Mailbox

NOW = MONDAY
HOUR_S = 3_600
CENTRE = Point(47.7486, 7.3393)

_numbers = count(1)


def new_key() -> str:
    return f"key-{next(_numbers):08d}"


def an_id(name: str) -> str:
    """Return the id that belongs to a name a test uses."""
    return make_id("test", name)


def a_draft(**fields: Any) -> Draft:
    said: dict[str, Any] = {
        "category": "groceries",
        "title": "Courses pour ma voisine",
        "text": "Une fois par semaine.",
        "place": Place(CENTRE, "Place de la Réunion"),
        "reach_m": 3_000,
        "windows": Windows(),
        "capacity": 1,
        "languages": ("fr",),
        "urgency": "normal",
        "on_behalf": None,
        "needed_by": None,
    }
    return Draft(**said | fields)


def a_listing(**fields: Any) -> Listing:
    """Return a listing; fields of its draft may be given too."""
    said = {name: fields.pop(name) for name in list(fields) if name in Draft.__slots__}
    draft = a_draft(**said)
    made: dict[str, Any] = {
        "id": an_id("need"),
        "kind": "need",
        "author": an_id("monique"),
        "trust": 0,
        "draft": draft,
        "cell": cell_at(draft.place.point, 250),
        "left": draft.capacity,
        "state": "open",
        "created_at": NOW,
        "published_at": NOW,
        "expires_at": NOW + 14 * DAY_S,
        "print": "print",
    }
    return Listing(**made | fields)


def a_person(name: str = "monique", **fields: Any) -> Person:
    """Return a person; who says how often a week they may be asked says so for every week of a season."""
    if "asks_per_week" in fields:
        fields = {"asks_per_season": 13 * fields["asks_per_week"], **fields}
    made: dict[str, Any] = {
        "id": an_id(name),
        "email": f"{name}@example.org",
        "created_at": NOW,
        "name": name,
    }
    return Person(**made | fields)


def a_match(**fields: Any) -> Match:
    made: dict[str, Any] = {
        "need": an_id("need"),
        "offer": an_id("offer"),
        "seeker": an_id("monique"),
        "helper": an_id("yusuf"),
        "proposer": "seeker",
        "made_at": NOW,
        "due_at": NOW + 48 * HOUR_S,
        "terms": {},
    }
    return Match(**made | fields)


def a_house(*, slug: str = "mulhouse", **parts: Any) -> House:
    """Return a city's use cases over tables in memory: no door, no network, a clock to turn."""
    clock = Clock()
    settings = Settings(slug, "eu-west-3", "https://entraide.test", b"k" * 32, f"entraide-{slug}")
    made: dict[str, Any] = {
        "tables": MemoryTables(slug, lambda: clock.now * 1000),
        "mailer": Mailbox(),
        "now": clock,
    }
    return House(settings, **made | parts)


def settle(house: House, person: Person) -> Person:
    """Let a person live in the city."""
    from chalicelib.people.dynamodb import added

    house.tables.commit(added(person))
    return person
