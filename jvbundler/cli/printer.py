"""The one printer: what a command says passes it, so that no file commands a terminal or a runner of CI.

A command need not remember it: the error boundary puts it in front of both streams. Control characters,
characters that turn text around and commands to runners are shown as escapes, on a terminal and elsewhere.
The escapes are JSON's, so that a document still says the same. Only `echo_data` goes past, on no terminal.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

import click

from jvbundler.values.safe_text import escape

# GitHub: `::name …::…` at the start of a line, spaces ignored, and `##[name]…` anywhere; Azure Pipelines:
# `##vso[…]` and `##[…]`; TeamCity: `##teamcity[…]`. GitLab's need a carriage return. Sources:
# ActionCommand.cs of actions/runner, Command.cs of microsoft/azure-pipelines-agent.
_COMMAND = r"^[^\S\n]*:(?=:[^\n]*::)|#(?=#(?:\[|vso\[|teamcity\[))"
# Made up for each run: foreign text cannot hold it, so that an escape sequence behind it is one of ours.
_OURS = os.urandom(8).hex()
_COLORS = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}
ERASE_LINE = "\r\x1b[K"


def inert(text: str) -> str:
    """`text` without what a terminal or a runner of CI obeys, but for line ends and our own colours."""
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
    """Print one line: a line end in it came with a value, and is shown."""
    click.echo(line.replace("\n", "\\n"), err=err)


def echo_lines(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        echo_line(line, err=err)


def echo_message(text: str) -> None:
    """Print a failure, its further lines indented: what it repeats cannot pass for a message of ours."""
    first, *more = text.split("\n")
    echo_lines([first, *(line if line[:1].isspace() else f"  {line}" for line in more)], err=True)


def echo_text(text: str, *, err: bool = False) -> None:
    """Print a text that has its line ends, the last one too, and no value that could bring one."""
    click.echo(text, err=err, nl=False)


def echo_data(text: str) -> None:
    """Print on standard output what other programs read: byte for byte, but on a terminal as text.

    For rendered files and templates, and for formats with an escape of their own.
    """
    stream = sys.stdout
    click.echo(text, file=stream if stream.isatty() else past_printer(stream), nl=False)


def styled(text: str, *, color: str = "", bold: bool = False) -> str:
    """`text` in a colour (red, green, yellow, cyan) or bold: the only way to an escape sequence."""
    codes = [*([_COLORS[color]] if color else []), *([1] if bold else [])]
    start = "".join(f"\x1b{_OURS}[{code}m" for code in codes)
    return f"{start}{text}\x1b{_OURS}[0m" if codes else text


class Printer:
    """A text stream that makes all that is written inert, in front of `stream`, which has the rest."""

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
    """The stream behind the printer, for cursor movements and commands to runners that are ours."""
    return stream.stream if isinstance(stream, Printer) else stream
