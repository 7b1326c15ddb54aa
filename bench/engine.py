"""The engine of the capacity figures: dynoxide, which counts units as DynamoDB does, on a free loopback port.

It is one program of one file, fetched once into `build/` and run only when it is the one pinned, bit for bit.
"""

import json
import platform
import shutil
import socket
import subprocess
import tarfile
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha512
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import get_session

from infra.emulator import REGION, account_of, aws_environment
from infra.tables import table_definitions

PACKAGE = "@dynoxide/linux-x64@1.2.1"
INTEGRITY = "sBHqlxJ9ANkLluFkYRfd5r8Y0ApFew4FhOrlhgRAgD4XzEoFOukEo1nuBTQ1+jTtofqwn4NWQ2k0Tn5mNTjgUg=="
"""SHA-512 of the package as it is published."""

BUILD = Path(__file__).resolve().parent.parent / "build" / "bench"
READY_S = 240.0
_DESCRIBED = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")


class EngineMissing(Exception):
    """There is no engine on this machine that counts capacity right; the message says why."""


@dataclass(frozen=True)
class Engine:
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process must have in its environment to speak to this engine; the empty ones unset."""
        return aws_environment(self.url, account_of("bench"))

    @cached_property
    def client(self) -> Any:
        """A botocore client that tries each call once."""
        return get_session().create_client(
            "dynamodb",
            REGION,
            endpoint_url=self.url,
            aws_access_key_id=account_of("bench"),
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )


def program() -> Path:
    """Return the engine's program, fetched where it is not yet here; EngineMissing says why it cannot be."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise EngineMissing("dynoxide is pinned for Linux on x86-64 only")
    BUILD.mkdir(parents=True, exist_ok=True)
    packed = BUILD / "dynoxide-linux-x64-1.2.1.tgz"
    if not packed.exists():
        _fetch()
    if b64encode(sha512(packed.read_bytes()).digest()).decode() != INTEGRITY:
        packed.unlink()
        raise EngineMissing("the package fetched is not the one pinned")
    fetched = BUILD / "dynoxide"
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/dynoxide")
        assert member is not None
        fetched.write_bytes(member.read())
    fetched.chmod(0o755)
    return fetched


@contextmanager
def engine(fetched: Path, export: Path, tables: Mapping[str, Mapping[str, Any]]) -> Iterator[Engine]:
    """Run the engine over tables filled from an export as DynamoDB writes one, a folder a table.

    That takes a sixth of the time BatchWriteItem would take.
    """
    schema = export.with_suffix(".schema.json")
    described = [{"Table": {"TableName": name, **_described(table)}} for name, table in tables.items()]
    schema.write_text(json.dumps(described), encoding="utf-8")
    port = _free_port()
    command = ["import", "--source", str(export), "--schema", str(schema), "--serve", "--port", str(port)]
    with (BUILD / "engine.log").open("wb") as log:
        process = subprocess.Popen([fetched, *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        _wait(process, port)
        yield Engine(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


def tables_of(city: str) -> dict[str, Mapping[str, Any]]:
    """Return the tables of a city by name."""
    return {name.replace("${City}", city): table for name, table in table_definitions().items()}


def _described(table: Mapping[str, Any]) -> dict[str, Any]:
    return {part: table[part] for part in _DESCRIBED if part in table}


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise EngineMissing("npm, which would fetch dynoxide, is not installed")
    asked = subprocess.run(
        [npm, "pack", PACKAGE, "--silent", "--pack-destination", BUILD], capture_output=True, check=False
    )
    if asked.returncode:
        raise EngineMissing("npm could not fetch dynoxide")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    late = time.monotonic() + READY_S
    while time.monotonic() < late and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise EngineMissing(f"dynoxide did not answer: see {BUILD / 'engine.log'}")
