"""What is deployed: built once for each content, told its release, put where CloudFormation finds it."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from botocore.exceptions import ClientError

from infra.emulator import ROOT
from infra.ops.cloud import Cloud
from infra.ops.say import NOTHING_DONE, Say
from infra.ops.stops import Exit, Stopped
from infra.ops.trouble import code_of
from infra.stack import Built, CannotBuild, build, code_key
from infra.stack.wheels import here

BUILDS = ROOT / "build" / "artefacts"
KEPT = 6
"""Builds, the oldest of which go."""
INPUTS = (
    "app.py", "chalicelib", "infra/cities", "infra/events.py", "infra/resources.json", "infra/stack",
    "infra/requirements.py", ".chalice/config.json", "requirements.txt", "constraints.txt", "pyproject.toml",
    "vendor",
)  # fmt: skip
"""What a build is made from: the same content is built once."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version of the whole: code and template, known by a digest of both."""

    id: str
    zip: Path
    sha256: str
    template: Mapping[str, Any]

    @property
    def text(self) -> bytes:
        return json.dumps(self.template, sort_keys=True, separators=(",", ":")).encode()


def released(where: Cloud, say: Say) -> Release:
    """Return what this checkout would be deployed as; an emulator is given what this machine can run."""
    target = {"python": "3.13", "architecture": "arm64"}
    if where.emulator:
        target = {"python": f"3.{sys.version_info.minor}", "architecture": here()}
    built = _built(target, say)
    template = json.loads(built.template.read_bytes())
    release = hashlib.sha256(built.sha256.encode() + built.template.read_bytes()).hexdigest()[:12]
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables["ENTRAIDE_RELEASE"] = release
    template.setdefault("Outputs", {})["Release"] = {"Value": release}
    return Release(release, built.zip, built.sha256, template)


def upload(where: Cloud, bucket: str, release: Release, say: Say) -> None:
    """Put the code under the key of its digest, unless it is there."""
    s3, key = where.client("s3"), code_key(release.sha256)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code_of(error) not in {"404", "NoSuchKey", "NotFound"}:
            raise
    else:
        return
    size = release.zip.stat().st_size
    with say.progress(f"Uploading {size / 1e6:.1f} MB"), release.zip.open("rb") as code:
        s3.put_object(Bucket=bucket, Key=key, Body=code)


def put_template(where: Cloud, bucket: str, slug: str, release: Release) -> str:
    """Put the template of a release beside those of the city, and return its URL: it is long."""
    s3, key = where.client("s3"), template_key(slug, release.id)
    s3.put_object(Bucket=bucket, Key=key, Body=release.text, ContentType="application/json")
    return template_url(where, bucket, slug, release.id)


def template_url(where: Cloud, bucket: str, slug: str, release: str) -> str:
    return f"{where.client('s3').meta.endpoint_url}/{bucket}/{template_key(slug, release)}"


def template_key(slug: str, release: str) -> str:
    return f"cities/{slug}/{release}.template.json"


def _built(target: dict[str, str], say: Say) -> Built:
    directory = BUILDS / f"{_digest(target)[:16]}"
    note = directory / "built.json"
    if not note.exists():
        with say.progress(f"Building for Python {target['python']} on {target['architecture']}"):
            _make(directory, target)
        _tidy(directory)
    known = json.loads(note.read_text(encoding="utf-8"))
    return Built(**{**known, "zip": directory / known["zip"], "template": directory / known["template"]})


def _make(directory: Path, target: dict[str, str]) -> None:
    """Build beside the place and move it there when it is whole: no half of a build is left."""
    BUILDS.mkdir(parents=True, exist_ok=True)
    part = Path(mkdtemp(dir=BUILDS, prefix=".part-"))
    try:
        built = build(part, **target)
        said = asdict(built) | {"zip": built.zip.name, "template": built.template.name}
        (part / "built.json").write_text(json.dumps(said), encoding="utf-8")
        shutil.rmtree(directory, ignore_errors=True)
        part.rename(directory)
    except CannotBuild as error:
        raise Stopped(
            f"It cannot be built here: {error}", NOTHING_DONE, "entraide doctor", Exit.UNREACHABLE
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _tidy(newest: Path) -> None:
    others = sorted(BUILDS.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in [each for each in others if each != newest][KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def _digest(target: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps([target, sys.version_info[:2]]).encode())
    for path in sorted(_files()):
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for each in (
        *INPUTS,
        *(str(path.relative_to(ROOT)) for path in (ROOT / ".chalice").glob("policy-*.json")),
    ):
        path = ROOT / each
        if path.is_file():
            yield path
        for directory, folders, names in os.walk(path):
            folders[:] = [name for name in folders if name not in {"__pycache__", "built"}]
            yield from (Path(directory) / name for name in names if not name.endswith((".pyc", ".part")))
