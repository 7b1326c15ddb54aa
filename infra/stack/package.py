"""The package: what Lambda unpacks, made for its Python and its processor whatever this machine has."""

from dataclasses import dataclass
from pathlib import Path


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


def build(out: Path, *, python: str = "3.13", architecture: str = "arm64") -> Built:
    """Make `deployment.zip` and `template.json` in the directory; the same input gives the same bytes.

    `architecture` is Lambda's word: arm64 or x86_64. Raises CannotBuild.
    """
    raise CannotBuild("not yet")
