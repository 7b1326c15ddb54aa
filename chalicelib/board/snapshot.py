"""A segment in parts small enough to store, and back; parts damaged or of several snapshots are refused."""

import struct
import zlib
from collections.abc import Sequence
from hashlib import blake2b

from chalicelib.board.frozen import freeze, thaw
from chalicelib.board.segment import Segment

PART_BYTES = 350_000
"""The largest part."""
_MAGIC = b"EBS1"
_HEAD = struct.Struct("<4s8sHHI")
"""Magic, digest of the whole snapshot, place of the part, count of parts, checksum of all else."""
_BODY = PART_BYTES - _HEAD.size


def dump(segment: Segment) -> list[bytes]:
    """Return the parts of the segment's snapshot, in order."""
    whole = freeze(segment)
    digest, count = blake2b(whole, digest_size=8).digest(), max(1, -(-len(whole) // _BODY))
    return [_part(digest, index, count, whole[index * _BODY : (index + 1) * _BODY]) for index in range(count)]


def load(parts: Sequence[bytes]) -> Segment:
    """Return the segment of all the parts of one snapshot, in order; ValueError when they are not that."""
    bodies, digests = [], set()
    for index, part in enumerate(parts):
        if len(part) < _HEAD.size:
            raise ValueError("a part of a snapshot is cut short")
        magic, digest, at, count, checksum = _HEAD.unpack_from(part)
        body = memoryview(part)[_HEAD.size :]
        if magic != _MAGIC or checksum != _checksum(digest, at, count, body):
            raise ValueError("a part of a snapshot is damaged")
        if (at, count) != (index, len(parts)):
            raise ValueError("a snapshot is not whole")
        digests.add(digest)
        bodies.append(body)
    if len(digests) != 1:
        raise ValueError("not the parts of one snapshot")
    return thaw(b"".join(bodies))


def _part(digest: bytes, index: int, count: int, body: bytes) -> bytes:
    return _HEAD.pack(_MAGIC, digest, index, count, _checksum(digest, index, count, body)) + body


def _checksum(digest: bytes, index: int, count: int, body: bytes | memoryview) -> int:
    return zlib.crc32(body, zlib.crc32(_HEAD.pack(_MAGIC, digest, index, count, 0)))
