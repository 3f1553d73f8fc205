"""The only printer: all output passes through it, so that no file can control a terminal or a CI runner.

A command need not remember it: the error boundary puts it in front of both streams. Control characters,
bidirectional controls and commands to CI runners are shown as escapes, on a terminal and elsewhere. The
escapes are JSON's, so a document still means the same. Only `echo_data` bypasses it, and never on a terminal.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

from jvbundler.values.safe_text import escape

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal

# GitHub: `::name …::…` at the start of a line, spaces ignored, and `##[name]…` anywhere; Azure Pipelines:
# `##vso[…]` and `##[…]`; TeamCity: `##teamcity[…]`. GitLab's need a carriage return. Sources:
# ActionCommand.cs of actions/runner, Command.cs of microsoft/azure-pipelines-agent.
_COMMAND = r"^[^\S\n]*:(?=:[^\n]*::)|#(?=#(?:\[|vso\[|teamcity\[))"
# Random for each run: foreign text cannot contain it, so an escape sequence after it is ours.
_OURS = os.urandom(8).hex()
_COLORS = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}


def inert(text: str) -> str:
    """`text` without anything that a terminal or a CI runner obeys, except line ends and our own colours."""
    plain = text.replace("\n", "")
    if not plain.isprintable():
        text = "".join(c if c.isprintable() or c in "\n\t" else escape(c) for c in text)
        text = text.replace(f"\\u001b{_OURS}", "\x1b")
    if "::" in text or "##" in text:
        text = re.sub(_COMMAND, _escaped_end, text, flags=re.MULTILINE | re.IGNORECASE)
    return text


def _escaped_end(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}{escape(found[0][-1])}"


def echo_line(line: str, *, err: bool = False) -> None:
    """Print one line: a line end in it comes from a value, and is shown as an escape."""
    click.echo(line.replace("\n", "\\n"), err=err)


def echo_lines(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        echo_line(line, err=err)


def echo_message(text: str) -> None:
    """Print a failure with its further lines indented: repeated text cannot pass for a message of ours."""
    first, *more = text.split("\n")
    echo_lines([first, *(line if line[:1].isspace() else f"  {line}" for line in more)], err=True)


def echo_text(text: str, *, err: bool = False) -> None:
    """Print a text that includes its line ends, the last one too, and no value that could add one."""
    click.echo(text, err=err, nl=False)


def echo_data(text: str) -> None:
    """Print on standard output for other programs: byte for byte, but escaped on a terminal.

    For rendered files and templates, and for formats with their own escapes.
    """
    stream = sys.stdout
    click.echo(text, file=stream if stream.isatty() else past_printer(stream), nl=False)


def styled(text: str, *, color: str = "", bold: bool = False) -> str:
    """`text` in a colour (red, green, yellow, cyan) or bold: the only way to print an escape sequence."""
    codes = [*([_COLORS[color]] if color else []), *([1] if bold else [])]
    start = "".join(f"\x1b{_OURS}[{code}m" for code in codes)
    return f"{start}{text}\x1b{_OURS}[0m" if codes else text


def colored(text: str, terminal: Terminal, color: str, *, err: bool = False) -> str:
    """`text` in a colour where the stream shows colours."""
    return styled(text, color=color) if terminal.colors(sys.stderr if err else sys.stdout) else text


def echo_result(text: str, terminal: Terminal, *, color: str = "green", err: bool = False) -> None:
    """Print the result, in one line at the end: green if it is good."""
    echo_line(colored(text, terminal, color, err=err), err=err)


class Printer:
    """A text stream in front of `stream` that makes everything written to it inert."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(inert(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def printers() -> Iterator[None]:
    """A printer in front of standard output, and one in front of standard error."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("TextIO", stream and Printer(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def past_printer(stream: TextIO) -> TextIO:
    """The stream behind the printer, for our own cursor movements and commands to CI runners."""
    return stream.stream if isinstance(stream, Printer) else stream
