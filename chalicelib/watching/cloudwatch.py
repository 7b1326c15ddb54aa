"""Signs from what costs nothing to read: the city's two logs and the length of its queue of dead letters.

Metrics would cost more than the city: the reading of forty of them each hour is 0.29 USD a month.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chalicelib.watching.model import Sight

ERRORS = frozenset({"ERROR", "CRITICAL"})
BROKEN = frozenset({"timeout", "error", "failure"})
"""What Lambda itself says of a call that ended badly."""

REFUSED = '{ ($.status >= 500) || ($.status = 429) || ($.integration = "429") }'
"""The lines of the access log that are worth reading."""

TOO_MANY, FAULT = 429, 500


@dataclass
class CloudWatchSigns:
    """Reads the logs of one city; `dead_letters` is the URL of its queue."""

    region: str
    log: str
    access_log: str
    dead_letters: str

    def between(self, start: int, end: int) -> Sight:
        said, refused = _Tally(), _Tally()
        for line in self._lines(self.log, start, end):
            said.hear(line)
        for line in self._lines(self.access_log, start, end, REFUSED):
            refused.refuse(line)
        return Sight(
            errors=said.errors,
            failed=refused.failed,
            throttled=refused.throttled,
            dead_letters=self._waiting(),
            mails=dict(said.mails),
            ran=said.ran,
        )

    @cached_property
    def _logs(self) -> Any:
        return _client("logs", self.region)

    def _lines(self, group: str, start: int, end: int, pattern: str = "") -> Iterator[dict[str, Any]]:
        """Yield the lines that are JSON objects, each with `at`, when it was written, and its `stream`."""
        asked = {"logGroupName": group, "startTime": start * 1000, "endTime": end * 1000 - 1}
        if pattern:
            asked["filterPattern"] = pattern
        while True:
            answer = self._logs.filter_log_events(**asked)
            for event in answer["events"]:
                line = _read(event["message"])
                if line is not None:
                    yield {**line, "at": event["timestamp"] // 1000, "stream": event.get("logStreamName", "")}
            if "nextToken" not in answer:
                return
            asked["nextToken"] = answer["nextToken"]

    def _waiting(self) -> int:
        wanted = "ApproximateNumberOfMessages"
        queue = _client("sqs", self.region)
        answer = queue.get_queue_attributes(QueueUrl=self.dead_letters, AttributeNames=[wanted])
        return int(answer["Attributes"][wanted])


def function_of(stream: str) -> str:
    """Return the handler in the name of a stream: `2026/11/25/entraide-mulhouse-purge[$LATEST]0a1b`."""
    return stream.rpartition("/")[2].partition("[")[0].rpartition("-")[2] or "unknown"


@dataclass
class _Tally:
    """Counts lines as they are read."""

    told: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    mails: Counter[str] = field(default_factory=Counter)
    ran: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    throttled: int = 0

    @property
    def errors(self) -> dict[str, int]:
        """By function. One failure is told by up to three: our own line, the runtime and Lambda."""
        return {function: max(told.values()) for function, told in self.told.items()}

    def hear(self, line: dict[str, Any]) -> None:
        """Take a line of the log. Ours say which function; Lambda's own are in a stream named by it."""
        ours, record = "function" in line, line.get("record")
        function = str(line["function"]) if ours else function_of(line["stream"])
        if isinstance(record, dict) and record.get("status") in BROKEN:
            self.told[function]["lambda"] += 1
        elif line.get("level") in ERRORS:
            self.told[function]["ours" if ours else "runtime"] += 1
        if ours:
            self.ran[function] = max(line["at"], self.ran.get(function, 0))
        said = str(line.get("message", ""))
        if said in ("mail_sent", "mail_bounced", "mail_complained"):
            self.mails[said.removeprefix("mail_")] += 1

    def refuse(self, line: dict[str, Any]) -> None:
        status = int(line.get("status", 0))
        if status == TOO_MANY or str(line.get("integration")) == str(TOO_MANY):
            self.throttled += 1
        elif status >= FAULT:
            self.failed += 1


def _read(message: str) -> dict[str, Any] | None:
    try:
        line = json.loads(message)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _client(service: str, region: str) -> Any:
    from botocore.config import Config  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    config = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    return get_session().create_client(service, region, config=config)
