"""requirements.txt, which `infra.stack` packages from: `python -m infra.requirements` writes it anew.

It holds what runs in Lambda and everything that needs, each at the version of constraints.txt.
"""

import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = ROOT / "requirements.txt"
HEAD = "# Written by `python -m infra.requirements` from pyproject.toml and constraints.txt.\n"


def requirements() -> str:
    """Return the text of requirements.txt; KeyError names a package that constraints.txt does not pin."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = _pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    return HEAD + "".join(f"{name}=={pins[name]}\n" for name in sorted(needed(project["dependencies"])))


def needed(direct: Iterable[str]) -> set[str]:
    """Return the names of the packages and of all that they need, as this environment has them installed."""
    found: set[str] = set()
    waiting = [Requirement(each) for each in direct]
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name not in found:
            found.add(name)
            wants = map(Requirement, requires(name) or ())
            waiting += [each for each in wants if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


def _pins(constraints: str) -> Mapping[str, str]:
    pins = (line.partition("==") for line in constraints.splitlines() if "==" in line)
    return {canonicalize_name(name): version.strip() for name, _, version in pins}


if __name__ == "__main__":
    WRITTEN.write_text(requirements(), encoding="utf-8")
