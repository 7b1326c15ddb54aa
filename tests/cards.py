"""Random cards as a city would see them: dense in the middle, and words by Zipf's law."""

from dataclasses import replace
from itertools import accumulate
from math import cos, radians
from random import Random

from chalicelib.cities.model import CATEGORIES
from chalicelib.listings.card import URGENCIES, Card
from chalicelib.listings.windows import ANY_TIME, SLOTS_A_DAY, Span
from chalicelib.places.model import METRES_PER_DEGREE, Point, cell_at

PARIS = Point(48.8566, 2.3467)
PARIS_NORTH_M, PARIS_EAST_M = 4_800, 6_100
CELL_M = 250
NOW = 1_767_225_600
DAY_S = 86_400
ID_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"

_SYLLABLES = (
    "ba be bi bou ca ce cha co da de di dou fa fe fi fou ga gi gra jar la le li lou ma me "
    "mi mou na ne ni nou pa pe pi plan po ra re ri rou sa se si sou ta te ti tou va ve vi voi"
).split()
_LITTLE = "pour une de la le à des avec chez en mon".split()


class Cards:
    """An endless source of cards; the same seed gives the same cards."""

    def __init__(self, seed: int = 1, *, authors: int = 400, words: int = 1_500) -> None:
        self.random = Random(seed)
        self.words = self._vocabulary(words)
        self._weights = list(accumulate(1 / (rank + 8) for rank in range(words)))
        self._authors = [self.id() for _ in range(authors)]
        self._masks = [ANY_TIME, *(self.mask() for _ in range(600))]

    def many(self, count: int) -> list[Card]:
        return [self.one() for _ in range(count)]

    def one(self) -> Card:
        random = self.random
        title, text = self.some_words(random.randint(2, 5)), self.some_words(random.randint(4, 16))
        capacity = random.choices((1, 2, 3, 5, 10), (60, 15, 10, 10, 5))[0]
        published = NOW - random.randrange(60 * DAY_S)
        spans = tuple(self.span() for _ in range(random.choices((0, 1, 2), (85, 10, 5))[0]))
        return Card(
            id=self.id(),
            version=random.choices((1, 2, 3, 4, 9), (70, 15, 8, 5, 2))[0],
            on_board=True,
            kind="need" if random.random() < 0.45 else "offer",
            author=random.choice(self._authors),
            category=random.choices(CATEGORIES, range(len(CATEGORIES), 0, -1))[0],
            title=" ".join(word for each in title for word in (each, random.choice(_LITTLE)))[
                :80
            ].capitalize(),
            title_terms=title,
            text_terms=tuple(word for word in text if word not in title),
            cell=cell_at(self.place(), CELL_M),
            reach_m=random.choice((500, 1_000, 2_000, 3_000, 5_000, 10_000)),
            urgency=random.choices(URGENCIES, (15, 70, 15))[0],
            languages=random.choices(
                (("fr",), ("en", "fr"), ("ar", "fr"), ("de",), ("en",), ("nl",)), (70, 10, 8, 4, 5, 3)
            )[0],
            slots=0 if spans and random.random() < 0.8 else random.choices(self._masks, (400, *[1] * 600))[0],
            spans=spans,
            capacity=capacity,
            left=random.randint(0, capacity),
            published_at=published,
            expires_at=NOW + random.randrange(-3_600, 60 * DAY_S),
            needed_by=NOW + random.randrange(30 * DAY_S) if random.random() < 0.2 else None,
            trust=random.choices((0, 1, 2, 3), (60, 25, 10, 5))[0],
        )

    def changed(self, card: Card) -> Card:
        """Return what may have become of the card: edited, filled, moved, or taken off the board."""
        random, version = self.random, card.version + random_step(self.random)
        if random.random() < 0.3:
            return replace(
                card, version=version, on_board=False, title="", title_terms=(), text_terms=(), slots=0
            )
        other = self.one()
        return replace(other, id=card.id, author=card.author, version=version, published_at=card.published_at)

    def id(self) -> str:
        return "".join(self.random.choices(ID_LETTERS, k=16))

    def place(self) -> Point:
        """A point of an oval about as large as Paris, rather in the middle than at the edge."""
        random = self.random
        while True:
            north, east = random.gauss(0, 0.55), random.gauss(0, 0.55)
            if north * north + east * east <= 1:
                wide = METRES_PER_DEGREE * cos(radians(PARIS.lat))
                return Point(
                    PARIS.lat + north * PARIS_NORTH_M / METRES_PER_DEGREE,
                    PARIS.lon + east * PARIS_EAST_M / wide,
                )

    def some_words(self, count: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.random.choices(self.words, cum_weights=self._weights, k=count)))

    def span(self) -> Span:
        start = NOW + self.random.randrange(-5 * DAY_S, 40 * DAY_S) // 1_800 * 1_800
        return start, start + self.random.choice((1, 2, 3, 4, 8)) * 3_600

    def mask(self) -> int:
        days, mask = self.random.sample(range(7), self.random.randint(1, 5)), 0
        start, hours = self.random.randint(14, 38), self.random.choice((4, 6, 8))
        for day in days:
            mask |= ((1 << hours) - 1) << (day * SLOTS_A_DAY + start)
        return mask

    def _vocabulary(self, count: int) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < count:
            words["".join(self.random.choices(_SYLLABLES, k=2 + min(2, len(words) // 800)))] = None
        return list(words)


def random_step(random: Random) -> int:
    return random.choice((1, 1, 1, 2))
