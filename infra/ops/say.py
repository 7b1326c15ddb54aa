"""What a command says: its result once, on standard output; its progress meanwhile, on standard error."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TextIO

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.ops.stops import Exit, Stopped

NOTHING_DONE = "Nothing was changed."


SILENCE_S = 10.0
"""Without a bar, how long a step that goes on may say nothing."""
_WIDE = 200
"""Columns where there is no terminal: nothing is cut."""


def table(*columns: str) -> Table:
    """Return a table of those columns, none of which is cut."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


class Say:
    """The voice of one command.

    `state` is what an interrupted command says of the state it leaves; `stopping` asks threads to end.
    """

    def __init__(self, *, as_json: bool, yes: bool) -> None:
        self.as_json = as_json
        self.yes = yes
        self.out = _console(sys.stdout)
        self.err = _console(sys.stderr, quiet=as_json)
        self.state = NOTHING_DONE
        self.stopping = threading.Event()

    def note(self, text: str, *, style: str = "") -> None:
        """Say something on the way."""
        self.err.print(text, style=style or None, markup=False)

    def show(self, thing: RenderableType) -> None:
        """Show something on the way that a person decides on."""
        self.err.print(thing)

    def end(self, data: Any, *shown: RenderableType, then: str = "") -> None:
        """Say the result: as JSON, or to a person with what comes next."""
        if self.as_json:
            print(json.dumps({"result": data, "next": then or None}, ensure_ascii=False, default=str))
            return
        for thing in shown:
            self.out.print(thing)
        if then:
            self.out.print(f"\nNext: {then}", style="cyan", markup=False, soft_wrap=True)

    def confirm(self, question: str, refused: str) -> None:
        """Return when the answer is yes, or was given by --yes; raise Stopped otherwise."""
        if self.yes:
            return
        if not sys.stdin.isatty() or self.as_json:
            raise Stopped(
                f"{question} Nobody can answer here: this is not a terminal.",
                NOTHING_DONE,
                "the same command with --yes",
                Exit.REFUSED,
            )
        if not click.confirm(question, err=True):
            raise Stopped(refused, NOTHING_DONE, "the same command, when it is time", Exit.REFUSED)

    def ask(self, question: str, option: str, *, default: str | None = None) -> str:
        """Return what a person types; on anything but a terminal say which option is missing."""
        if sys.stdin.isatty() and not self.as_json and not self.yes:
            return str(click.prompt(question, default=default, err=True))
        if default is not None:
            return default
        raise Stopped(
            f"{option} is missing: {question}.", NOTHING_DONE, f"the same command with {option}", Exit.USAGE
        )

    @contextmanager
    def progress(self, what: str, total: float | None = None) -> Iterator["Step"]:
        """Show how far a step is, on a terminal as a bar; elsewhere by a line now and then."""
        if self.as_json or not self.err.is_terminal:
            self.note(f"{what} ...")
            yield Step(self, None)
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(24))
        count = TextColumn("{task.fields[count]}", markup=False)
        with Progress(*columns, count, TimeElapsedColumn(), console=self.err, transient=True) as bar:
            bar.add_task(what, total=total, count="")
            yield Step(self, bar)


class Step:
    """A step on its way."""

    def __init__(self, say: Say, bar: Progress | None) -> None:
        self.say = say
        self._bar = bar
        self._said_at = time.monotonic()

    @property
    def live(self) -> bool:
        return self._bar is not None

    def at(self, done: float, total: float | None = None, count: str = "") -> None:
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done, total=total, count=count)
        elif count and time.monotonic() - self._said_at >= SILENCE_S:
            self._said_at = time.monotonic()
            self.note(f"  {count}")

    def note(self, text: str, *, style: str = "") -> None:
        """Say something that stays, above the bar."""
        self.say.note(text, style=style)


def _console(file: TextIO, *, quiet: bool = False) -> Console:
    return Console(file=file, highlight=False, quiet=quiet, width=None if file.isatty() else _WIDE)


def spoken(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command its voice as first argument, and the options every command has."""

    @click.option("--json", "as_json", is_flag=True, help="The result as one JSON document.")
    @click.option("--yes", is_flag=True, help="Answer yes to every question.")
    @wraps(command)
    def speaking(*, as_json: bool, yes: bool, **options: Any) -> None:
        say = Say(as_json=as_json, yes=yes)
        click.get_current_context().find_root().obj = say
        command(say, **options)

    return speaking
