"""Bitmaps: sets of slots as whole numbers, slot `n` being bit `n`."""

from collections.abc import Iterable, Sequence

_MARK = bytes([0] + [1] * 255)
_BITS = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))


def ones(count: int) -> int:
    """Return the set of the first `count` slots."""
    return (1 << count) - 1


def from_flags(flags: bytes) -> int:
    """Return the slots whose flag is the digit 1; the others' is 0."""
    return int(flags[::-1] or b"0", 2)


def from_slots(slots: Iterable[int], size: int) -> int:
    """Return the set of those slots, all of them below `size`."""
    buffer = bytearray((size >> 3) + 1)
    for slot in slots:
        buffer[slot >> 3] |= 1 << (slot & 7)
    return int.from_bytes(buffer, "little")


def window(runs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the first slot of the runs and the set of their slots, counted from it.

    A run is a first slot and the one after the last; runs are in order, apart, and none is empty. The set is
    what is below the ends less what is below the starts.
    """
    if not runs:
        return 0, 0
    low, size = runs[0][0], runs[-1][1] - runs[0][0]
    if len(runs) == 1:
        return low, ones(size)
    below = from_slots([start - low for start, _ in runs], size)
    return low, from_slots([end - low for _, end in runs], size) - below


def slots_of(bits: int, base: int = 0) -> list[int]:
    """Return the slots of the set in order, each moved up by `base`."""
    data = bits.to_bytes((bits.bit_length() + 7) >> 3, "little")
    found: list[int] = []
    add, find = found.append, data.translate(_MARK).find
    at = find(1)
    while at >= 0:
        slot = base + (at << 3)
        for bit in _BITS[data[at]]:
            add(slot + bit)
        at = find(1, at + 1)
    return found
