"""How alike the cards of a segment are to a text: for all of them at once, by sums of bitmaps."""

from collections.abc import Iterator
from functools import cached_property
from itertools import chain, repeat

from chalicelib.board.text import Postings
from chalicelib.words.alike import A_ROOT, A_STEM, A_THING, A_TITLE, FULL, ROOT_LETTERS, Gist
from chalicelib.words.lexicon import thing_of, things

_Counted = tuple[int, int]
"""Units, a power of two, and the slots that get them."""


class Likeness:
    """How alike to a text the slots of a set are; units are those of `alike`: FULL is as much or more.

    Slice `n` is the slots whose count has bit `n`; those that count past all slices are kept apart.
    """

    def __init__(self, postings: Postings, asked: Gist, among: int) -> None:
        self._slices = [0] * FULL.bit_length()
        self._beyond = 0
        self._size = postings.size
        for weight, bits in _counted(postings, asked):
            self._add(bits & among, weight.bit_length() - 1)
        self.levels = sorted(self._levels().items(), reverse=True)
        """Units and the slots that have just so many, none of them empty, the most alike first."""

    def units(self, slot: int) -> int:
        at, bit, found = slot >> 3, slot & 7, 0
        for level, data in enumerate(self._bytes):
            found += (data[at] >> bit & 1) << level
        return min(FULL, found)

    @cached_property
    def _bytes(self) -> list[bytes]:
        """The slices, and those past all of them as one more: one bit of a long number is slow to come by."""
        slices = [*self._slices, self._beyond]
        size = (self._size >> 3) + 1
        return [bits.to_bytes(size, "little") for bits in slices]

    def _add(self, bits: int, level: int) -> None:
        for at in range(level, len(self._slices)):
            if not bits:
                return
            self._slices[at], bits = self._slices[at] ^ bits, self._slices[at] & bits
        self._beyond |= bits

    def _levels(self) -> dict[int, int]:
        found = {FULL: self._beyond} if self._beyond else {}
        some = 0
        for bits in self._slices:
            some |= bits
        for units, bits in _split(self._slices, len(self._slices) - 1, 0, some & ~self._beyond):
            found[min(units, FULL)] = found.get(min(units, FULL), 0) | bits
        return found


def shared(postings: Postings, asked: Gist, slot: int) -> frozenset[str]:
    """Return the stems of a text that count as being in the card too."""
    return frozenset(
        stem for stem in asked.stems if (_like(postings, stem) | postings.anywhere(stem)) >> slot & 1
    )


def _counted(postings: Postings, asked: Gist) -> Iterator[_Counted]:
    return chain(
        zip(repeat(A_STEM), map(postings.anywhere, asked.stems), strict=False),
        zip(repeat(A_ROOT), (_rooted(postings, root) for root in asked.roots), strict=False),
        zip(repeat(A_THING), (postings.any_of(things()[thing]) for thing in asked.things), strict=False),
        zip(repeat(A_TITLE), map(postings.in_title, asked.titled), strict=False),
    )


def _like(postings: Postings, stem: str) -> int:
    thing = thing_of().get(stem)
    return _rooted(postings, stem[:ROOT_LETTERS]) | (0 if thing is None else postings.any_of(things()[thing]))


def _rooted(postings: Postings, root: str) -> int:
    return postings.beginning(root) if len(root) == ROOT_LETTERS else postings.anywhere(root)


def _split(slices: list[int], level: int, units: int, bits: int) -> Iterator[tuple[int, int]]:
    """Yield the slots of the set by what the slices count of each, from the given slice down."""
    if not bits:
        return
    if level < 0:
        yield units, bits
        return
    high = bits & slices[level]
    yield from _split(slices, level - 1, units + (1 << level), high)
    yield from _split(slices, level - 1, units, bits ^ high)
