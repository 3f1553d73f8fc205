"""The result, in one line at the end: green if it is good."""

from __future__ import annotations

import sys

from jvbundler.cli.printer import echo_line, styled
from jvbundler.cli.terminal import Terminal


def echo_result(text: str, terminal: Terminal, *, color: str = "green", err: bool = False) -> None:
    echo_line(colored(text, terminal, color, err=err), err=err)


def colored(text: str, terminal: Terminal, color: str, *, err: bool = False) -> str:
    """`text` in a colour where the stream shows colours."""
    return styled(text, color=color) if terminal.colors(sys.stderr if err else sys.stdout) else text
