"""A file with secrets, for a tool that reads no other way; it ends with its process or with our next run.

sam wants a path: it resolves links and looks at the name's end, so that no /dev/fd/N, pipe or memfd will do.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from jvbundler.output.temporary import own_folder, own_path
from jvbundler.output.writer_lock import only_writer
from jvbundler.values.problem import OutputRefused

_NAME = "private"
# Another process that cleans up may take a folder away before it is locked.
_ATTEMPTS = 10


@contextlib.contextmanager
def private_file(suffix: str, data: bytes = b"") -> Iterator[Path]:
    """A file that only its owner can read, gone afterwards; OSError or OutputRefused where there can be none.

    Each has a locked folder of its own, so that what a killed process left is told from what is in use.
    """
    with contextlib.ExitStack() as held:
        folder = _locked_folder(held)
        path = folder / f"file{suffix}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as stream:  # noqa: PTH123
                stream.write(data)
            yield path
        finally:
            _remove(folder)


def _locked_folder(held: contextlib.ExitStack) -> Path:
    for _ in range(_ATTEMPTS):
        folder = own_folder(_NAME) / os.urandom(16).hex()
        with contextlib.suppress(FileNotFoundError, OutputRefused):
            folder.mkdir(mode=0o700)
            held.enter_context(only_writer(folder))
            if folder.is_dir():
                return folder
    raise OutputRefused(f"cannot make a folder in '{own_path()}': something else removes it")


def remove_left_files() -> None:
    """Remove what processes left that were killed; what is in use, or is not ours, stays."""
    if not (own_path() / _NAME).is_dir():
        return
    with contextlib.suppress(OSError, OutputRefused):
        for folder in own_folder(_NAME).iterdir():
            with contextlib.suppress(OSError, OutputRefused), only_writer(folder):
                _remove(folder)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
