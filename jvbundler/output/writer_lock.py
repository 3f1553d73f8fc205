"""One writer at a time in an output folder. The lock dies with its process, so none goes stale."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from jvbundler.values.problem import OutputRefused


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the folder; OutputRefused when another process does.

    On POSIX the lock is on the folder itself and leaves no trace. A file system without such locks (some NFS
    servers) is not protected.
    """
    handle = _lock(folder)
    try:
        yield
    finally:
        _unlock(folder, handle)


def _busy(folder: Path) -> OutputRefused:
    return OutputRefused(f"another render is writing to '{folder}': run this one again when it is done")


if sys.platform == "win32":
    import msvcrt

    _FILE = ".jvbundler-writing"

    def _lock(folder: Path) -> int:
        handle = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            os.close(handle)
            raise _busy(folder) from None
        return handle

    def _unlock(folder: Path, handle: int) -> None:
        os.close(handle)
        with contextlib.suppress(OSError):
            (folder / _FILE).unlink()

else:
    import fcntl

    def _lock(folder: Path) -> int:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise _busy(folder) from None
        except OSError:
            pass
        return handle

    def _unlock(folder: Path, handle: int) -> None:
        os.close(handle)
