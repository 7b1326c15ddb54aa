"""Check what the network says in every language, and compile it: `python -m infra.messages`.

What the functions say becomes a catalogue of gettext; what the client says, with the names of choices that
both say, a file of JSON.
"""

import json
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
from infra.client import WEB

CLIENT = "client"
"""The domain of what the client alone says."""
SHARED = ("category", "day", "decline", "distance", "kind", "language", "urgency")
"""Families of the functions' messages that the client says too."""
_NO_DAY = datetime.fromtimestamp(0, UTC)

Messages = Mapping[str, Message]


def main() -> int:
    catalogues = {language: read(language) for language in LANGUAGES}
    clients = {language: read(language, CLIENT) for language in LANGUAGES}
    found = [
        fault
        for each in (catalogues, clients)
        for fault in faults({language: by_code(catalogue) for language, catalogue in each.items()})
    ]
    if found:
        print("\n".join(found), file=sys.stderr)
        return 1
    for language, catalogue in catalogues.items():
        _path(language, DOMAIN, "mo").write_bytes(compiled(catalogue))
        words_path(language).write_bytes(words(catalogue, clients[language]))
    many = len(by_code(catalogues[LANGUAGES[0]])) + len(by_code(clients[LANGUAGES[0]]))
    print(f"{many} messages in {', '.join(LANGUAGES)}.")
    return 0


def read(language: str, domain: str = DOMAIN) -> Catalog:
    with _path(language, domain, "po").open("rb") as source:
        return read_po(source, locale=language, domain=domain, abort_invalid=True)


def words(catalogue: Catalog, client: Catalog) -> bytes:
    """Return what the client says in a language: a text by code, or the forms for one and for many."""
    shared = {code: each for code, each in by_code(catalogue).items() if code.partition(".")[0] in SHARED}
    said = {code: message.string for code, message in sorted((shared | dict(by_code(client))).items())}
    return json.dumps(said, ensure_ascii=False, indent=0).encode() + b"\n"


def words_path(language: str) -> Path:
    return WEB / "client" / "words" / f"{language}.json"


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


def _path(language: str, domain: str, suffix: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.{suffix}"


if __name__ == "__main__":
    sys.exit(main())
