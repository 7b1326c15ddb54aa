"""Check what the network says in every language, and compile it: `python -m infra.messages`."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from chalicelib.cities.model import LANGUAGES
from chalicelib.wording.catalogue import DOMAIN, LOCALE, PLACEHOLDER

_NO_DAY = datetime.fromtimestamp(0, UTC)

Messages = Mapping[str, Message]


def main() -> int:
    catalogues = {language: read(language) for language in LANGUAGES}
    found = list(faults({language: by_code(catalogue) for language, catalogue in catalogues.items()}))
    if found:
        print("\n".join(found), file=sys.stderr)
        return 1
    for language, catalogue in catalogues.items():
        _path(language, "mo").write_bytes(compiled(catalogue))
    print(f"{len(by_code(catalogues[LANGUAGES[0]]))} messages in {', '.join(LANGUAGES)}.")
    return 0


def read(language: str) -> Catalog:
    with _path(language, "po").open("rb") as source:
        return read_po(source, locale=language, domain=DOMAIN, abort_invalid=True)


def by_code(catalogue: Catalog) -> Messages:
    return {_code(message): message for message in catalogue if message.id}


def compiled(catalogue: Catalog) -> bytes:
    """Return the catalogue as gettext reads it; the same for the same messages on any day."""
    bare = Catalog(
        catalogue.locale,
        project=DOMAIN,
        version="1",
        creation_date=_NO_DAY,
        revision_date=_NO_DAY,
        fuzzy=False,
    )
    for message in catalogue:
        if message.id:
            bare.add(message.id, message.string)
    target = BytesIO()
    write_mo(target, bare)
    return target.getvalue()


def faults(messages: Mapping[str, Messages]) -> Iterator[str]:
    """Yield what is wrong, one a line: a message that a language lacks, or that has other values there."""
    for code in sorted({code for known in messages.values() for code in known}):
        needed = {language: _needs(known[code]) for language, known in messages.items() if code in known}
        for language in messages:
            if not needed.get(language):
                yield f"{language}: {code} is missing"
        most = {name for forms in needed.values() for form in forms for name in form}
        for language, forms in needed.items():
            for absent in sorted({name for form in forms for name in most - form}):
                yield f"{language}: {code} does not say {{{absent}}}"


def _needs(message: Message) -> list[set[str]]:
    """Return the names that each form of the message wants a value for; nothing when a form is empty."""
    forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
    return [set(PLACEHOLDER.findall(form)) for form in forms] if all(forms) else []


def _code(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _path(language: str, suffix: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.{suffix}"


if __name__ == "__main__":
    sys.exit(main())
