"""The messages of each language, read from the compiled catalogues when they are first needed."""

from collections.abc import Mapping
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


def message(language: str, code: str) -> str | None:
    """Return the message with that code, or None when the language has none."""
    found = _catalogue(language).gettext(code)
    return found if found != code else None


def message_for(language: str, code: str, n: int) -> str | None:
    """Return the form of the message that goes with `n` things."""
    found = _catalogue(language).ngettext(code, code, n)
    return found if found != code else None


def languages_for(language: str) -> Mapping[str, None]:
    """Return the languages to look in, one after the other, without doubles."""
    return dict.fromkeys((language, DEFAULT) if language in LANGUAGES else (DEFAULT,))


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> "GNUTranslations":
    from gettext import GNUTranslations  # noqa: PLC0415 a reading that needs no words does not pay for it

    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as compiled:
        return GNUTranslations(compiled)
