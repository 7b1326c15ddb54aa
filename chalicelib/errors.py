"""What can go wrong, said in the domain's words; the door turns each into problem+json once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that is wrong: where (a JSON pointer, RFC 6901), what (a stable code), with which values."""

    pointer: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


class DomainError(Exception):
    """A refusal with a stable code; `values` fill the code's sentence in the reader's language."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class NotFound(DomainError):
    """There is no such thing, or the asker may not know that there is."""


class Conflict(DomainError):
    """The thing is not in a state that allows this."""


class Stale(DomainError):
    """The caller decided on an older version than the one that stands."""


class NotAllowed(DomainError):
    """The caller is known and may not do this."""


class NotSignedIn(DomainError):
    """The caller must sign in first."""


class TooMany(DomainError):
    """A limit was reached; `retry_after` is in whole seconds."""

    def __init__(self, code: str, *, retry_after: int, **values: Any) -> None:
        super().__init__(code, retry_after=retry_after, **values)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """Nothing was changed or everything was: the same request may be sent again."""


class Malformed(DomainError):
    """The request cannot be read at all."""


class Invalid(DomainError):
    """The request was read and cannot be accepted: every fault at once."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("invalid")
        self.faults = faults

    def __str__(self) -> str:
        return "; ".join(f"{fault.pointer or '/'}: {fault.code}" for fault in self.faults)
