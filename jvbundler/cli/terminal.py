"""How this run talks: format, colours, traceback. The options fill it in; whoever prints reads it."""

from __future__ import annotations

import os
import sys
from typing import TextIO


class ReaderGone(Exception):
    """Whoever read our output has seen enough, as `head` does."""


class Terminal:
    def __init__(self) -> None:
        self.debug = False
        self.no_color = False
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
        """CI wants results; hints on what to do next are for people."""
        return bool(os.environ.get("CI")) or not sys.stderr.isatty()
