"""Lambda's own runtime on this machine: its client `awslambdaric`, driven through a small Runtime API.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any
from zipfile import ZipFile

from infra.emulator import ROOT
from infra.stack.compiling import python_of
from infra.stack.wheels import Target, fetch, here

CLIENT = ("awslambdaric==4.2.2", "simplejson==4.3.0", "snapshot-restore-py==1.0.0")
"""What Lambda puts beside the package: it runs there, and is not in the zip."""

ANSWER_S = 60.0
_NEXT = "/2018-06-01/runtime/invocation/next"


class RuntimeMissing(Exception):
    """The runtime cannot be run here, and why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to. Times are of the process since it was started: CPU and wall, in milliseconds."""

    value: Any
    failed: bool
    cpu_ms: float
    wall_ms: float


@dataclass
class Function:
    """A running function. `ready` is filled when it first asks for something to do."""

    process: "subprocess.Popen[bytes]"
    said: Path
    """What it wrote: its log."""
    began: float
    events: "Queue[tuple[str, bytes]]" = field(default_factory=Queue)
    answers: "Queue[tuple[str, bytes]]" = field(default_factory=Queue)
    ready: "Queue[None]" = field(default_factory=Queue)

    def call(self, event: Any) -> Answer:
        """Hand it an event and return what it answered."""
        self.events.put((f"call-{time.monotonic_ns()}", json.dumps(event).encode()))
        return self._answered(self.answers)

    def started(self) -> Answer:
        """Return when it first asked for something to do, which is when its start is over."""
        self.ready.get(timeout=ANSWER_S)
        return Answer(None, failed=False, cpu_ms=self._cpu_ms(), wall_ms=self._wall_ms())

    def _answered(self, queue: "Queue[tuple[str, bytes]]") -> Answer:
        kind, body = queue.get(timeout=ANSWER_S)
        value = json.loads(body) if body else None
        return Answer(value, kind != "response", self._cpu_ms(), self._wall_ms())

    def _wall_ms(self) -> float:
        return 1_000 * (time.monotonic() - self.began)

    def _cpu_ms(self) -> float:
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(each.read_text(encoding="ascii").split()[0]) for each in threads) / 1e6


@contextmanager
def function(
    task: Path,
    handler: str,
    environment: Mapping[str, str],
    *,
    python: str,
    flags: Sequence[str] = (),
) -> Iterator[Function]:
    """Start a handler of an unpacked package in a Python of this version, as Lambda does; RuntimeMissing.

    Nothing but the package, the client and the standard library can be imported, and nothing is written.
    """
    found = python_of(python)
    if found is None or platform.system() != "Linux":
        raise RuntimeMissing(f"there is no Python {python} for Linux on this machine")
    client = client_for(python)
    server = _Server(("127.0.0.1", 0), _Api)
    said = task.with_name(f"{task.name}-{handler}.log")
    with server, said.open("wb") as log:
        given = _environment(task, client, handler, server.server_port) | dict(environment)
        asked = [str(found), "-S", "-s", "-B", *flags, "-m", "awslambdaric", handler]
        began = time.monotonic()
        process = subprocess.Popen(
            asked, cwd=task, env=given, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        running = Function(process, said, began)
        vars(server)["running"] = running
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield running
        finally:
            process.kill()
            process.wait()
            server.shutdown()


def unpack(zipped: Path, task: Path) -> Path:
    """Unpack a package as Lambda does, and return the folder."""
    with ZipFile(zipped) as archive:
        archive.extractall(task)
    return task


def client_for(python: str) -> Path:
    """Return the folder of the runtime's client, fetched and unpacked once; NoWheels when it cannot be."""
    target = Target(python, here())
    folder = ROOT / "build" / "runtime" / str(target)
    if not folder.is_dir():
        part = folder.with_suffix(f".{os.getpid()}")
        for name, data in fetch(CLIENT, target).items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        # Lambda's own files are compiled too.
        subprocess.run([str(python_of(python)), "-m", "compileall", "-q", part], check=True)
        part.rename(folder)
    return folder


def _environment(task: Path, client: Path, handler: str, port: int) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONPATH": f"{task}:{client}",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": f"entraide-test-{handler}",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python",
        "LAMBDA_TASK_ROOT": str(task),
        "_HANDLER": handler,
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: a function that is ended leaves its last question open."""


class _Api(BaseHTTPRequestHandler):
    """The Runtime API: hands out events one by one, takes answers."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        running = self._running
        running.ready.put(None)
        call, body = running.events.get()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", call)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(1_000 * (time.time() + 29))))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-3:0:function:test")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        kind = "response" if self.path.endswith("/response") else "error"
        self._running.answers.put((kind, self._body()))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    @property
    def _running(self) -> Function:
        while "running" not in vars(self.server):
            time.sleep(0.001)
        running: Function = vars(self.server)["running"]
        return running

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body
