"""Compiled modules for the package, made by a Python of the target's version where this machine has one."""

import marshal
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.emulator import ROOT

KEPT = ROOT / "build" / "compiled"
TASK = "/var/task"
"""Where Lambda unpacks the package: tracebacks name files there."""

_COMPILE = """
import py_compile, sys
from pathlib import Path
for path in sorted(Path(".").rglob("*.py")):
    py_compile.compile(str(path), dfile=f"{sys.argv[1]}/{path}", cfile=f"{path}c", doraise=True, quiet=2,
                       optimize=int(sys.argv[2]),
                       invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""


@cache
def python_of(version: str) -> Path | None:
    """Return a Python of this version on this machine: this one, one on the path, or one that pyenv keeps."""
    for found in _candidates(version):
        asked = [str(found), "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            said = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=20)
        except OSError:
            continue
        if said.returncode == 0 and said.stdout.strip() == version:
            return found
    return None


def compiled(files: Mapping[str, bytes], python: Path, *, optimize: int) -> dict[str, bytes]:
    """Return the modules among the files, compiled: `x.py` gives `x.pyc`, whose source is never looked at.

    `optimize` is the compiler's: 2 leaves out docstrings and asserts. The same sources give the same bytes:
    Python's own hashes are fixed for it. What was compiled once is kept in `build/`.
    """
    sources = {name: data for name, data in sorted(files.items()) if name.endswith(".py")}
    identity = sha256(f"{python} {optimize} {TASK}".encode())
    for name, data in sources.items():
        identity.update(name.encode() + sha256(data).digest())
    kept = KEPT / f"{identity.hexdigest()[:32]}.marshal"
    if not kept.exists():
        part = kept.with_suffix(f".{os.getpid()}")
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(marshal.dumps(_compile(sources, python, optimize)))
        part.rename(kept)
    made: dict[str, bytes] = marshal.loads(kept.read_bytes())  # noqa: S302 — our own file
    return made


def _compile(sources: Mapping[str, bytes], python: Path, optimize: int) -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name, data in sources.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        done = subprocess.run(
            [python, "-I", "-S", "-c", _COMPILE, TASK, str(optimize)],
            cwd=root,
            env={"PYTHONHASHSEED": "0", "PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SyntaxError(done.stderr.strip()[-400:])
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.pyc")}


def _candidates(version: str) -> Iterator[Path]:
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        yield Path(sys.executable)
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(kept.glob(f"{version}.*/bin/python{version}"), reverse=True)
