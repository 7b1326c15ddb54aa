"""An account of its own for each test on one emulator, and `entraide` run in it as a person would."""

import hashlib
import json
import sys
import zipfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from botocore.loaders import create_loader
from botocore.session import Session

from infra.emulator import aws_environment, emulator
from infra.ops import artefact
from infra.ops.cloud import REMEMBERED
from infra.ops.line import main
from infra.stack import Built
from infra.stack.template import city_template

_LOADER = create_loader()
"""What is known of the services is read once, not for every command."""
_accounts = count(100_000_000_001)

ANSWERS = """
import json, os
VERSION = {version!r}
def app(event, context):
    info = {{"version": VERSION, "x-release": os.environ["ENTRAIDE_RELEASE"]}}
    {break_here}
    return {{"statusCode": 200, "body": json.dumps({{"info": info}}), "headers": {{}}}}
def taken(event, context):
    if event.get("refuse"):
        raise ValueError("not this one")
    return None
def __getattr__(name):
    return taken
"""


@pytest.fixture(scope="session")
def engine():
    with TemporaryDirectory() as directory, emulator(Path(directory), keep=False, whole=True) as started:
        started.wait()
        yield started


@dataclass
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> Any:
        return json.loads(self.out)["result"]

    @property
    def next(self) -> str:
        return next(line for line in (self.out + self.err).splitlines()[::-1] if line.startswith("Next: "))


@dataclass
class Operator:
    """Somebody at a machine whose environment leads to an account of the emulator."""

    account: str
    capsys: Any
    builds: "Builds"

    def says(self, *words: str) -> Said:
        self.capsys.readouterr()
        code = main(list(words))
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(code, said.out, said.err)

    def opens(self, slug: str) -> None:
        said = self.says("deploy", slug, "--ops", "ops@example.org", "--yes")
        assert said.code == 0, said.err

    def client(self, service: str) -> Any:
        return _session().create_client(service, "eu-west-3")

    def status(self, slug: str) -> str:
        return self.client("cloudformation").describe_stacks(StackName=f"entraide-{slug}")["Stacks"][0][
            "StackStatus"
        ]

    def put(self, slug: str, noun: str, *items: dict[str, Any]) -> None:
        for item in items:
            self.client("dynamodb").put_item(TableName=f"entraide-{slug}-{noun}", Item=item)


@dataclass
class Builds:
    """The real template around a handler of a few lines: what is deployed, built in milliseconds."""

    version: str = "1"
    broken: str = ""
    made: int = 0

    def build(self, out: Path, *, python: str, architecture: str) -> Built:
        self.made += 1
        code = ANSWERS.format(version=self.version, break_here=self.broken)
        with zipfile.ZipFile(out / "deployment.zip", "w") as zipped:
            zipped.writestr(zipfile.ZipInfo("app.py"), code)
        template = json.dumps(_template(), sort_keys=True)
        (out / "template.json").write_text(template)
        digest = hashlib.sha256((out / "deployment.zip").read_bytes()).hexdigest()
        return Built(
            out / "deployment.zip", out / "template.json", digest, 1000, python, architecture, compiled=True
        )


_TEMPLATES: list[Any] = []


def _template() -> Any:
    if not _TEMPLATES:
        _TEMPLATES.append(city_template(f"3.{sys.version_info.minor}", "x86_64"))
    return json.loads(json.dumps(_TEMPLATES[0]))


@pytest.fixture
def builds(tmp_path, monkeypatch):
    made = Builds()
    monkeypatch.setattr(artefact, "BUILDS", tmp_path / "builds")
    monkeypatch.setattr(artefact, "build", made.build)
    monkeypatch.setattr(
        artefact, "_digest", lambda target: hashlib.sha256((made.version + made.broken).encode()).hexdigest()
    )
    return made


@pytest.fixture
def operator(engine, builds, tmp_path, monkeypatch, capsys):
    account = str(next(_accounts))
    enter(monkeypatch, engine.url, account, tmp_path)
    return Operator(account, capsys, builds)


def enter(monkeypatch, url, account, directory):
    monkeypatch.setattr("infra.ops.cloud.get_session", _session)
    for name, value in aws_environment(url, account).items():
        if value:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(REMEMBERED, str(directory / "remembered"))


def _session():
    session = Session()
    session.register_component("data_loader", _LOADER)
    return session
