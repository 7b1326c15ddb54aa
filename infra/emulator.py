"""The emulator of a local city: ministack as a child on a free loopback port, never outliving its parent.

The child reads the pipe that is its standard input. When this process ends, however it ends, the pipe ends
too, and the child saves its state and goes: nothing has to be cleaned up for that.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REGION = "eu-west-3"
READY_S = 30.0
STOP_S = 10.0

_OTHERS = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SESV2",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_CA_BUNDLE",
)
"""What a person's own environment may hold that would send a local city elsewhere."""


class EmulatorError(Exception):
    """The emulator did not start."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running child: where it answers, and the directory where each mail it took is a file."""

    url: str
    mail: Path
    log: Path
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Return when it answers; raise EmulatorError when it ended or took too long."""
        late = time.monotonic() + READY_S
        while time.monotonic() < late:
            if self.process.poll() is not None:
                raise EmulatorError(f"the emulator ended with {self.process.returncode}: see {self.log}")
            if _answers(self.url):
                return
            time.sleep(0.02)
        raise EmulatorError(f"the emulator did not answer within {READY_S:.0f} s: see {self.log}")

    def stop(self) -> None:
        """End it after it has saved its state. A second call does nothing."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def emulator(directory: Path, *, keep: bool, whole: bool = False) -> Iterator[Emulator]:
    """Start a child and stop it at the end. What it holds is kept in the directory when `keep` is set.

    A `whole` one also runs stacks, functions and their schedules; what those hold is never kept.
    It may not answer yet when this yields: requests queue on its socket, and `wait` says when they will do.
    """
    started = _start(directory, keep=keep, whole=whole)
    try:
        yield started
    finally:
        started.stop()


def account_of(name: str) -> str:
    """Return the account that stands for the name: each city has its own, as each would on AWS."""
    return f"{int.from_bytes(sha256(name.encode()).digest()[:8]) % 10**12:012d}"


def aws_environment(url: str, account: str) -> dict[str, str]:
    """Return what points an AWS SDK at the emulator and at nothing else; the empty ones are to be unset."""
    passed_by = ",".join(filter(None, [os.environ.get("NO_PROXY", ""), "127.0.0.1", "localhost"]))
    return {
        **dict.fromkeys(_OTHERS, ""),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": passed_by,
        "no_proxy": passed_by,
    }


def set_environment(values: dict[str, str]) -> None:
    """Make the values this process's environment; an empty one is removed from it."""
    for name, value in values.items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


def _start(directory: Path, *, keep: bool, whole: bool) -> Emulator:
    mail, log = directory / "mail", directory / "emulator.log"
    mail.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as written:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.engine", str(listener.fileno()), str(mail.absolute())]
            + ["whole"] * whole,
            cwd=ROOT,
            env=os.environ
            | {
                "GATEWAY_PORT": str(port),
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
                "MINISTACK_REGION": REGION,
                "PERSIST_STATE": "1" if keep else "0",
                "STATE_DIR": str((directory / "state").absolute()),
                "LOG_LEVEL": "WARNING",
                "PYTHONUNBUFFERED": "1",
            },
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    return Emulator(f"http://127.0.0.1:{port}", mail, log, process)


def _answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/_ministack/health", timeout=READY_S) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False
