"""Where we keep files that are not output: in the user's cache, or in our folder in the temporary one.

Everybody may write to the temporary folder, so our folder must be ours alone, or is refused. It holds a file
with secrets for a tool that can read them in no other way; the file is removed with its process or by our
next run. sam needs a path: it resolves links and checks the suffix, so /dev/fd/N, a pipe or a memfd does not
work.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from jvbundler.files import reason
from jvbundler.output.writer_lock import only_writer
from jvbundler.values.problem import OutputRefused

_PRIVATE = "private"
# Another process that cleans up may remove a folder before it is locked.
_ATTEMPTS = 10


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Our folder in the cache: https://specifications.freedesktop.org/basedir-spec, or Windows' own."""
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 (never raises)
    given = environ.get("XDG_CACHE_HOME") or environ.get("LOCALAPPDATA")
    return Path(given or Path(home, ".cache"), "jvbundler")


def temporary_folder() -> Path:
    """What TMPDIR names. `tempfile` looks for it in the same way, but takes a tenth of a render to import."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        if os.path.isdir(folder := os.environ.get(name, "")):  # noqa: PTH112
            return Path(folder).absolute()
    if sys.platform == "win32":
        import tempfile

        return Path(tempfile.gettempdir())
    return Path("/tmp")


def own_folder(name: str) -> Path:
    """The folder `name` in ours, created if missing.

    Raises OutputRefused if somebody else created either or could write to it, or if the system refuses.
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


@contextlib.contextmanager
def private_file(suffix: str, data: bytes = b"") -> Iterator[Path]:
    """A file that only its owner can read, deleted afterwards; OSError or OutputRefused if there can be none.

    Each has a locked folder of its own, so that what a killed process left can be told from what is in use.
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
            _remove_private(folder)


def _locked_folder(held: contextlib.ExitStack) -> Path:
    for _ in range(_ATTEMPTS):
        folder = own_folder(_PRIVATE) / os.urandom(16).hex()
        with contextlib.suppress(FileNotFoundError, OutputRefused):
            folder.mkdir(mode=0o700)
            held.enter_context(only_writer(folder))
            if folder.is_dir():
                return folder
    raise OutputRefused(f"cannot make a folder in '{own_path()}': something else removes it")


def remove_left_files() -> None:
    """Remove what killed processes left; what is in use, or is not ours, stays."""
    if not (own_path() / _PRIVATE).is_dir():
        return
    with contextlib.suppress(OSError, OutputRefused):
        for folder in own_folder(_PRIVATE).iterdir():
            with contextlib.suppress(OSError, OutputRefused), only_writer(folder):
                _remove_private(folder)


def _remove_private(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
