"""The child of a local city: ministack as DynamoDB and SES, kept on disk, gone when its parent is gone.

`python -m infra.engine FD MAIL_DIRECTORY` serves on the listening socket FD until its standard input ends;
with the word `whole` behind, ministack's other services run too: stacks, functions and their schedules.
"""

import asyncio
import base64
import json
import re
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import Framework
from ministack.app import app as ministack
from ministack.core.persistence import PERSIST_STATE, save_state
from ministack.services import dynamodb, ses_v2

KEPT = {"dynamodb": dynamodb, "ses_v2": ses_v2}
"""What a city asks of AWS. Each reads its own file when it is imported."""

SAVE_EVERY_S = 2.0
SAVE_SHARE = 0.05
"""Of the time, at most: a crash of this process can lose two seconds of a small city, more of a large one."""

SENDING = "/v2/email/outbound-emails"
READING = re.compile(rb"\.(Get|BatchGet|TransactGet|Query|Scan|Describe|List)")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def mend() -> None:
    """Let the tables of every account take new keys: ministack restores those of its own account only so."""
    for _, table in dynamodb._tables.all_items():  # noqa: SLF001 — it has no other way in
        table["items"] = defaultdict(dict, table["items"])


class Engine:
    """ministack, with its state written soon after a change and each mail it takes kept as a file."""

    def __init__(self, mail: Path, *, whole: bool) -> None:
        self.mail = mail
        self.whole = whole
        self.changed = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await (ministack(scope, receive, send) if self.whole else _live(receive, send))
            return
        try:
            answer = self._keep_mail if scope["path"] == SENDING else ministack
            await answer(scope, receive, send)
        finally:
            if not READING.search(dict(scope["headers"]).get(b"x-amz-target", b"")):
                self.changed = True

    async def save(self) -> None:
        """Write what changed. The copies are made at one instant; only the writing leaves the loop."""
        if not (self.changed and PERSIST_STATE):
            return
        self.changed = False
        copies = {name: service.get_state() for name, service in KEPT.items()}
        for name, state in copies.items():
            await asyncio.to_thread(save_state, name, state)

    async def save_until(self, stop: asyncio.Event) -> None:
        took = 0.0
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(SAVE_EVERY_S, took / SAVE_SHARE))
            began = time.monotonic()
            await self.save()
            took = time.monotonic() - began

    async def _keep_mail(self, scope: Message, receive: Receive, send: Send) -> None:
        asked, answered = bytearray(), bytearray()

        async def hear() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def tell(message: Message) -> None:
            answered.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._write_mail(json.loads(asked), json.loads(answered))
            await send(message)

        await ministack(scope, hear, tell)

    def _write_mail(self, asked: dict[str, Any], answered: dict[str, Any]) -> None:
        if "MessageId" not in answered:
            return
        to = ", ".join(asked.get("Destination", {}).get("ToAddresses", []))
        tags = "; ".join(f"{tag['Name']}={tag['Value']}" for tag in asked.get("EmailTags", []))
        named = {"X-Envelope-To": to, "X-Provider-Id": answered["MessageId"], "X-Email-Tags": tags}
        envelope = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        path = self.mail / f"{time.time_ns():020d}.eml"
        partial = path.with_suffix(".part")
        partial.write_bytes(envelope.encode() + base64.b64decode(asked["Content"]["Raw"]["Data"]))
        partial.rename(path)


async def _live(receive: Receive, send: Send) -> None:
    """Answer the server's start and stop instead of ministack, which would start its other services."""
    for _ in range(2):
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})


def _set_at_the_end(stop: asyncio.Event) -> None:
    """Have the event set when the parent is gone or a signal says so."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(sys.stdin)
        stop.set()

    loop.add_reader(sys.stdin, end)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, end)


async def main(listener: int, mail: Path, *, whole: bool) -> None:
    mend()
    engine, stop = Engine(mail, whole=whole), asyncio.Event()
    _set_at_the_end(stop)
    config = Config()
    config.bind = [f"fd://{listener}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.5
    config.loglevel = "WARNING"
    saving = asyncio.create_task(engine.save_until(stop))
    await serve(cast("Framework", engine), config, shutdown_trigger=stop.wait)
    await saving
    await engine.save()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), whole="whole" in sys.argv[3:]))
