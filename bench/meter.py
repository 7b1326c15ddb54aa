"""Meters: the requests of a botocore client and the units they consume, and the CPU time of this process."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

Call = tuple[str, dict[str, Any]]
"""An operation and its parameters."""

_READS = {"GetItem", "BatchGetItem", "Query", "Scan"}
_INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")


class Meter:
    """What a DynamoDB client asked and what that consumed."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.reads: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()
        """Units by what consumed them: a table, or an index as `table/index`."""

    @property
    def requests(self) -> int:
        return len(self.calls)

    @property
    def total(self) -> float:
        return self.reads.total() + self.writes.total()

    def asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        plain = {name: value for name, value in params.items() if name != "ReturnConsumedCapacity"}
        self.calls.append((model.name, deepcopy(plain)))
        params["ReturnConsumedCapacity"] = "INDEXES"

    def answered(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        units = self.reads if model.name in _READS else self.writes
        consumed = parsed.get("ConsumedCapacity", [])
        for one in consumed if isinstance(consumed, list) else [consumed]:
            table = one["TableName"].rpartition("-")[2]
            units[table] += one["Table"]["CapacityUnits"]
            for kind in _INDEXES:
                for index, used in one.get(kind, {}).items():
                    units[f"{table}/{index}"] += used["CapacityUnits"]


@contextmanager
def metered(client: Any) -> Iterator[Meter]:
    """Meter the client inside the block; times are to be taken outside of one."""
    meter, events = Meter(), client.meta.events
    events.register("before-parameter-build.dynamodb", meter.asked)
    events.register("after-call.dynamodb", meter.answered)
    try:
        yield meter
    finally:
        events.unregister("before-parameter-build.dynamodb", meter.asked)
        events.unregister("after-call.dynamodb", meter.answered)


def cpu_ms(act: Callable[[], object]) -> float:
    """Return the milliseconds of CPU that this process spends on it."""
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1_000
