"""A city's file as it is written: checked before, at one stroke, and easy to read and to change."""

import json
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chalicelib import settings
from chalicelib.cities.model import City, load_city
from chalicelib.errors import Invalid
from infra.ops.faults import told
from infra.ops.say import NOTHING_DONE
from infra.ops.stops import Exit, Stopped
from infra.stack import ACCOUNT_STACK, stack_name

CITIES = settings.CITIES
_ON_ONE_LINE = 108
_LONGEST = 32


def must_name_a_city(slug: str) -> None:
    """Raise Stopped for what can be the name of no city."""
    if stack_name(slug) == ACCOUNT_STACK:
        what = f"{slug} cannot name a city: {ACCOUNT_STACK} is the stack that all cities of an account share."
    elif not re.fullmatch("[a-z][a-z0-9]*(?:-[a-z0-9]+)*", slug) or len(slug) > _LONGEST:
        what = (
            f"{slug} cannot name a city: lower-case letters, digits and single hyphens, at most {_LONGEST}."
        )
    else:
        return
    raise Stopped(what, NOTHING_DONE, "the same command with another name", Exit.USAGE)


def load(slug: str) -> City:
    """Return the city of that slug; Stopped says which are known, or what is wrong with its file."""
    must_name_a_city(slug)
    path = CITIES / f"{slug}.json"
    if not path.exists():
        meant = get_close_matches(slug, slugs(), n=1)
        new = f"entraide city add {slug} --code INSEE:... --boundary FILE.geojson"
        raise Stopped(
            f"There is no city {slug}. Known: {', '.join(slugs())}.",
            NOTHING_DONE,
            f"the same command with {meant[0]}; for a new city {new}" if meant else new,
            Exit.USAGE,
        )
    try:
        return load_city(path)
    except Invalid as invalid:
        raise Stopped(
            f"The file of {slug} has {len(invalid.faults)} faults.",
            NOTHING_DONE,
            f"entraide city check {slug}",
            Exit.USAGE,
        ) from invalid


def slugs() -> list[str]:
    return sorted(path.stem for path in CITIES.glob("*.json"))


def faults_of(slug: str) -> list[dict[str, str]]:
    """Return what is wrong with the file of a city."""
    try:
        load_city(CITIES / f"{slug}.json")
    except Invalid as invalid:
        return told(invalid.faults)
    return []


def write(data: Mapping[str, Any]) -> Path:
    """Write the file of a new city, once it has been read back without a fault; Stopped names the faults.

    It appears whole or not at all, and never in the place of another.
    """
    path = CITIES / f"{data['slug']}.json"
    with TemporaryDirectory(dir=CITIES, prefix=".") as beside:
        whole = Path(beside) / path.name
        whole.write_text(text_of(data), encoding="utf-8")
        _check(whole)
        try:
            os.link(whole, path)
        except FileExistsError as error:
            raise Stopped(
                f"The name {path.stem} is taken: there is a file of that name.",
                NOTHING_DONE,
                f"entraide city show {path.stem}, or another name",
                Exit.REFUSED,
            ) from error
    return path


def text_of(data: Mapping[str, Any]) -> str:
    """Return the members of a city's file as text: what fits on a line is on one."""
    return _shown(data, 0) + "\n"


def _check(path: Path) -> None:
    try:
        load_city(path)
    except Invalid as invalid:
        said = "; ".join(f"{each['pointer']} {each['words']}" for each in told(invalid.faults))
        raise Stopped(
            f"The city would have a faulty file: {said}.",
            "No file was written.",
            "the same command with the right values",
            Exit.USAGE,
        ) from invalid


def _shown(value: Any, depth: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    inner, outer = "  " * (depth + 1), "  " * depth
    if len(flat) + len(inner) <= _ON_ONE_LINE and depth:
        return flat
    if isinstance(value, Mapping):
        members = [f"{inner}{json.dumps(name)}: {_shown(each, depth + 1)}" for name, each in value.items()]
        return "{\n" + ",\n".join(members) + f"\n{outer}}}"
    if isinstance(value, list) and all(isinstance(each, list) and len(each) == 2 for each in value):  # noqa: PLR2004
        return "[\n" + _wrapped(flat[1:-1], inner) + f"\n{outer}]"
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + _shown(each, depth + 1) for each in value) + f"\n{outer}]"
    return flat


def _wrapped(positions: str, indent: str) -> str:
    lines = [indent]
    for position in re.findall(r"\[[^\]]*\](?:, )?", positions):
        if len(lines[-1]) + len(position) > _ON_ONE_LINE:
            lines.append(indent)
        lines[-1] += position
    return "\n".join(line.rstrip() for line in lines)
