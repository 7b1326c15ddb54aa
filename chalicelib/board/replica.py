"""The replica: the board in memory, fed with cards in any order."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from threading import Lock
from typing import NamedTuple

from chalicelib.board.bits import from_slots, ones
from chalicelib.board.ids import pack
from chalicelib.board.loose import Loose
from chalicelib.board.model import Shown
from chalicelib.board.seen import Seen
from chalicelib.board.segment import Segment
from chalicelib.listings.card import Card

FRESH = 128
"""Cards that are looked at one by one before they are made a segment."""
MERGED = 8192
"""Cards of the largest segment that is made of smaller ones."""


class Layer(NamedTuple):
    """A segment and the slots of it that still stand: of the others a newer version came."""

    segment: Segment
    live: int


class Board(NamedTuple):
    """The board at one moment: what a search reads, while the replica may already hold the next."""

    layers: tuple[Layer, ...]
    fresh: dict[str, Loose]


class Replica:
    """Of each listing the card of the highest version ever applied, if that is on the board.

    Cards may come in any order and any number of times. A removed card leaves its version behind, so that an
    older one that comes late stays out; `forget` lets go of those that are old enough for that to be over.
    Cards that expired stay until the next snapshot: searches do not show them.
    """

    def __init__(self, segment: Segment | None = None) -> None:
        self._board = Board((Layer(segment, ones(len(segment))),) if segment else (), {})
        self._removed: dict[str, tuple[int, int]] = {}
        self.taken = 0
        """How many cards were taken in since: the more, the slower a search; a new snapshot mends it."""
        self._lock = Lock()

    @property
    def board(self) -> Board:
        return self._board

    def __len__(self) -> int:
        """Return how many cards stand, the expired included."""
        return sum(layer.live.bit_count() for layer in self._board.layers) + len(self._board.fresh)

    def apply(self, cards: Iterable[Card], now: int) -> int:
        """Take in the cards newer than what is known of their listings; return how many those were.

        ValueError, and nothing taken in, when an id is none.
        """
        cards = [_checked(card) for card in cards]
        with self._lock:
            layers, fresh = self._board.layers, dict(self._board.fresh)
            dead: list[list[int]] = [[] for _ in layers]
            taken = sum([self._take(card, layers, fresh, dead, now) for card in cards])
            layers = tuple(
                Layer(segment, live & ~from_slots(slots, len(segment))) if slots else Layer(segment, live)
                for (segment, live), slots in zip(layers, dead, strict=True)
            )
            if len(fresh) > FRESH:
                layers, fresh = _merged((*layers, _layer(loose.card for loose in fresh.values()))), {}
            self._board = Board(layers, fresh)
            self.taken += taken
            return taken

    def forget(self, before: int) -> None:
        """Let go of the versions of cards removed before that instant."""
        with self._lock:
            self._removed = {id_: known for id_, known in self._removed.items() if known[1] >= before}

    def get(self, id_: str) -> Shown | None:
        """Return the card of the listing if it is on the board, be it expired."""
        layers, fresh = self._board
        if id_ in fresh:
            return fresh[id_].card
        packed = pack(id_)
        for segment, live in reversed(layers):
            slot = segment.ids.find(packed)
            if slot is not None:
                return Seen(segment, slot) if live >> slot & 1 else None
        return None

    def cards(self, now: int) -> Iterator[Card]:
        """Yield every card that stands at `now`."""
        layers, fresh = self._board
        for segment, live in layers:
            yield from segment.cards(live & segment.ending.beyond(now))
        yield from (loose.card for loose in fresh.values() if loose.card.stands_at(now))

    def part(self, among: Callable[[Segment], int], holds: Callable[[Card], bool]) -> "Replica":
        """Return a board of some cards: the slots `among` a segment's, and the fresh of which it `holds`.

        No card is copied, so it costs little; it stays as it is now.
        """
        layers, fresh = self._board
        part = Replica()
        part._board = Board(
            tuple(Layer(segment, live & among(segment)) for segment, live in layers),
            {id_: loose for id_, loose in fresh.items() if holds(loose.card)},
        )
        return part

    def _take(
        self, card: Card, layers: tuple[Layer, ...], fresh: dict[str, Loose], dead: list[list[int]], now: int
    ) -> bool:
        standing, removed = fresh.get(card.id), self._removed.get(card.id)
        if (standing and standing.card.version >= card.version) or (removed and removed[0] >= card.version):
            return False
        if not standing and not removed and not _superseded(card, layers, dead):
            return False
        if card.on_board:
            fresh[card.id] = Loose.of(card)
            self._removed.pop(card.id, None)
        else:
            fresh.pop(card.id, None)
            self._removed[card.id] = (card.version, now)
        return True


def _checked(card: Card) -> Card:
    pack(card.id)
    if card.on_board:
        pack(card.author)
    return card


def _superseded(card: Card, layers: tuple[Layer, ...], dead: list[list[int]]) -> bool:
    """Say whether the card is newer than that of the layers, and then note the slot that no longer stands."""
    packed = pack(card.id)
    for number in range(len(layers) - 1, -1, -1):
        segment = layers[number].segment
        slot = segment.ids.find(packed)
        if slot is not None:
            if segment.versions[slot] >= card.version:
                return False
            dead[number].append(slot)
            return True
    return True


def _layer(cards: Iterable[Card]) -> Layer:
    segment = Segment.of(cards)
    return Layer(segment, ones(len(segment)))


def _merged(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Return the layers with the last two made one while they are of about one size: so there are few."""
    while len(layers) > 1:
        (older, standing), (newer, fresh) = layers[-2:]
        if len(older) > 2 * len(newer) or len(older) + len(newer) > MERGED:
            break
        layers = (*layers[:-2], _layer(chain(older.cards(standing), newer.cards(fresh))))
    return layers
