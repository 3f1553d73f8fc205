"""One file outside the output folder: written whole or not at all, never over somebody else's by accident."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from jvbundler.files import MIB, read_file, reason, replace_file, usual_mode
from jvbundler.values.problem import OutputRefused

# In bytes; a larger file of this name is not one of ours.
MAX_BYTES = 16 * MIB


def is_nobodys(text: str) -> bool:
    return False


def write_file(path: Path, text: str, *, force: bool, is_ours: Callable[[str], bool] = is_nobodys) -> bool:
    """Put `text` at `path`; False if it was there already.

    Raises OutputRefused if there is a link, or another text that is not ours, unless `force` is given, and if
    the system refuses. A symbolic link at `path` is replaced, not followed.
    """
    try:
        mode = _mode(path)
        old = _text(path) if stat.S_ISREG(mode) else None
        if old == text:
            return False
        if old is None or not (force or is_ours(old)):
            _refuse(path, mode, force=force)
        replace_file(path, text.encode(), mode=usual_mode() if old is None else stat.S_IMODE(mode) & 0o777)
    except OSError as failure:
        raise OutputRefused(f"cannot write '{path}': {reason(failure)}") from failure
    return True


def _text(path: Path) -> str:
    return read_file(path, MAX_BYTES, follow_links=False).decode("utf-8", "replace")


def _refuse(path: Path, mode: int, *, force: bool) -> None:
    """Raise OutputRefused for what is not ours to replace."""
    if stat.S_ISLNK(mode) and not force:
        raise OutputRefused(f"'{path}' is a symbolic link: '--force' replaces it with a file")
    if stat.S_ISREG(mode) and not force:
        raise OutputRefused(f"'{path}' exists already: '--force' replaces it")
    if mode and not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise OutputRefused(f"'{path}' is not a file")


def _mode(path: Path) -> int:
    """0 for nothing."""
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return 0
