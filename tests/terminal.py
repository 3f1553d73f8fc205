"""Runs a command in a terminal of its own, as a user sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Shown(NamedTuple):
    """`text` is everything that came to the terminal, its line ends as in a file."""

    code: int
    text: str


def in_terminal(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], columns: int = 80, typed: str = ""
) -> Shown:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen(
        argv, cwd=cwd, env={"TERM": "xterm", **env}, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    os.close(ours)
    return Shown(child.wait(), said.decode("utf-8", "replace").replace("\r\n", "\n"))
