"""A city's tables behind one connection: read by key, read a range, commit a change."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError
from pynamodb.connection import Connection
from pynamodb.exceptions import VerboseClientError
from pynamodb.expressions.condition import Condition

from chalicelib.errors import Unavailable
from chalicelib.storage.codec import Item, decode, encode
from chalicelib.storage.transaction import Refused, Write, request_of, table_of

ATTEMPTS = 8
"""Of one transaction that meets others or a throttle, a short random wait before each but the first."""

BATCH = 100
"""Most keys of one BatchGetItem."""

BUDGET_MS = 10_000
"""After which a transaction is not tried again: what it logs must not appear long after its stamp."""

_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_PASSING_CALLS = {
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
}

Key = tuple[str, Item]
"""A table's noun and a key in it."""


def connect(region: str) -> Connection:
    """Return the function's one connection; its longest call stays well under the gateway's 29 s."""
    connection = Connection(
        region=region,
        connect_timeout_seconds=1,
        read_timeout_seconds=2,
        retry_configuration={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=16,
    )
    # A cold start saves looking for four hundred other services on the disk.
    connection.session.get_component("data_loader").list_available_services = lambda _: ["dynamodb"]
    return connection


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables `entraide-<city>-<noun>`. `pause(attempt)` waits before a call is repeated."""

    connection: Connection
    city: str
    clock_ms: Callable[[], int]
    pause: Callable[[int], None]

    def name(self, noun: str) -> str:
        return f"entraide-{self.city}-{noun}"

    def get(self, noun: str, key: Item, *, consistent: bool = True) -> dict[str, Any] | None:
        request = {"TableName": self.name(noun), "Key": encode(key), "ConsistentRead": consistent}
        raw = self._call("GetItem", request).get("Item")
        return None if raw is None else decode(raw)

    def get_all(self, keys: Sequence[Key], *, consistent: bool = True) -> list[dict[str, Any] | None]:
        """Return the items in the order of their keys, None where there is none."""
        found: dict[tuple[str, tuple[tuple[str, Any], ...]], dict[str, Any]] = {}
        for start in range(0, len(keys), BATCH):
            found.update(self._get_batch(keys[start : start + BATCH], consistent=consistent))
        return [found.get((noun, tuple(sorted(key.items())))) for noun, key in keys]

    def query(
        self,
        noun: str,
        condition: Condition,
        *,
        index: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield what the key condition names, page after page; strongly consistent except from an index."""
        names: dict[str, str] = {}
        values: dict[str, Any] = {}
        request: dict[str, Any] = {
            "TableName": self.name(noun),
            "KeyConditionExpression": condition.serialize(names, values),
            "ExpressionAttributeNames": {name: path for path, name in names.items()},
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
            "ConsistentRead": index is None,
        }
        if index is not None:
            request["IndexName"] = index
        if limit is not None:
            request["Limit"] = limit
        return self._pages("Query", request, limit)

    def scan(self, noun: str, *, index: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield every item, or every one in an index: for a rebuild or a first round, never for a request."""
        request = {"TableName": self.name(noun), "ConsistentRead": index is None}
        return self._pages("Scan", request if index is None else {**request, "IndexName": index}, None)

    def put(self, noun: str, item: Item) -> None:
        """Store one item that nothing else depends on yet, for half of what a transaction costs."""
        self._call("PutItem", {"TableName": self.name(noun), "Item": encode(item)})

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all of the writes or none.

        Raises Refused when a condition does not hold, Unavailable when nothing is known to have been
        written: a caller that repeats the same request is safe.
        """
        stamp = self.clock_ms()
        members = [request_of(write, self.name(table_of(write)), stamp) for write in writes]
        for attempt in range(ATTEMPTS):
            if attempt:
                self.pause(attempt)
            if self.clock_ms() - stamp > BUDGET_MS:
                break
            try:
                self.connection.dispatch("TransactWriteItems", {"TransactItems": members})
            except VerboseClientError as error:
                _refuse_or_pass(error, writes)
            except BotoCoreError as error:
                raise Unavailable("try_again") from error
            else:
                return
        raise Unavailable("busy")

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self.connection.dispatch(operation, request)
        except VerboseClientError as error:
            if _code(error) in _PASSING_CALLS:
                raise Unavailable("busy") from error
            raise
        except BotoCoreError as error:
            raise Unavailable("try_again") from error
        return answer

    def _get_batch(
        self, keys: Sequence[Key], *, consistent: bool
    ) -> Iterator[tuple[tuple[str, tuple[tuple[str, Any], ...]], dict[str, Any]]]:
        wanted: dict[str, Any] = {}
        for noun, key in keys:
            table = wanted.setdefault(self.name(noun), {"Keys": [], "ConsistentRead": consistent})
            if (encoded := encode(key)) not in table["Keys"]:
                table["Keys"].append(encoded)
        names = {self.name(noun): (noun, tuple(key)) for noun, key in keys}
        for attempt in range(ATTEMPTS):
            if attempt:
                self.pause(attempt)
            answer = self._call("BatchGetItem", {"RequestItems": wanted})
            for table, raws in answer["Responses"].items():
                noun, parts = names[table]
                for raw in raws:
                    item = decode(raw)
                    yield (noun, tuple(sorted((part, item[part]) for part in parts))), item
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                return
        raise Unavailable("busy")

    def _pages(self, operation: str, request: dict[str, Any], limit: int | None) -> Iterator[dict[str, Any]]:
        seen = 0
        while True:
            answer = self._call(operation, dict(request))
            for raw in answer["Items"]:
                yield decode(raw)
                seen += 1
                if seen == limit:
                    return
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _refuse_or_pass(error: VerboseClientError, writes: Sequence[Write]) -> None:
    """Return when the transaction may be tried again; raise what it came to otherwise."""
    if _code(error) == "TransactionCanceledException":
        codes = [reason and reason.code for reason in error.cancellation_reasons]
        failed = [w for w, code in zip(writes, codes, strict=False) if code == "ConditionalCheckFailed"]
        if failed:
            raise Refused(failed) from error
        if any(code in _PASSING for code in codes):
            return
    elif _code(error) in _PASSING_CALLS:
        return
    raise error


def _code(error: VerboseClientError) -> str:
    return str(error.response["Error"]["Code"])
