"""The first content of a local city: residents, needs and offers in every state, by the real use cases."""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from chalicelib.cities.model import City
from chalicelib.errors import DomainError
from chalicelib.listings.model import DAY_S, Draft, Listing, OnBehalf
from chalicelib.listings.windows import Dated, Weekly, Windows
from chalicelib.notices.hours import Quiet
from chalicelib.people.dynamodb import added
from chalicelib.people.model import Person
from chalicelib.places.model import Place, Point
from chalicelib.wiring import House, house
from chalicelib.words.model import fold
from infra.address_book import fill, from_streets

DEMO = Path(__file__).parent / "demo"
MODERATOR = "moderation@example.org"


def seed(city: City) -> None:
    """Fill an empty city. Run again after an interruption, it goes on where it was."""
    home, now = house(), int(time.time())
    streets = json.loads((DEMO / "streets.json").read_text(encoding="utf-8"))[city.slug]
    fill(home.tables, from_streets(streets))
    people = [_person(home, row, now) for row in _rows("residents.jsonl")]
    moderator = replace(people[0], id=home.secrets.blind(MODERATOR), email=MODERATOR, role="moderator")
    for person in [*people, moderator]:
        _once(home, person)
    _publish(home, city, people, streets, now)


def _publish(home: House, city: City, people: list[Person], streets: list[Any], now: int) -> None:
    """Publish the listings, each on a street of the city, and bring some of them together."""
    offers: dict[str, list[Listing]] = defaultdict(list)
    wanted: list[tuple[Any, Listing]] = []
    authors, places = cycle(people), cycle(streets)
    for number, row in enumerate(_rows("listings.jsonl")):
        author = next(person for person in authors if _would(person, row))
        listing = _listing(home, city, row, author, next(places), now, key=f"seed-{number:04d}")
        if row["kind"] == "offer" and row["story"] == "open":
            offers[row["category"]].append(listing)
        elif row["kind"] == "need" and row["story"] in ("matched", "proposed"):
            wanted.append((row, listing))
        _end(home, row["story"], listing, now)
        if sys.stdout.isatty():
            print(f"\r  first content   {number + 1} listings", end="", flush=True)
    for row, need in wanted:
        _bring_together(
            home, row, need, offers[row["category"]], {person.id: person for person in people}, now
        )
    if sys.stdout.isatty():
        print("\r  first content ", end="")


def _listing(
    home: House, city: City, row: Any, author: Person, street: Any, now: int, *, key: str
) -> Listing:
    at = now - int(row["age_days"]) * DAY_S - len(key) * 60
    kind, draft = row["kind"], _draft(city, row, street, now)
    listing, _ = home.publishing.publish(kind, draft, by=author, key=key, print_=key, now=at)
    if listing.state == "held" and row["story"] != "open":
        return home.desk.release(listing.id, key=f"{key}-release", now=at).listing
    return listing


def _draft(city: City, row: Any, street: Any, now: int) -> Draft:
    today = datetime.fromtimestamp(now, city.zone).date()
    behalf = row["on_behalf_of"]
    days = row["needed_in_days"]
    label = f"{street['name']}, {street['postcode']} {street['town']}"
    return Draft(
        category=row["category"],
        title=row["title"],
        text=row["text"],
        place=Place(Point(street["lat"], street["lon"]), label),
        reach_m=min(row["reach_m"], city.limits.radius_max_m),
        windows=Windows(
            tuple(
                Weekly(w["weekday"], _minutes(w["start"]), _minutes(w["until"]))
                for w in row["windows"]["weekly"]
            ),
            tuple(
                Dated(today + timedelta(days=w["in_days"]), _minutes(w["start"]), _minutes(w["until"]))
                for w in row["windows"]["dated"]
            ),
        ),
        capacity=row["capacity"],
        languages=tuple(row["languages"]),
        urgency=row["urgency"],
        on_behalf=behalf and OnBehalf(behalf["relation"], behalf["consent"], now),
        needed_by=None if days is None else now + days * DAY_S,
    )


def _would(person: Person, row: Any) -> bool:
    """Tell whether the person may have written the listing: who offers help is willing to be asked for it."""
    willing = person.willing is None or row["category"] in person.willing
    return row["kind"] == "need" or (willing and person.asks_per_week > 0)


def _end(home: House, story: str, listing: Listing, now: int) -> None:
    if story == "withdrawn":
        home.publishing.withdraw(listing.id, by=listing.author, key="seed-withdraw", now=now)
    elif story == "fulfilled":
        home.publishing.fulfil(listing.id, "helped_here", by=listing.author, key="seed-fulfil", now=now)


def _bring_together(
    home: House, row: Any, need: Listing, offers: list[Listing], people: dict[str, Person], now: int
) -> None:
    """Propose the first offer that may be asked, and accept where the story says so."""
    for offer in offers:
        try:
            told = home.matching.propose(
                need.id, offer.id, by=people[need.author], message="", key="seed-propose", now=now
            )
            if row["story"] == "matched":
                home.matching.accept(told.match.id, by=offer.author, answer="", key="seed-accept", now=now)
        except DomainError:
            continue
        return


def _person(home: House, row: Any, now: int) -> Person:
    email = f"{fold(row['name']).replace(' ', '.').rstrip('.')}@example.org"
    quiet = row["quiet"]
    return Person(
        id=home.secrets.blind(email),
        email=email,
        created_at=now - 30 * DAY_S,
        name=row["name"],
        languages=tuple(row["languages"]),
        willing=tuple(row["willing"]) or None,
        asks_per_week=row["asks_per_week"],
        quiet=quiet and Quiet(_minutes(quiet["start"]), _minutes(quiet["until"])),
        trust=row["trust"],
    )


def _once(home: House, person: Person) -> None:
    if home.people.get(person.id) is None:
        home.tables.commit(added(person))


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _rows(name: str) -> Iterator[Any]:
    with (DEMO / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
