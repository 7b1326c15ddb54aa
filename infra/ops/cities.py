"""`entraide city`: the files of the cities."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from chalicelib.cities.model import City
from infra.ops import cityfile
from infra.ops.boundary import Boundary, middle, read_boundary
from infra.ops.cloud import cloud, forget
from infra.ops.say import NOTHING_DONE, Say, spoken
from infra.ops.say import table as made
from infra.ops.stops import Exit, Stopped

_PATTERN = "mulhouse"
"""The city whose categories and limits a new one begins with."""
_CELL_M = {"commune": 250}
_ELSE_CELL_M = 1_000
_FORMS = {
    "INSEE": "(?:[0-9]{2}|2[AB])[0-9]{3}|[0-9]{2,3}|2[AB]",
    "NIS": "[0-9]{5}",
}


@click.group("city")
def group() -> None:
    """The files of the cities: list, show, add, check."""


@group.command("list")
@spoken
def list_cities(say: Say) -> None:
    """List the cities that have a file."""
    table = made("city", "name", "level", "code", "languages", "sender")
    rows, faulty = [], []
    for slug in cityfile.slugs():
        if cityfile.faults_of(slug):
            faulty.append(slug)
            table.add_row(slug, "[red]its file has faults[/red]")
            rows.append({"city": slug, "faulty": True})
            continue
        city = cityfile.load(slug)
        code = f"{city.code.scheme}:{city.code.value}"
        table.add_row(slug, city.name, city.level, code, " ".join(city.languages), city.sender.address)
        rows.append({"city": slug, "name": city.name, "level": city.level, "code": code, "faulty": False})
    then = f"entraide city check {faulty[0]}" if faulty else "entraide plan CITY, or entraide city add CITY"
    say.end(rows, table, then=then)


@group.command("show")
@click.argument("slug")
@spoken
def show_city(say: Say, slug: str) -> None:
    """Show what a city's file says."""
    city = cityfile.load(slug)
    table = made("", "")
    for name, value in _facts(city).items():
        table.add_row(name, str(value))
    say.end(
        json.loads((cityfile.CITIES / f"{slug}.json").read_text(encoding="utf-8")),
        table,
        then=f"entraide plan {slug}",
    )


@group.command("check")
@click.argument("slug", required=False)
@spoken
def check_cities(say: Say, slug: str | None) -> None:
    """Name every fault of a city's file, or of all."""
    if slug:
        _must_exist(slug)
    found = {each: cityfile.faults_of(each) for each in ([slug] if slug else cityfile.slugs())}
    faults = [{"city": city, **fault} for city, each in found.items() for fault in each]
    if not faults:
        say.end([], f"{len(found)} files, no fault.", then=f"entraide plan {slug or 'CITY'}")
        return
    table = made("city", "where", "what is wrong")
    for fault in faults:
        table.add_row(fault["city"], fault["pointer"], fault["words"])
    say.end(faults, table)
    raise Stopped(
        f"{len(faults)} faults.",
        "A faulty file is refused whole: no network can run on it.",
        "change the file (docs/cities.md says what each member may be), then entraide city check",
        Exit.USAGE,
    )


@group.command("forget")
@click.argument("slug")
@spoken
def forget_city(say: Say, slug: str) -> None:
    """Let this machine forget in which account a city is: for a city that moved."""
    known = forget(slug, cloud())
    say.end({"known": known}, f"{slug} is forgotten." if known else f"{slug} was not known on this machine.")


@group.command("add")
@click.argument("slug")
@click.option("--code", help="INSEE:68224, or NIS:90000 in Belgium.")
@click.option("--boundary", type=click.Path(path_type=Path), help="A GeoJSON file (.gz too) that has it.")
@click.option("--name", help="The city in words.")
@click.option("--level", type=click.Choice(["commune", "departement", "region", "province"]))
@click.option("--languages", help="The default first: fr,de,en")
@click.option("--sender", help="The address its mails come from.")
@click.option("--time-zone", help="A name of the IANA database.")
@click.option("--like", default=_PATTERN, show_default=True, help="Whose categories and limits it takes.")
@spoken
def add_city(say: Say, slug: str, code: str | None, boundary: Path | None, like: str, **given: Any) -> None:
    """Write the file of a new city; what is missing is asked."""
    _must_be_free(slug)
    pattern = cityfile.load(like)
    scheme, value = _code(code or say.ask("Its official code, INSEE:... or NIS:...", "--code"))
    _must_be_new(scheme, value)
    drawn = read_boundary(boundary or Path(say.ask("The GeoJSON file of its boundary", "--boundary")), value)
    if drawn.code and drawn.code != value:
        raise Stopped(
            f"The boundary is of {drawn.name or 'a territory'} with the code {drawn.code}, not {value}.",
            NOTHING_DONE,
            f"the same command with --code {scheme}:{drawn.code}, or another file",
            Exit.USAGE,
        )
    data = _asked(say, slug, scheme, value, drawn, pattern, given)
    path = cityfile.write(data)
    within = f", none further than {drawn.within_m:.0f} m from the line" if drawn.within_m else ""
    say.end(
        {"city": slug, "file": str(path), "positions": drawn.kept, "given": drawn.given,
         "within_m": round(drawn.within_m, 1)},
        f"{path.relative_to(cityfile.CITIES.parent.parent)} is written and without fault: {data['name']}, "
        f"an outline of {drawn.kept} of {drawn.given} positions{within}.",
        then=f"entraide plan {slug}",
    )  # fmt: skip


