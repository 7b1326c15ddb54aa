"""Meters: the requests of a botocore client and the units they consume, and the CPU time of this process."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

_CAUSES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")


class Meter:
    """What a DynamoDB client asked since the meter was last reset."""

    def __init__(self, client: Any) -> None:
        self.reset()
        client.meta.events.register("before-parameter-build.dynamodb", self._asked)
        client.meta.events.register("after-call.dynamodb", self._answered)

    def reset(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.units: Counter[str] = Counter()
        """By what consumed them: a table, or an index as `table/index`."""

    @property
    def requests(self) -> int:
        return len(self.calls)

    @property
    def total(self) -> float:
        return sum(self.units.values())

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        plain = {name: value for name, value in params.items() if name != "ReturnConsumedCapacity"}
        self.calls.append((model.name, deepcopy(plain)))
        params["ReturnConsumedCapacity"] = "INDEXES"

    def _answered(self, parsed: Mapping[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        for one in consumed if isinstance(consumed, list) else [consumed]:
            table = one["TableName"].rpartition("-")[2]
            self.units[table] += one["Table"]["CapacityUnits"]
            for kind in _CAUSES:
                for index, used in one.get(kind, {}).items():
                    self.units[f"{table}/{index}"] += used["CapacityUnits"]


@contextmanager
def metered(meter: Meter) -> Iterator[Meter]:
    meter.reset()
    yield meter


def cpu_ms(act: Callable[[], object]) -> float:
    """Return the milliseconds of CPU that this process spends on it."""
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1_000
