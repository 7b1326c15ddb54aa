"""The messages of each language, read from the compiled catalogues when they are first needed."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.cities.model import LANGUAGES

if TYPE_CHECKING:
    from gettext import GNUTranslations

DOMAIN = "entraide"
LOCALE = Path(__file__).parent / "locale"
DEFAULT = LANGUAGES[0]
"""The language of a reader whose own is not one of ours."""
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def find(language: str, code: str, n: int | None = None) -> str | None:
    """Return the message with that code, in the form that goes with `n` things; None when there is none."""
    catalogue = _catalogue(language)
    found = catalogue.gettext(code) if n is None else catalogue.ngettext(code, code, n)
    return found if found != code else None


def fill(message: str, value_of: Callable[[str], str | None]) -> str | None:
    """Return the message with its values put in, or None when one of them is missing.

    What is put in is not read again: braces in a value mean nothing.
    """
    values = {name: value_of(name) for name in PLACEHOLDER.findall(message)}
    if None in values.values():
        return None
    return PLACEHOLDER.sub(lambda placeholder: str(values[placeholder[1]]), message)


def phrase(language: str, code: str, count: int | None = None, /, **values: str) -> str:
    """Return a message of ours with values that are text already; the code itself when there is none."""
    for tongue in spoken_to(language):
        found = find(tongue, code, count)
        said = fill(found, values.get) if found else None
        if said:
            return said
    return code


def spoken_to(language: str) -> tuple[str, ...]:
    """Return our languages to look in for a reader of that one, the best first."""
    return tuple(dict.fromkeys((language, DEFAULT))) if language in LANGUAGES else (DEFAULT,)


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> "GNUTranslations":
    from gettext import GNUTranslations  # noqa: PLC0415 (who needs no words does not pay for it)

    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as compiled:
        return GNUTranslations(compiled)
