"""How alike the cards of a segment are to a text: for all of them at once, by sums of bitmaps."""

from collections.abc import Iterator
from itertools import chain, repeat

from chalicelib.board.text import Postings
from chalicelib.words.alike import FULL, NEAR, ROOT, SAME, THING, TITLED, Gist
from chalicelib.words.lexicon import thing_of, things

Level = tuple[int, int]
"""How alike, in units, and the slots that are."""


def levels(postings: Postings, asked: Gist, among: int) -> list[Level]:
    """Return the slots of the set that have anything in common with a text, by units, the most alike first.

    The units are those of `alike`: FULL is as much or more.
    """
    slices = [0] * FULL.bit_length()
    beyond = 0
    for weight, bits in _counted(postings, asked):
        beyond |= _add(slices, bits & among, weight.bit_length() - 1)
    found: dict[int, int] = {FULL: beyond}
    some = 0
    for bits in slices:
        some |= bits
    for units, bits in _split(slices, len(slices) - 1, 0, some & ~beyond):
        found[min(units, FULL)] = found.get(min(units, FULL), 0) | bits
    return sorted(((units, bits) for units, bits in found.items() if bits), reverse=True)


def shared(postings: Postings, asked: Gist, slot: int) -> frozenset[str]:
    """Return the stems of a text that count as being in the card too."""
    return frozenset(
        stem for stem in asked.stems if (_like(postings, stem) | postings.anywhere(stem)) >> slot & 1
    )


def _counted(postings: Postings, asked: Gist) -> Iterator[Level]:
    """Yield the bitmaps that count, and how many units each slot of them gets: a power of two."""
    return chain(
        zip(repeat(SAME), map(postings.anywhere, asked.stems), strict=False),
        zip(repeat(NEAR), (_rooted(postings, root) for root in asked.roots), strict=False),
        zip(repeat(THING), (postings.any_of(things()[thing]) for thing in asked.things), strict=False),
        zip(repeat(TITLED), map(postings.in_title, asked.titled), strict=False),
    )


def _like(postings: Postings, stem: str) -> int:
    thing = thing_of().get(stem)
    return _rooted(postings, stem[:ROOT]) | (0 if thing is None else postings.any_of(things()[thing]))


def _rooted(postings: Postings, root: str) -> int:
    return postings.beginning(root) if len(root) == ROOT else postings.anywhere(root)


def _add(slices: list[int], bits: int, level: int) -> int:
    """Add a power of two to the count of each slot of the set; return those whose count is past all slices."""
    for at in range(level, len(slices)):
        if not bits:
            break
        slices[at], bits = slices[at] ^ bits, slices[at] & bits
    return bits


def _split(slices: list[int], level: int, units: int, bits: int) -> Iterator[Level]:
    """Yield the slots of the set by what the slices count of each, from the given slice down."""
    if not bits:
        return
    if level < 0:
        yield units, bits
        return
    high = bits & slices[level]
    yield from _split(slices, level - 1, units + (1 << level), high)
    yield from _split(slices, level - 1, units, bits ^ high)
