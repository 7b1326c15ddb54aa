"""Bitmaps: sets of slots as whole numbers, slot `n` being bit `n`."""

from collections.abc import Iterable

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


def from_runs(runs: list[tuple[int, int]]) -> int:
    """Return the slots of the runs, which are in order and apart; each is a first slot and the one after the last."""
    if not runs:
        return 0
    low = runs[0][0] >> 3
    buffer = bytearray((runs[-1][1] >> 3) - low + 1)
    for start, end in runs:
        first, last = (start >> 3) - low, (end >> 3) - low
        if first == last:
            buffer[first] |= (1 << (end & 7)) - (1 << (start & 7))
        else:
            buffer[first] |= 256 - (1 << (start & 7))
            buffer[first + 1 : last] = b"\xff" * (last - first - 1)
            buffer[last] |= (1 << (end & 7)) - 1
    return int.from_bytes(buffer, "little") << (low << 3)


def slots_of(bits: int, base: int = 0) -> list[int]:
    """Return the slots of the set in order, each moved up by `base`."""
    data = bits.to_bytes((bits.bit_length() + 7) >> 3, "little")
    find = data.translate(_MARK).find
    found: list[int] = []
    at = find(1)
    while at >= 0:
        slot = base + (at << 3)
        found += [slot + bit for bit in _BITS[data[at]]]
        at = find(1, at + 1)
    return found
