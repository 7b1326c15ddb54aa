"""Ids and secrets: drawn from what identifies a thing, so that doing it again gives the same."""

import hmac
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256

ID_BYTES = 10
"""80 bits: sixteen letters and digits, safe in a URL and bearable read aloud."""


def make_id(*parts: str) -> str:
    """Return the id that belongs to the parts; other parts give another id."""
    return b32encode(digest(*parts)[:ID_BYTES]).decode().lower()


def digest(*parts: str) -> bytes:
    """Return SHA-256 over the parts, each with its length, so that no two lists of parts meet."""
    hasher = sha256()
    for part in parts:
        data = part.encode()
        hasher.update(len(data).to_bytes(4, "big") + data)
    return hasher.digest()


def is_id(text: str) -> bool:
    return len(text) == 16 and all(letter in "abcdefghijklmnopqrstuvwxyz234567" for letter in text)  # noqa: PLR2004


class Secrets:
    """What only this city can derive: every secret follows from its key and from what it is for."""

    def __init__(self, key: bytes | Callable[[], bytes]) -> None:
        """Take the key, or what reads it when the first secret is asked for."""
        self._given = key

    @cached_property
    def _key(self) -> bytes:
        return self._given if isinstance(self._given, bytes) else self._given()

    def secret(self, purpose: str, *parts: str) -> str:
        """Return 192 bits in 32 letters."""
        return urlsafe_b64encode(self._mac(purpose, *parts)[:24]).decode()

    def code(self, purpose: str, *parts: str) -> str:
        """Return six decimal digits."""
        return f"{int.from_bytes(self._mac(purpose, *parts)) % 1_000_000:06d}"

    def blind(self, text: str) -> str:
        """Return what stands for a personal text in keys: equal for equal texts, useless without the key."""
        return make_id(self._mac("blind", text).hex())

    def _mac(self, *parts: str) -> bytes:
        return hmac.digest(self._key, digest(*parts), "sha256")


def same(a: str, b: str) -> bool:
    """Compare secrets in a time that tells nothing of them."""
    return hmac.compare_digest(a.encode(), b.encode())
