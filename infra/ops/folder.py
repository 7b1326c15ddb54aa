"""A city in a folder: every item of every table, a file for each page read, a manifest with their checksums.

A line is one item as DynamoDB writes it, its members sorted, bytes in base64. The digest of a table is the
sum of the SHA-256 of its lines modulo 2^256: it is the same whatever order a table is read in.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.ops.cloud import Cloud
from infra.ops.ground import ensure_key, signing_key
from infra.ops.say import NOTHING_DONE
from infra.ops.stops import Exit, Stopped

FORMAT = 1
MANIFEST = "manifest.json"
KEY = "signing.key"
Raw = Mapping[str, Any]


@dataclass
class Part:
    """One file: the items of one page."""

    file: str
    items: int
    sha256: str


@dataclass
class Table:
    """How far one table has come; `last` is the key the next page begins after."""

    parts: list[Part] = field(default_factory=list)
    last: Raw | None = None
    complete: bool = False

    @property
    def items(self) -> int:
        return sum(part.items for part in self.parts)


@dataclass
class Folder:
    """A folder with a manifest. Whatever it says is on the disk before it says so."""

    path: Path
    city: str
    account: str
    region: str
    tables: dict[str, Table] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return bool(self.tables) and all(table.complete for table in self.tables.values())

    def add(self, noun: str, items: Iterable[Raw], last: Raw | None) -> None:
        """Write a page, then that it is there."""
        table = self.tables.setdefault(noun, Table())
        if table.last is None and not table.complete:
            table.parts = []  # a first page that nobody noted is written again
        lines = [line_of(item) for item in items]
        body = b"".join(line + b"\n" for line in lines)
        name = f"{noun}/{len(table.parts) + 1:06d}.jsonl"
        _write(self.path / name, body)
        table.parts.append(Part(name, len(lines), hashlib.sha256(body).hexdigest()))
        table.last, table.complete = last, last is None
        self.save()

    def save(self) -> None:
        tables = {
            noun: {
                "complete": table.complete,
                "last": None if table.last is None else json.loads(line_of(table.last)),
                "parts": [vars(part) for part in table.parts],
            }
            for noun, table in self.tables.items()
        }
        said = {"format": FORMAT, "city": self.city, "account": self.account, "region": self.region}
        _write(self.path / MANIFEST, json.dumps(said | {"tables": tables}, indent=1).encode())

    def lines(self, part: Part) -> list[bytes]:
        """Return the lines of a file; Stopped when it is not what the manifest says."""
        try:
            body = (self.path / part.file).read_bytes()
        except OSError:
            body = b""
        if hashlib.sha256(body).hexdigest() != part.sha256:
            raise Stopped(
                f"{self.path / part.file} is not what was exported: its checksum differs.",
                NOTHING_DONE,
                "bring the folder back as it was written, then the same command",
                Exit.REFUSED,
            )
        return body.splitlines()

    def digest(self, noun: str) -> str:
        return digest(line for part in self.tables[noun].parts for line in self.lines(part))

    def keep_key(self, key: str) -> None:
        path = self.path / KEY
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as kept:
            kept.write(key)

    @property
    def key(self) -> str | None:
        path = self.path / KEY
        return path.read_text(encoding="ascii") if path.exists() else None


def begun(path: Path, where: Cloud, city: str) -> Folder:
    """Return the folder to export to: a new one, or one whose export of this city was begun."""
    if (path / MANIFEST).exists():
        known = opened(path)
        if (known.city, known.account, known.region) != (city, where.account, where.region):
            raise Stopped(
                f"{path} holds an export of {known.city} in {known.account}, {known.region}.",
                NOTHING_DONE,
                "the same command with another folder",
                Exit.REFUSED,
            )
        return known
    if path.exists() and any(path.iterdir()):
        raise Stopped(
            f"{path} is not empty and holds no export.", NOTHING_DONE, "another folder", Exit.REFUSED
        )
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return Folder(path, city, where.account, where.region)


def opened(path: Path) -> Folder:
    """Return the export in a folder; Stopped when there is none."""
    try:
        said = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        tables = {
            noun: Table(
                [Part(**part) for part in table["parts"]],
                None if table["last"] is None else item_of(json.dumps(table["last"])),
                table["complete"],
            )
            for noun, table in said["tables"].items()
        }
        return Folder(path, said["city"], said["account"], said["region"], tables)
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = f"it has no {MANIFEST}" if isinstance(error, OSError) else f"its {MANIFEST} cannot be read"
        raise Stopped(
            f"{path} holds no export: {why}.",
            NOTHING_DONE,
            "entraide export CITY FOLDER makes one",
            Exit.USAGE,
        ) from error


def bring_key(where: Cloud, slugs: list[str], path: str) -> None:
    """Give a city that is to be deployed the signing key of an export, unless it has another one."""
    folder = opened(Path(path))
    if slugs != [folder.city] or folder.key is None:
        raise Stopped(
            f"{path} holds no key of {', '.join(slugs)}: it is an export of {folder.city}.",
            NOTHING_DONE,
            "the folder of that city's export",
            Exit.USAGE,
        )
    ensure_key(where, folder.city, folder.key)
    if signing_key(where, folder.city) != folder.key:
        raise Stopped(
            f"{folder.city} has another signing key here already.",
            f"{NOTHING_DONE} A key is never replaced: people's ids follow from it.",
            f"entraide destroy {folder.city} (if the city is empty), then the same command",
            Exit.REFUSED,
        )


def digest(lines: Iterable[bytes]) -> str:
    total = sum(int.from_bytes(hashlib.sha256(line).digest(), "big") for line in lines)
    return f"{total % 2**256:064x}"


def line_of(item: Raw) -> bytes:
    return json.dumps(_to_text(item), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def item_of(line: str | bytes) -> dict[str, Any]:
    return {name: _from_text(value) for name, value in json.loads(line).items()}


def _to_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        sets = {"SS", "NS", "BS"} & value.keys()
        return {
            name: sorted(map(_to_text, each)) if name in sets else _to_text(each)
            for name, each in value.items()
        }
    return [_to_text(each) for each in value] if isinstance(value, list) else value


def _from_text(value: dict[str, Any]) -> dict[str, Any]:
    ((kind, content),) = value.items()
    if kind == "B":
        return {kind: base64.b64decode(content)}
    if kind == "BS":
        return {kind: [base64.b64decode(each) for each in content]}
    if kind == "L":
        return {kind: [_from_text(each) for each in content]}
    if kind == "M":
        return {kind: {name: _from_text(each) for name, each in content.items()}}
    return value


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(body)
    part.replace(path)


def parts_of(folder: Folder) -> Iterator[tuple[str, Part]]:
    for noun in sorted(folder.tables):
        yield from ((noun, part) for part in folder.tables[noun].parts)
