"""How this run prints: standard streams that do not fail, the format, colours, the traceback.

A run ends as if somebody read all of its output. The options fill in the rest; printing code reads it.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO


class ReaderGone(Exception):
    """The reader of our output has closed it, as `head` does."""


class Terminal:
    def __init__(self) -> None:
        self.debug = False
        self.no_color = False
        self.quiet = False
        self.verbose = False
        self.format = "text"
        # None: on a terminal only.
        self.show_source: bool | None = None

    def colors(self, stream: TextIO) -> bool:
        """https://no-color.org: any text in NO_COLOR counts."""
        plain = self.no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return not plain and stream.isatty()

    def shows_source(self) -> bool:
        return sys.stderr.isatty() if self.show_source is None else self.show_source

    def is_quiet(self) -> bool:
        """Whether hints on what to do next are left out: CI wants only results."""
        return self.quiet or bool(os.environ.get("CI")) or not sys.stderr.isatty()


def width_of(stream: TextIO) -> int:
    """The columns of the terminal behind the stream; 80 if it does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


class Lasting(io.FileIO):
    """What can no longer be written is dropped, and the first failure is kept in `lost`."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        size = memoryview(data).nbytes
        while self.lost is None:
            try:
                written = super().write(data)
            except OSError as failure:
                self.lost = failure
                break
            if written is not None:
                return written
            _wait_until_writable(self)
        return size


def _wait_until_writable(stream: io.FileIO) -> None:
    """Waits for a pipe that was made non-blocking by whoever gave it to us."""
    import select

    select.select([], [stream], [])


def make_lasting() -> None:
    """Replace Python's own streams by lasting ones; a closed one is /dev/null from now on.

    Otherwise the next opened file would get its number, and what is printed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = _lasting(sys.stdout, 1)
    sys.stderr = _lasting(sys.stderr, 2)


def _lasting(stream: TextIO | None, number: int) -> TextIO:
    """A stream that is UTF-8 for files and pipes in every locale, with no character that makes it fail."""
    if stream is not None and not _is_pythons_own(stream):
        return stream
    is_terminal = os.isatty(number)
    return io.TextIOWrapper(
        io.BufferedWriter(Lasting(number, "w", closefd=False)),
        encoding=stream.encoding if stream and is_terminal else "utf-8",
        errors="backslashreplace",
        line_buffering=is_terminal or number == 2,
    )


def _is_pythons_own(stream: TextIO) -> bool:
    """Whether it is neither a test's stream nor a Windows console, which takes no bytes."""
    buffer = getattr(stream, "buffer", None)
    return isinstance(getattr(buffer, "raw", buffer), io.FileIO)


def failure_of(stream: TextIO) -> OSError | None:
    """Why what was written to the stream is lost, if it is."""
    lost: OSError | None = getattr(getattr(getattr(stream, "buffer", None), "raw", None), "lost", None)
    return lost
