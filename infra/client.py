"""The client of a city: the files that a browser is given, in the city's bucket and on this machine alike.

They are those of `web/`, and the city itself as `city.json`. Parts lie under a version of their own, so a
browser may keep them for ever; pages name that version, and a browser asks anew for them each time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from chalicelib.cities.model import City
from infra.emulator import ROOT

WEB = ROOT / "web"
PARTS = "web"
"""What the path of every part begins with, in the pages and where they are served."""
MISSING = "404.html"
"""The page for what is not there, which CloudFront answers by itself."""
FOR_EVER, ANEW = "public, max-age=31536000, immutable", "no-cache"
"""How long a browser keeps a part, and a page: one that was taken back must be gone at once."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Client:
    """All files of one version, by their path without a slash before it."""

    version: str
    parts: Mapping[str, bytes]
    pages: Mapping[str, bytes]

    def page_kept(self, name: str) -> str:
        """Return where a page is kept beside its parts, for whoever comes back to this version."""
        return f"{PARTS}/{self.version}/{name}"


def client_pages(web: Path = WEB) -> list[str]:
    """Return the names of the pages that a client has, beside the one for what is missing."""
    return sorted(path.name for path in web.glob("*.html") if path.name != MISSING)


def client_of(city: City, web: Path = WEB) -> Client:
    """Return the client of a city as this checkout has it; the same files have the same version."""
    parts = {
        path.relative_to(web / "client").as_posix(): path.read_bytes() for path in _files(web / "client")
    }
    parts["city.json"] = _told(city)
    pages = {name: (web / name).read_bytes() for name in client_pages(web)}
    version = _digest(parts | pages)
    named = f'"/{PARTS}/'.encode()
    return Client(
        version,
        {f"{PARTS}/{version}/{name}": body for name, body in parts.items()},
        {name: body.replace(named, named + f"{version}/".encode()) for name, body in pages.items()},
    )


def media_type(name: str) -> str:
    """Return the type of a file by its ending; KeyError for one that no client has."""
    return _TYPES[name[name.rindex(".") :]]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(files: Mapping[str, bytes]) -> str:
    digest = sha256()
    for name, body in sorted(files.items()):
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()[:12]


def _told(city: City) -> bytes:
    """Return what a browser is told of the city: nothing that its pages and its API do not say anyway."""
    told = {
        "name": city.name,
        "languages": city.languages,
        "time_zone": city.time_zone,
        "centre": [city.centre.lat, city.centre.lon],
        "cell_m": city.cell_m,
        "outline": [[ring.positions for ring in rings] for rings in city.outline.polygons],
        "categories": [{"slug": each.slug, "days": each.lifetime_days} for each in city.categories],
        "radius_max_m": city.limits.radius_max_m,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
