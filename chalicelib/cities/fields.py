"""Reading what a person wrote in a file: every fault is noted where it is, and the reading goes on."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from chalicelib.errors import Fault, Invalid

T = TypeVar("T")

_ABSENT = object()
_WORD = "[A-Za-z0-9_+-]+"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = rf"{_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL})+"


class Field:
    """A value and where it stands in the file.

    A value that is not what it should be is noted as one fault, and the caller gets a stand-in to go on with:
    nothing that was read may be used while `faults` holds any. What is absent is noted once, by whoever asked
    for it first.
    """

    __slots__ = ("faults", "pointer", "value")

    def __init__(self, value: Any, faults: list[Fault] | None = None, pointer: str = "") -> None:
        self.value = value
        self.faults = [] if faults is None else faults
        self.pointer = pointer

    def fault(self, code: str, **values: Any) -> None:
        if self.value is not _ABSENT:
            self.faults.append(Fault(self.pointer, code, values))

    def refuse_faults(self) -> None:
        """Raise Invalid with every fault noted so far, anywhere in the file."""
        if self.faults:
            raise Invalid(*self.faults)

    @property
    def sound(self) -> bool:
        """Whether it is there and nothing is wrong so far with it or with anything in it."""
        inside = f"{self.pointer}/"
        return self.value is not _ABSENT and not any(
            f"{fault.pointer}/".startswith(inside) for fault in self.faults
        )

    def member(self, name: str) -> "Field":
        """Return a member that must be there."""
        return self.members((name,), others=True)[name]

    def members(
        self, names: Sequence[str], *, optional: Sequence[str] = (), others: bool = False
    ) -> dict[str, "Field"]:
        """Return the members by name: all of `names`, and the optional ones that are given.

        Other members are faults unless they are welcome.
        """
        if not isinstance(self.value, dict):
            self.fault("wrong_type", wanted="object")
            return {name: self._child(name, _ABSENT) for name in names}
        found = {name: self._child(name, value) for name, value in self.value.items()}
        for name in names:
            if name not in found:
                found[name] = self._child(name, _ABSENT)
                self.faults.append(Fault(found[name].pointer, "required"))
        for name in self.value:
            if not others and name not in names and name not in optional:
                found[name].fault("unknown")
        return found

    def items(self) -> list["Field"]:
        """Return the items of a list that must have some."""
        if not isinstance(self.value, list):
            self.fault("wrong_type", wanted="list")
            return []
        if not self.value:
            self.fault("empty")
        return [Field(item, self.faults, f"{self.pointer}/{index}") for index, item in enumerate(self.value)]

    def text(self, *, longest: int, pattern: str = ".+") -> str:
        """Return text that can be printed on one line and matches the pattern."""
        if not isinstance(self.value, str):
            self.fault("wrong_type", wanted="string")
        elif not self.value.strip():
            self.fault("empty")
        elif len(self.value) > longest:
            self.fault("too_long", longest=longest)
        elif self.value != self.value.strip() or not self.value.isprintable():
            self.fault("not_plain_text")
        elif not re.fullmatch(pattern, self.value):
            self.fault("wrong_form")
        else:
            return self.value
        return ""

    def whole(self, least: int, most: int) -> int:
        """Return a whole number; True is not one."""
        if type(self.value) is not int:
            self.fault("wrong_type", wanted="whole number")
        elif not least <= self.value <= most:
            self.fault("out_of_range", least=least, most=most)
        else:
            return self.value
        return least

    def degrees(self, most: int) -> float:
        """Return an angle of at most so many degrees either way; NaN and the infinities are none."""
        if type(self.value) not in {int, float}:
            self.fault("wrong_type", wanted="number")
        elif not -most <= self.value <= most:
            self.fault("out_of_range", least=-most, most=most)
        else:
            return float(self.value)
        return 0.0

    def one_of(self, allowed: Sequence[T]) -> T:
        if not isinstance(self.value, str):
            self.fault("wrong_type", wanted="string")
        elif self.value not in allowed:
            self.fault("not_allowed", allowed=tuple(allowed))
        else:
            return allowed[allowed.index(self.value)]
        return allowed[0]

    def some_of(self, allowed: Sequence[T]) -> tuple[T, ...]:
        items = self.items()
        distinct(items)
        return tuple(item.one_of(allowed) for item in items)

    def address(self) -> str:
        """Return an e-mail address that any mail server takes: ASCII, nothing quoted, a domain with a dot."""
        return self.text(longest=254, pattern=_ADDRESS)

    def time_of_day(self) -> int:
        """Return a local time, HH:MM, as minutes of the day."""
        hours, _, minutes = self.text(longest=5, pattern="(?:[01][0-9]|2[0-3]):[0-5][0-9]").partition(":")
        return int(hours or 0) * 60 + int(minutes or 0)

    def time_zone(self) -> str:
        """Return the name of a time zone of the IANA database."""
        name = self.text(longest=64)
        try:
            ZoneInfo(name or "UTC")
        except (KeyError, ValueError, OSError):  # unknown, not a name at all, a folder of the database
            self.fault("unknown_time_zone")
        return name

    def _child(self, name: str, value: Any) -> "Field":
        escaped = name.replace("~", "~0").replace("/", "~1")
        return Field(value, self.faults, f"{self.pointer}/{escaped}")


def distinct(fields: Iterable[Field]) -> None:
    """Note every value that an earlier field of the list already has."""
    seen: set[Any] = set()
    for field in fields:
        if isinstance(field.value, str) and field.value in seen:
            field.fault("repeated")
        elif isinstance(field.value, str):
            seen.add(field.value)


def strict_json(text: bytes) -> tuple[Any, list[Fault]]:
    """Return what the text says in JSON, and its faults: a key twice, a number that JSON has not."""
    faults: list[Fault] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        given = dict(pairs)
        if len(given) < len(pairs):
            repeated = sorted(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
            faults.append(Fault("", "key_repeated", {"keys": tuple(repeated)}))
        return given

    def constant(name: str) -> float:
        faults.append(Fault("", "not_a_json_number", {"found": name}))
        return float(name)

    try:
        return json.loads(text, object_pairs_hook=members, parse_constant=constant), faults
    except (ValueError, RecursionError) as error:
        raise Invalid(Fault("", "not_json", {"why": str(error)})) from error
