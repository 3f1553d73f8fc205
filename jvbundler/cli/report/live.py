"""What goes on, on a terminal: a line with the time or a bar, which Rich draws, past the printer."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from jvbundler.cli.printer import past_printer
from jvbundler.cli.terminal import Terminal
from jvbundler.values.safe_text import printable

Item = TypeVar("Item")


def step(words: str, terminal: Terminal) -> Progress:
    """A line that says what is done, and for how long; to be started and stopped."""
    line = _drawn(terminal, TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    line.add_task(within_row(words), total=None)
    return line


def counted(items: Iterable[Item], total: int, words: str, terminal: Terminal) -> Iterator[Item]:
    """The items as they come, with a bar beside them."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with _drawn(terminal, *columns) as bar:
        yield from bar.track(items, total=total, description=within_row(words))


def _drawn(terminal: Terminal, *columns: ProgressColumn) -> Progress:
    # The printer stays in front of both streams: Rich would put itself there.
    return Progress(
        *columns,
        console=Console(
            file=past_printer(sys.stderr), no_color=not terminal.colors(sys.stderr), legacy_windows=False
        ),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=4,
    )


def within_row(words: str) -> str:
    """Foreign text within a row, and inert, as it does not go through the printer."""
    text = printable(words)
    return text if len(text) <= 60 else f"{text[:59]}…"
