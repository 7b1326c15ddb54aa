"""The words of a segment: its titles, packed until they are read, and the slots of each term."""

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, chain, pairwise

from chalicelib.board.bits import from_slots, slots_of

_BLOCK = 2048
"""Titles packed together."""
_KEPT = 256
"""Bitmaps of terms kept."""
_MANY = 512
"""A list of more slots than this is written as a bitmap, which is read without a loop."""


class Titles:
    """The titles by slot. A block of them is unpacked when one is first read, and kept."""

    def __init__(self, lengths: "array[int]", sizes: "array[int]", packed: bytes) -> None:
        self.lengths, self.sizes, self.packed = lengths, sizes, packed
        self._ends = list(accumulate(sizes, initial=0))
        self._open: dict[int, tuple[bytes, list[int]]] = {}

    @classmethod
    def of(cls, titles: Sequence[str]) -> "Titles":
        written = [title.encode() for title in titles]
        blocks = [
            zlib.compress(b"".join(written[at : at + _BLOCK]), 9) for at in range(0, len(written), _BLOCK)
        ]
        return cls(array("I", map(len, written)), array("I", map(len, blocks)), b"".join(blocks))

    def __getitem__(self, slot: int) -> str:
        number, at = divmod(slot, _BLOCK)
        block = self._open.get(number)
        if block is None:
            block = self._open[number] = self._unpack(number)
        text, ends = block
        return text[ends[at] : ends[at + 1]].decode()

    def _unpack(self, number: int) -> tuple[bytes, list[int]]:
        text = zlib.decompress(self.packed[self._ends[number] : self._ends[number + 1]])
        lengths = self.lengths[number * _BLOCK : (number + 1) * _BLOCK]
        return text, list(accumulate(lengths, initial=0))


class Postings:
    """The slots of each term, apart for the titles and for the rest of the texts.

    A list is written as the gaps between slots, seven bits a byte, and a long one as a packed bitmap.
    """

    def __init__(self, words: bytes, lengths: "array[int]", lists: bytes, size: int) -> None:
        """Words are in order, a line each; lists are of each the title's, then the text's.

        A length is twice the list's, and one more where it is a bitmap.
        """
        self.words, self.lengths, self.lists = words, lengths, lists
        self.size = size
        self._bits = lru_cache(maxsize=_KEPT)(self._read_bits)
        self._unions = lru_cache(maxsize=_KEPT)(self._read_union)

    @classmethod
    def of(cls, titles: Sequence[Sequence[str]], texts: Sequence[Sequence[str]]) -> "Postings":
        found = (_invert(titles), _invert(texts))
        words = sorted(found[0].keys() | found[1].keys())
        lists = [_write(half.get(word, ()), len(titles)) for word in words for half in found]
        lengths = array("I", (2 * len(data) + packed for data, packed in lists))
        return cls("\n".join(words).encode(), lengths, b"".join(data for data, _ in lists), len(titles))

    def anywhere(self, term: str) -> int:
        """Return the slots that have the term in the title or in the rest."""
        return self._bits(term, True)

    def in_title(self, term: str) -> int:
        return self._bits(term, False)

    def any_of(self, terms: frozenset[str]) -> int:
        """Return the slots that have one of the terms, in the title or in the rest."""
        return self._unions(terms)

    def beginning(self, root: str) -> int:
        """Return the slots that have a term that begins so."""
        start = bisect_left(self._terms, root)
        end = bisect_right(self._terms, root, start, key=lambda term: term[: len(root)])
        return self.any_of(frozenset(self._terms[start:end]))

    def by_slot(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Yield the terms of each slot's title and of its rest, in alphabetical order."""
        halves: tuple[list[list[str]], ...] = tuple([[] for _ in range(self.size)] for _ in range(2))
        for index, word in enumerate(self._terms):
            for half, terms in enumerate(halves):
                for slot in slots_of(self._list(2 * index + half)):
                    terms[slot].append(word)
        return ((tuple(title), tuple(text)) for title, text in zip(*halves, strict=True))

    def _read_bits(self, term: str, everywhere: bool) -> int:
        index = self._index(term)
        if index is None:
            return 0
        title = self._list(2 * index)
        return title | self._list(2 * index + 1) if everywhere else title

    def _read_union(self, terms: frozenset[str]) -> int:
        found, few = 0, list[int]()
        indexes = [index for index in map(self._index, terms) if index is not None]
        for index in indexes:
            for number in (2 * index, 2 * index + 1):
                if self.lengths[number] & 1:
                    found |= self._list(number)
                else:
                    few += _read(self._data(number))
        return found | from_slots(few, self.size)

    def _index(self, term: str) -> int | None:
        index = bisect_left(self._terms, term)
        return index if index < len(self._terms) and self._terms[index] == term else None

    def _list(self, number: int) -> int:
        data = self._data(number)
        if self.lengths[number] & 1:
            return int.from_bytes(zlib.decompress(data), "little")
        return from_slots(_read(data), self.size)

    def _data(self, number: int) -> bytes:
        return self.lists[self._ends[number] : self._ends[number + 1]]

    @cached_property
    def _terms(self) -> list[str]:
        return self.words.decode().split("\n") if self.words else []

    @cached_property
    def _ends(self) -> "array[int]":
        return array("I", accumulate((length >> 1 for length in self.lengths), initial=0))


def _invert(terms: Sequence[Sequence[str]]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for slot, of_slot in enumerate(terms):
        for term in of_slot:
            found.setdefault(term, []).append(slot)
    return found


def _write(slots: Sequence[int], size: int) -> tuple[bytes, bool]:
    """Return the list written, and whether it is a bitmap."""
    if len(slots) > _MANY:
        return zlib.compress(from_slots(slots, size).to_bytes((size + 7) >> 3, "little"), 9), True
    written = bytearray()
    for before, slot in pairwise(chain((-1,), slots)):
        gap = slot - before - 1
        while gap > 127:  # noqa: PLR2004
            written.append(gap & 127 | 128)
            gap >>= 7
        written.append(gap)
    return bytes(written), False


def _read(data: bytes) -> list[int]:
    found, slot, gap, shift = [], -1, 0, 0
    for byte in data:
        gap |= (byte & 127) << shift
        if byte > 127:  # noqa: PLR2004
            shift += 7
        else:
            slot += gap + 1
            found.append(slot)
            gap = shift = 0
    return found
