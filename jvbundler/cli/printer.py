"""The one printer: what a command says passes it, so that no file commands a terminal or a runner of CI.

A command need not remember it: the error boundary puts it in front of standard output and standard error.
Line ends stay, as only who composes a text knows which of them are meant; a value in a line goes through
`printable` there.

- Text, on a terminal and elsewhere: control characters, characters that turn text around and commands to
  runners of CI are shown as escapes. Those of JSON, so that a document of ours still says the same.
- Rendered files, templates and formats with an escape of their own (`as_it_is`): byte for byte, but on a
  terminal, which only a person reads, as text.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from jvbundler.values.printable import escape

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


def as_it_is(stream: TextIO) -> TextIO:
    """`stream` for what is safe by its own format, or is data for another program; a terminal gets text."""
    return stream if stream.isatty() else past_printer(stream)


def past_printer(stream: TextIO) -> TextIO:
    """The stream behind the printer, for cursor movements and commands to runners that are ours."""
    return stream.stream if isinstance(stream, Printer) else stream
