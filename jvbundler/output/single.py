"""One file outside the output folder: written whole or not at all, never over somebody else's by accident."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from jvbundler.output.paths import reason
from jvbundler.values.errors import OutputRefused


def nobodys(text: str) -> bool:
    return False


def write_file(path: Path, text: str, *, force: bool, is_ours: Callable[[str], bool] = nobodys) -> bool:
    """Put `text` at `path`; False where it stood there already.

    Raises OutputRefused where there is another text that is not ours and `force` does not give it up, and
    where the system refuses. A symbolic link at `path` is replaced, not followed.
    """
    try:
        if path.is_file():
            old = path.read_bytes().decode("utf-8", "replace")
            if old == text and not path.is_symlink():
                return False
            if not force and not is_ours(old):
                raise OutputRefused(f"'{path}' is there already: '--force' replaces it")
        elif path.exists():
            raise OutputRefused(f"'{path}' is not a file")
        _replace(path, text)
    except OSError as failure:
        raise OutputRefused(f"cannot write '{path}': {reason(failure)}") from failure
    return True


def _replace(path: Path, text: str) -> None:
    staged = path.with_name(f".{path.name}.jvbundler")
    try:
        staged.write_bytes(text.encode())
        staged.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            staged.unlink()
        raise
