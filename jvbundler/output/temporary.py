"""A folder in the system's temporary folder, which everybody may write to: it is ours alone, or refused."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from jvbundler.files import reason
from jvbundler.values.problem import OutputRefused


def temporary_folder() -> Path:
    """What TMPDIR names. `tempfile` looks for it likewise, and takes a tenth of a render to import."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        if os.path.isdir(folder := os.environ.get(name, "")):  # noqa: PTH112
            return Path(folder).absolute()
    if sys.platform == "win32":
        import tempfile

        return Path(tempfile.gettempdir())
    return Path("/tmp")


def own_folder(name: str) -> Path:
    """The folder `name` in ours, made where it is missing.

    Raises OutputRefused where somebody else made either, or could write to it, and where the system refuses.
    """
    ours = own_path()
    for folder in (ours, ours / name):
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
        except FileExistsError:
            raise _refused(folder, "is not a folder") from None
        except OSError as failure:
            raise OutputRefused(f"cannot make the folder '{folder}': {reason(failure)}") from failure
        _refuse_strange(folder, found)
    return ours / name


def own_path() -> Path:
    """Where ours is, or would be."""
    return temporary_folder() / f"jvbundler-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


def _refuse_strange(folder: Path, found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode):
        raise _refused(folder, "is a symbolic link")
    if hasattr(os, "getuid"):
        if found.st_uid != os.getuid():
            raise _refused(folder, "belongs to another user")
        if found.st_mode & 0o077:
            raise _refused(folder, "is open to other users")


def _refused(folder: Path, why: str) -> OutputRefused:
    return OutputRefused(f"'{folder}' {why}: remove it, or set TMPDIR to a folder of your own")
