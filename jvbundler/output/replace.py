"""Puts a whole file in the place of another, or of none, by one rename; a planted link is not followed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL
for _name in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW"):
    _FLAGS |= getattr(os, _name, 0)


def replace_file(path: Path, data: bytes, *, mode: int) -> None:
    """Make `path` hold `data`, with the permissions `mode`; a link at `path` gives way to the file.

    Raises OSError. The file is staged beside `path` under a name that nobody can guess, readable by us alone.
    """
    staged = path.with_name(f".{os.urandom(8).hex()}.jvbundler")
    descriptor = os.open(staged, _FLAGS, 0o600)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123
            stream.write(data)
        if mode != 0o600:
            staged.chmod(mode)
        staged.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            staged.unlink()
        raise


def usual_mode() -> int:
    """The permissions of a new file under the user's umask, which can be read only by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask
