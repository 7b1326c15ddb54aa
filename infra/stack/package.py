"""The package: what Lambda unpacks, made for its Python and its processor whatever this machine has."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from chalicelib.cities.model import load_city
from infra.emulator import ROOT
from infra.stack.compiling import compiled, python_of
from infra.stack.template import city_template
from infra.stack.trimming import trimmed
from infra.stack.wheels import MACHINES, NoWheels, Target, fetch

PYTHON = "3.13"
"""A Python that Lambda supports until October 2029."""

MOST_BYTES = 5 * 1000**2
"""Of the zip. A build that makes more is refused: what grows it makes every first start slower."""

_OURS = ("app.py", "chalicelib/**/*", "infra/cities/*.json")
_OWN = re.compile(r"app\.py|chalicelib/")
_QUOTED = re.compile(r"chalicelib/.*/bodies\.py")
_NEVER = {".po", ".pyc"}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


class CannotBuild(Exception):
    """The package cannot be made here, and why, in a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: two files, and what is in the zip."""

    zip: Path
    template: Path
    """The template of every city, SAM in JSON; its parameters are those of `names.parameters`."""
    sha256: str
    bytes: int
    python: str
    architecture: str
    compiled: bool
    """Whether compiled modules are in it: only a Python of the target's version can make them."""


def build(out: Path, *, python: str = PYTHON, architecture: str = "arm64") -> Built:
    """Make `deployment.zip` and `template.json` in the directory; the same input gives the same bytes.

    `architecture` is Lambda's word: arm64 or x86_64. Raises CannotBuild.
    """
    if architecture not in MACHINES:
        raise CannotBuild(f"Lambda has no processor {architecture!r}: choose one of {', '.join(MACHINES)}.")
    files = _dependencies(Target(python, architecture)) | dict(_own_files())
    compiler = python_of(python)
    packed = _packed(files if compiler is None else _with_compiled(files, compiler))
    if len(packed) > MOST_BYTES:
        raise CannotBuild(f"The package has {len(packed):,} bytes; at most {MOST_BYTES:,} are allowed.")
    out.mkdir(parents=True, exist_ok=True)
    zipped, template = out / "deployment.zip", out / "template.json"
    zipped.write_bytes(packed)
    made = city_template(python, architecture)
    template.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    digest = sha256(packed).hexdigest()
    return Built(zipped, template, digest, len(packed), python, architecture, compiler is not None)


def plain(python: str, architecture: str) -> dict[str, bytes]:
    """Return the files as a build that changes none of them would pack them: the peer of ours."""
    return fetch(_pins(), Target(python, architecture)) | dict(_own_files())


def _dependencies(target: Target) -> dict[str, bytes]:
    """Return what runs of the packages in requirements.txt, and of the framework."""
    try:
        return trimmed(fetch(_pins(), target), ("UTC", *_zones()))
    except NoWheels as error:
        raise CannotBuild(f"{error}.") from error


def _pins() -> tuple[str, ...]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    if not pins:
        raise CannotBuild("requirements.txt is empty: `python -m infra.requirements` writes it anew.")
    return (*pins, f"chalice=={version('chalice')}")


def _zones() -> set[str]:
    return {load_city(path).time_zone for path in (ROOT / "infra" / "cities").glob("*.json")}


def _own_files() -> Mapping[str, bytes]:
    found = (path for pattern in _OURS for path in ROOT.glob(pattern))
    return {
        str(path.relative_to(ROOT)): path.read_bytes()
        for path in found
        if path.is_file() and path.suffix not in _NEVER
    }


def _with_compiled(files: Mapping[str, bytes], compiler: Path) -> dict[str, bytes]:
    """Return the files with each module compiled in its source's place, which Python takes as it is.

    Docstrings are left out but of the bodies, which the API's description quotes. A traceback names files and
    lines all the same. Ours are compiled apart: they change, the others seldom.
    """
    sources = {name: data for name, data in files.items() if name.endswith(".py")}
    quoted = {name: data for name, data in sources.items() if _QUOTED.fullmatch(name)}
    ours = {name: data for name, data in sources.items() if _OWN.match(name) and name not in quoted}
    others = {name: data for name, data in sources.items() if name not in quoted and name not in ours}
    kept = {name: data for name, data in files.items() if name not in sources}
    return (
        kept
        | compiled(quoted, compiler, optimize=0)
        | compiled(ours, compiler, optimize=2)
        | compiled(others, compiler, optimize=2)
    )


def _packed(files: Mapping[str, bytes]) -> bytes:
    """Return a zip that depends on the files and nothing else: sorted, of one date, readable by all."""
    written = io.BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = ZipInfo(name, _LONG_AGO)
            entry.compress_type, entry.external_attr, entry.create_system = ZIP_DEFLATED, 0o100644 << 16, 3
            archive.writestr(entry, files[name])
    return written.getvalue()
