"""What a post costs: every write unit by its cause, and the requests made one after another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.front import Front
from bench.ground import Ground
from bench.meter import Call, metered
from bench.rows import Row, missing, progress, row

PLAIN = "plain put + index"
_KEPT = {
    "listings": "the listing",
    "listings/author": "the index of its author's listings",
    "listings/due": "the index of what is due",
    "changes": "the line of the change log",
    "limits": "the count of posts a day",
}
"""Why each unit is spent; a transaction costs twice what a put does."""


def rows(ground: Ground) -> Iterator[Row]:
    if ground.engine is None:
        yield missing("post_write_units", ground.reason)
        yield missing("post_round_trips", ground.reason)
        return
    progress("posting")
    front = Front(ground)
    front.publish()
    with ground.metered() as meter:
        front.publish()
    written, calls = dict(meter.writes), meter.calls
    plain = _plain(ground, calls)
    total = sum(written.values())
    yield row("post_write_units", 1, total, "write units", peer=PLAIN, peer_value=plain)
    for cause, units in written.items():
        yield row(f"post_write_units, {_KEPT[cause]}", 1, units, "write units")
    yield row("post_round_trips", 1, len(calls), _names(calls), peer=PLAIN, peer_value=1, most=2)


def _plain(ground: Ground, calls: Sequence[Call]) -> float:
    """Return the units of putting the same listing in a table with one index, and nothing else."""
    assert ground.engine is not None
    client = ground.engine.client
    client.create_table(
        TableName="plain",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "category", "created_key")
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "category",
                "KeySchema": [
                    {"AttributeName": "category", "KeyType": "HASH"},
                    {"AttributeName": "created_key", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    with metered(client) as meter:
        client.put_item(TableName="plain", Item=_listing(calls))
    return meter.total


def _listing(calls: Sequence[Call]) -> Mapping[str, Any]:
    """Return the item of the listing among the writes of its transaction."""
    puts = [
        write["Put"]
        for name, params in calls
        if name == "TransactWriteItems"
        for write in params["TransactItems"]
        if "Put" in write
    ]
    item: Mapping[str, Any] = next(put["Item"] for put in puts if put["TableName"].endswith("-listings"))
    return item


def _names(calls: Sequence[Call]) -> str:
    return "requests: " + ", ".join(name for name, _ in calls)
