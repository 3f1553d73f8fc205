"""Prints tables, trees and wrapped text: Rich lays them out, and this module writes what comes of it.

On a terminal in its width, elsewhere with no line broken. Of Rich only the layout is taken: a piece of text
keeps its words, which the printer makes inert like all others, and gets its colour from `styled`. So no text,
whatever it holds, becomes a style or a movement of the cursor. Rich is imported here and where its tables are
filled, and not on the way of a render without a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, ConsoleOptions
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from jvbundler.cli.printer import echo_text, styled
from jvbundler.cli.terminal import width_of
from jvbundler.values.safe_text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from jvbundler.cli.terminal import Terminal

# Wider than any line, and no more than Rich lays out at once.
UNLIMITED = 100_000
COLORS = ("red", "green", "yellow", "cyan")


def words(text: str, style: str = "") -> Text:
    """Foreign text on one line, in a style of ours: a colour, `bold`, or both."""
    return Text(printable(text), style=style)


def cut(line: str) -> Text:
    """A line of a file: what is too long for the terminal is left out, so that the mark below it fits."""
    return Text(printable(line), no_wrap=True, overflow="ellipsis")


def unbroken(line: str, style: str = "") -> Text:
    """A line to be copied: the terminal may break it, this module does not."""
    return Text(printable(line), style=style, no_wrap=True, overflow="ignore")


class Hanging:
    """A text whose further lines are indented."""

    def __init__(self, text: Text) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        first, *more = self.text.wrap(console, max(options.max_width - 2, 10))
        yield first
        for line in more:
            yield Text("  ") + line


def indented(thing: RenderableType, by: int = 2) -> Padding:
    return Padding(thing, (0, 0, 0, by))


def columns(rows: Iterable[Iterable[Text]], *, one_line: bool = False) -> Table:
    """Rows below each other without lines around them; with `one_line`, what is too long is cut."""
    table, cells = Table.grid(padding=(0, 2, 0, 0)), [list(row) for row in rows]
    # All columns first: Rich leaves out the last rows of a table that gets one later.
    for number in range(max(map(len, cells), default=0)):
        table.add_column(no_wrap=one_line or not number, overflow="ellipsis" if one_line else "fold")
    for row in cells:
        table.add_row(*row)
    return table


def show(things: Iterable[RenderableType], terminal: Terminal, *, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    for thing in things:
        echo_text(laid_out(thing, width=_width(stream), color=terminal.colors(stream)), err=err)


def _width(stream: TextIO) -> int:
    return width_of(stream) if stream.isatty() else UNLIMITED


def laid_out(thing: RenderableType, *, width: int, color: bool) -> str:
    """The lines of one thing, without spaces at their ends."""
    # Nothing of the environment counts: COLUMNS, TERM and their like are read elsewhere.
    console = Console(
        width=width, height=100, markup=False, highlight=False, emoji=False, legacy_windows=False, _environ={}
    )
    lines = console.render_lines(thing, pad=False)
    return "".join(f"{_line(line, color=color)}\n" for line in lines)


def _line(segments: Iterable[Segment], *, color: bool) -> str:
    pieces = [segment for segment in segments if not segment.control]
    while pieces and not pieces[-1].text.strip():
        pieces.pop()
    if pieces:
        pieces[-1] = pieces[-1]._replace(text=pieces[-1].text.rstrip())
    return "".join(_piece(piece) if color else piece.text for piece in pieces)


def _piece(segment: Segment) -> str:
    style = segment.style
    if style is None or not segment.text.strip():
        return segment.text
    name = style.color.name if style.color else ""
    return styled(segment.text, color=name if name in COLORS else "", bold=bool(style.bold))
