"""A row of the table: a figure of ours beside its peer's from the same run, and what it is to reach."""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")
_BEGAN = time.monotonic()


@dataclass(frozen=True, slots=True)
class Row:
    """`met` is None where nothing is to be reached or nothing could be measured."""

    name: str
    n: int
    value: float | None
    unit: str
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def row(
    name: str,
    n: int,
    value: float,
    unit: str,
    *,
    peer: str = "",
    peer_value: float | None = None,
    most: float | None = None,
    most_ratio: float | None = None,
    least: float | None = None,
    least_ratio: float | None = None,
) -> Row:
    """Return the row of a figure that is to be at most or at least so much, or so many times its peer's."""
    ratio = value / peer_value if peer_value else None
    targets: list[str] = []
    met: list[bool] = []
    if most is not None:
        targets.append(f"<= {most:g}")
        met.append(value <= most)
    if least is not None:
        targets.append(f">= {least:g}")
        met.append(value >= least)
    if most_ratio is not None:
        targets.append(f"<= {most_ratio:g} x peer")
        met.append(ratio is not None and ratio <= most_ratio)
    if least_ratio is not None:
        targets.append(f">= {least_ratio:g} x peer")
        met.append(ratio is not None and ratio >= least_ratio)
    return Row(name, n, value, unit, peer, peer_value, ratio, ", ".join(targets), all(met) if met else None)


def missing(name: str, reason: str) -> Row:
    """Return the row of a figure that could not be measured here, with the reason."""
    return Row(name, 0, None, f"not measured: {reason}")


def progress(doing: str) -> None:
    """Say what takes so long, and when it began."""
    print(f"{time.monotonic() - _BEGAN:6.1f} s  {doing} ...", file=sys.stderr, flush=True)


def write(section: str, rows: Sequence[Row]) -> None:
    """Put the rows of a section in the place of what it had; the others stay as they were last measured."""
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    known[section] = [asdict(each) for each in rows]
    RESULTS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def table(rows: Iterable[Row]) -> str:
    """Return the rows as aligned text."""
    head = ("name", "n", "value", "unit", "peer", "its value", "ratio", "target", "met")
    lines = [head, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([shown[0], "-" * len(shown[0]), *shown[1:]])


def _cells(one: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: ""}[one.met]
    return (
        one.name,
        str(one.n),
        _number(one.value),
        one.unit,
        one.peer,
        _number(one.peer_value),
        _number(one.ratio),
        one.target,
        met,
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
