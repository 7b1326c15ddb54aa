"""What is deployed, beside the same code as plain `chalice package` packs it: size, first start, imports.

Both run in Lambda's own runtime, from the start of the process to the first answer that read DynamoDB.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from bench.ground import APP, Ground
from bench.rows import Row, missing, progress, row
from bench.starting import stored
from infra.runtime import Function, RuntimeMissing, function, unpack
from infra.stack.package import PYTHON, CannotBuild, build, plain
from infra.stack.wheels import NoWheels, here

TIMES = 11
SHOWN = 8
"""How many packages the breakdown names, the slowest of the plain build first."""

_TOOK = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
PEER = "plain chalice package"


def rows(ground: Ground) -> Iterator[Row]:
    progress("packaging")
    with TemporaryDirectory() as folder:
        try:
            yield from _sizes(Path(folder))
            yield from _starts(ground, Path(folder))
        except (CannotBuild, NoWheels, RuntimeMissing) as error:
            yield missing("package", str(error))


def _sizes(folder: Path) -> Iterator[Row]:
    ours = build(folder / "target")
    theirs = _zipped(plain(PYTHON, ours.architecture))
    yield row(
        "package_mb",
        1,
        ours.bytes / 1e6,
        f"MB, python{ours.python} {ours.architecture}",
        peer=PEER,
        peer_value=len(theirs) / 1e6,
        most=5,
    )


def _starts(ground: Ground, folder: Path) -> Iterator[Row]:
    if ground.engine is None:
        yield missing("cold_start", ground.reason)
        return
    ours = unpack(build(folder / "here", architecture=here()).zip, folder / "ours")
    theirs = folder / "theirs"
    with ZipFile(io.BytesIO(_zipped(plain(PYTHON, here())))) as archive:
        archive.extractall(theirs)
    start = partial(_first_answer, ground, stored(ground)["app"])
    seen: dict[Path, list[tuple[float, ...]]] = {ours: [], theirs: []}
    for _ in range(TIMES):
        for task, found in seen.items():
            found.append(start(task))
    mine, plain_ones = (
        [median(column) for column in zip(*seen[task], strict=True)] for task in (ours, theirs)
    )
    for name, place, target in (("first DynamoDB answer", 1, 0.5), ("first poll", 0, None)):
        yield row(
            f"cold_start, {name}",
            TIMES,
            mine[place],
            "ms CPU, awslambdaric",
            peer=PEER,
            peer_value=plain_ones[place],
            most_ratio=target,
        )
    yield row("cold_start, wall", TIMES, mine[2], "ms", peer=PEER, peer_value=plain_ones[2])
    yield from _imports(ground, ours, theirs)


def _imports(ground: Ground, ours: Path, theirs: Path) -> Iterator[Row]:
    """Yield what each package's modules took to import, up to the first answer, their own time alone."""
    mine, others = (_breakdown(ground, task) for task in (ours, theirs))
    for name, took in others.most_common(SHOWN):
        yield row(f"import, {name}", 1, mine[name] / 1e3, "ms", peer=PEER, peer_value=took / 1e3)
    yield row("import, all", 1, mine.total() / 1e3, "ms", peer=PEER, peer_value=others.total() / 1e3)


def _breakdown(ground: Ground, task: Path) -> Counter[str]:
    flags = ("-X", "importtime")
    took: Counter[str] = Counter()
    with function(task, "app.app", _environment(ground), python=PYTHON, flags=flags) as running:
        _answered(running, stored(ground)["app"])
        text = running.said.read_text(encoding="utf-8")
    for own_us, module in _TOOK.findall(text):
        took[module.partition(".")[0]] += int(own_us)
    return took


def _first_answer(ground: Ground, event: Any, task: Path) -> tuple[float, ...]:
    """Return CPU time to the first poll and to the first answer, and the wall time to that; milliseconds."""
    with function(task, "app.app", _environment(ground), python=PYTHON) as running:
        polled = running.started().cpu_ms
        return polled, *_answered(running, event)


def _answered(running: Function, event: Any) -> tuple[float, float]:
    answer = running.call(event)
    assert answer.value["statusCode"] == 200, answer
    return answer.cpu_ms, answer.wall_ms


def _environment(ground: Ground) -> dict[str, str]:
    assert ground.engine is not None
    told = {
        "ENTRAIDE_CITY": APP,
        "ENTRAIDE_BASE_URL": "https://entraide.test",
        "ENTRAIDE_SIGNING_KEY": "k" * 32,
        "POWERTOOLS_SERVICE_NAME": f"entraide-{APP}",
    }
    return {name: value for name, value in ground.engine.environment.items() if value} | told


def _zipped(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()
