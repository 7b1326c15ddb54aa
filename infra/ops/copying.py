"""The tables of a city copied to a folder and back: each goes on from where it was interrupted."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from infra.ops.cloud import Cloud
from infra.ops.folder import Folder, Raw, Table, digest, item_of, line_of, parts_of
from infra.ops.ground import signing_key
from infra.ops.leftovers import HOLDING, full_tables
from infra.ops.say import NOTHING_DONE, Say
from infra.ops.stops import Exit, Stopped
from infra.ops.trouble import AGAIN
from infra.stack import kept_tables, stack_name

PAGE = 2_000
"""Items of one file at most; a page of DynamoDB ends at a megabyte as well."""
BATCH = 25
"""Most items of one BatchWriteItem."""


def nouns(slug: str) -> dict[str, str]:
    """Return the tables of a city by noun."""
    return {name.removeprefix(f"{stack_name(slug)}-"): name for name in kept_tables(slug)}


def about(client: Any, name: str) -> int | None:
    """Return how many items a table had some hours ago; None when there is no such table."""
    try:
        return int(client.describe_table(TableName=name)["Table"].get("ItemCount", 0))
    except client.exceptions.ResourceNotFoundException:
        return None


def copy_out(where: Cloud, folder: Folder, say: Say) -> None:
    """Write the key, then what is not yet in the folder: a folder that has all tables has the key."""
    client = where.client("dynamodb")
    counts = {noun: about(client, name) for noun, name in nouns(folder.city).items()}
    tables = {noun: count for noun, count in counts.items() if count is not None}
    expected = sum(tables.values())
    say.state = f"{folder.path} holds what was read so far; the city is as it was."
    for noun in tables:
        folder.tables.setdefault(noun, Table())  # what is not in the manifest would not be missed
    folder.save()
    key = signing_key(where, folder.city)
    if key is not None:
        folder.keep_key(key)
    with say.progress(f"Exporting {folder.city}", expected or None) as step:
        for noun in tables:
            name = f"{stack_name(folder.city)}-{noun}"
            while not folder.tables[noun].complete:
                last = folder.tables[noun].last
                begin = {"ExclusiveStartKey": last} if last else {}
                page = client.scan(TableName=name, ConsistentRead=True, Limit=PAGE, **begin)
                folder.add(noun, page["Items"], page.get("LastEvaluatedKey"))
                done = sum(table.items for table in folder.tables.values())
                step.at(done, max(done, expected), f"{done:,} items  {noun}")
                if say.stopping.is_set():
                    raise KeyboardInterrupt


def differs(where: Cloud, folder: Folder, say: Say, *, now: int) -> list[str]:
    """Return the nouns whose table does not hold what the folder does; what is past its time may be gone."""
    client, wrong = where.client("dynamodb"), []
    with say.progress(f"Comparing {folder.city} with {folder.path}", len(folder.tables)) as step:
        for number, noun in enumerate(sorted(folder.tables)):
            step.at(number, len(folder.tables), f"{number} of {len(folder.tables)} tables  {noun}")
            name = f"{stack_name(folder.city)}-{noun}"
            if about(client, name) is None:
                continue  # removed already, by what was interrupted after the comparison
            stored = [line_of(item) for item in _all(client, name)]
            if digest(stored) != folder.digest(noun) and not _only_expired(folder, noun, stored, now):
                wrong.append(noun)
    return wrong


def copy_in(where: Cloud, folder: Folder, say: Say) -> int:
    """Write every item of the folder that an earlier import did not; return how many were written."""
    client, written = where.client("dynamodb"), 0
    note = _note(where, folder)
    done = _noted(note)
    total = sum(table.items for table in folder.tables.values())
    say.state = f"{folder.city} holds a part of the export; its doors are closed until it holds all of it."
    with say.progress(f"Importing {folder.city}", total) as step:
        for noun, part in parts_of(folder):
            items = [item_of(line) for line in folder.lines(part)]
            if part.file not in done:
                name = f"{stack_name(folder.city)}-{noun}"
                for start in range(0, len(items), BATCH):
                    _put(client, name, items[start : start + BATCH], say)
                done.add(part.file)
                note.write_text(json.dumps(sorted(done)), encoding="utf-8")
            written += part.items
            step.at(written, total, f"{written:,} items  {noun}")
    return written


def sweep(where: Cloud, folder: Folder) -> None:
    """Remove what the empty city's own schedules wrote before it was closed.

    A mark of theirs would say that nothing which the export owes is left undone.
    """
    client = where.client("dynamodb")
    for noun in sorted(folder.tables.keys() - set(HOLDING)):
        name = f"{stack_name(folder.city)}-{noun}"
        schema = client.describe_table(TableName=name)["Table"]["KeySchema"]
        parts = [each["AttributeName"] for each in schema]
        lines = (line for part in folder.tables[noun].parts for line in folder.lines(part))
        kept = {_key(item_of(line), parts) for line in lines}
        for item in _all(client, name):
            if _key(item, parts) not in kept:
                client.delete_item(TableName=name, Key={each: item[each] for each in parts})


def _key(item: Raw, parts: Sequence[str]) -> bytes:
    return line_of({each: item[each] for each in parts})


def can_take(where: Cloud, folder: Folder) -> None:
    """Raise Stopped unless the city is empty or holds what an interrupted import of this folder left."""
    slug = folder.city
    missing = sorted(folder.tables.keys() - nouns(slug).keys())
    if missing:
        raise Stopped(
            f"{slug} has no table for {', '.join(missing)}: the export is of another version.",
            NOTHING_DONE,
            "the checkout that made the export, or a newer one",
            Exit.REFUSED,
        )
    if _note(where, folder).exists():
        return
    full = full_tables(where, slug)
    if full:
        raise Stopped(
            f"{slug} holds data already ({', '.join(full)}).",
            NOTHING_DONE,
            f"entraide destroy {slug} --export-to ANOTHER_FOLDER, deploy with --key-from, the same command",
            Exit.REFUSED,
        )


def imported(where: Cloud, folder: Folder) -> None:
    """Forget how far an import came, when it is done and compared."""
    _note(where, folder).unlink(missing_ok=True)


def _note(where: Cloud, folder: Folder) -> Path:
    """Return the file that says how far the import there has come."""
    return folder.path / f"imported-{where.account}-{where.region}.json"


def _noted(note: Path) -> set[str]:
    try:
        return set(json.loads(note.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return set()


def _put(client: Any, name: str, items: Sequence[Raw], say: Say) -> None:
    requests, attempt = [{"PutRequest": {"Item": item}} for item in items], 0
    while requests:
        answer = client.batch_write_item(RequestItems={name: requests})
        requests = answer.get("UnprocessedItems", {}).get(name, [])
        if requests:
            attempt += 1
            wait = random.uniform(0, min(5.0, 0.05 * 2**attempt))  # noqa: S311 — only to spread the calls
            if say.stopping.wait(wait):
                raise KeyboardInterrupt


def _all(client: Any, name: str) -> Iterator[Raw]:
    for page in client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True):
        yield from page["Items"]


def _only_expired(folder: Folder, noun: str, stored: list[bytes], now: int) -> bool:
    """Tell whether all that differs is what DynamoDB may have purged meanwhile."""
    kept = {line for part in folder.tables[noun].parts for line in folder.lines(part)}
    here = set(stored)
    gone = [item_of(line) for line in kept - here]
    return not here - kept and all(int(item.get("purge_at", {}).get("N", now + 1)) <= now for item in gone)


def refuse_difference(where: Cloud, folder: Folder, say: Say, *, now: int, then: str) -> None:
    """Raise Stopped, with what to do, when a table of the city is not what the folder has of it."""
    wrong = differs(where, folder, say, now=now)
    if wrong:
        raise Stopped(
            f"{folder.city} does not hold what {folder.path} holds: {', '.join(wrong)} differ.",
            f"{folder.city} is closed; nothing that residents gave was removed from either.",
            then or AGAIN,
            Exit.REFUSED,
        )
