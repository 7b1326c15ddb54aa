"""The wheels of what is packaged, for Lambda's Python and processor: fetched once, kept in `build/`."""

import fcntl
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

from infra.emulator import ROOT

KEPT = ROOT / "build" / "wheels"
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""What wheels call the processors that Lambda names."""

GLIBC = ("2_34", "2_28", "2_17")
"""Lambda's Pythons from 3.12 on run on Amazon Linux 2023, which has glibc 2.34."""


class NoWheels(Exception):
    """The wheels cannot be had, and why."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the wheels are to run on: a Python such as 3.13, and Lambda's word for a processor."""

    python: str
    architecture: str

    def __str__(self) -> str:
        return f"cp{self.python.replace('.', '')}-{self.architecture}"


def here() -> str:
    """Return Lambda's word for this machine's processor."""
    return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


def fetch(pins: tuple[str, ...], target: Target) -> dict[str, bytes]:
    """Return every file of the wheels by its path where they are installed; NoWheels when one is missing."""
    folder = KEPT / f"{target}-{sha256(' '.join(pins).encode()).hexdigest()[:16]}"
    with _alone(folder):
        if not folder.is_dir():
            _download(pins, target, folder)
    return dict(_unpacked(folder))


def _download(pins: tuple[str, ...], target: Target, folder: Path) -> None:
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    machine = MACHINES[target.architecture]
    platforms = [f"--platform=manylinux_{glibc}_{machine}" for glibc in GLIBC]
    asked = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    wanted = ["--only-binary=:all:", f"--python-version={target.python}", "--implementation=cp"]
    done = subprocess.run(
        [*asked, *wanted, *platforms, f"--platform=manylinux2014_{machine}", "--dest", str(part), *pins],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [
            done.stderr.strip()
        ]
        raise NoWheels(f"pip has no wheel for {target}: {said[-1][-300:]}")
    part.rename(folder)


def _unpacked(folder: Path) -> Iterator[tuple[str, bytes]]:
    for wheel in sorted(folder.glob("*.whl")):
        with ZipFile(wheel) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    yield name, archive.read(name)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from fetching the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