def _asked(
    say: Say, slug: str, scheme: str, value: str, drawn: Boundary, pattern: City, given: dict[str, Any]
) -> dict[str, Any]:
    """Return the members of the file, from the options, the boundary and what is asked."""
    belgian = scheme == "NIS"
    name = given["name"] or say.ask("Its name in words", "--name", default=drawn.name or None)
    level = given["level"] or _level(say, scheme, value)
    languages = given["languages"] or say.ask(
        "Its languages, the default first", "--languages", default="fr,nl,de,en" if belgian else "fr,en"
    )
    sender = given["sender"] or say.ask("The address its mails come from", "--sender")
    zone = given["time_zone"] or ("Europe/Brussels" if belgian else "Europe/Paris")
    centre = middle(drawn.outline)
    like = json.loads((cityfile.CITIES / f"{pattern.slug}.json").read_text(encoding="utf-8"))
    return {
        **like,
        "slug": slug,
        "name": name,
        "level": level,
        "code": {"scheme": scheme, "value": value},
        "languages": [each.strip() for each in languages.split(",") if each.strip()],
        "time_zone": zone,
        "centre": {"lat": centre.lat, "lon": centre.lon},
        "cell_m": _CELL_M.get(level, _ELSE_CELL_M),
        "outline": drawn.geometry,
        "sender": {"name": f"Entraide {name}", "address": sender},
    }


def _level(say: Say, scheme: str, value: str) -> str:
    if scheme == "INSEE":
        if len(value) == 5:  # noqa: PLR2004 — the codes of communes alone are that long
            return "commune"
        return say.ask("Its level, departement or region", "--level", default="departement")
    return say.ask("Its level, commune, province or region", "--level", default="commune")


def _code(code: str) -> tuple[str, str]:
    scheme, _, value = code.partition(":")
    scheme, value = scheme.strip().upper(), value.strip().upper()
    if scheme not in _FORMS or not re.fullmatch(_FORMS[scheme], value):
        raise Stopped(
            f"{code} is no code of a territory: INSEE has 5 characters for a commune, 2 or 3 for a "
            "département, 2 for a region (INSEE:68224, INSEE:2A004, INSEE:79); NIS has 5 digits (NIS:90000).",
            NOTHING_DONE,
            "the same command with --code INSEE:... or --code NIS:...",
            Exit.USAGE,
        )
    return scheme, value


def _must_be_free(slug: str) -> None:
    cityfile.must_name_a_city(slug)
    if slug in cityfile.slugs():
        raise Stopped(f"The name {slug} is taken.", NOTHING_DONE, f"entraide city show {slug}", Exit.REFUSED)


def _must_be_new(scheme: str, value: str) -> None:
    for slug in cityfile.slugs():
        if not cityfile.faults_of(slug) and asdict(cityfile.load(slug).code) == {
            "scheme": scheme,
            "value": value,
        }:
            raise Stopped(
                f"{scheme}:{value} is {slug} already.",
                NOTHING_DONE,
                f"entraide city show {slug}",
                Exit.REFUSED,
            )


def _must_exist(slug: str) -> None:
    if slug not in cityfile.slugs():
        cityfile.load(slug)


def _facts(city: City) -> dict[str, Any]:
    west, south, east, north = city.bounds
    rings = [ring for polygon in city.outline.polygons for ring in polygon]
    before = [each.slug for each in city.categories if each.moderation == "before"]
    return {
        "name": city.name,
        "level": city.level,
        "code": f"{city.code.scheme}:{city.code.value}",
        "languages": " ".join(city.languages),
        "time zone": city.time_zone,
        "centre": f"{city.centre.lat:.4f} N {city.centre.lon:.4f} E",
        "outline": f"{sum(len(ring.positions) for ring in rings)} positions, "
        f"{south:.3f} to {north:.3f} N, {west:.3f} to {east:.3f} E",
        "cell": f"{city.cell_m} m",
        "sender": f"{city.sender.name} <{city.sender.address}>",
        "categories": f"{len(city.categories)}" + (f", read before: {', '.join(before)}" if before else ""),
        **{name.replace("_", " "): value for name, value in asdict(city.limits).items()},
    }
