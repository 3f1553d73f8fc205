"""What may be an output folder, and what may be a path in one. Follows no symbolic link, changes nothing."""

from __future__ import annotations

import itertools
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from jvbundler.files import MIB, read_file, reason
from jvbundler.values.problem import OutputRefused

JOURNAL = ".jvbundler-journal.json"
STAGING = ".jvbundler-staging"
# In bytes; a file of ours has some thousands.
MAX_BYTES = 16 * MIB
# In characters: macOS allows no longer ones.
MAX_PATH = 1024
_UNSAFE = re.compile(
    rf"""(?:^|/)\.{{0,2}}(?:/|$)  # no part is empty, . or ..
    | [\\:*?"<>|\x00-\x1f\ud800-\udfff]  # the last are not characters, and not valid in UTF-8
    | ^(?:{re.escape(JOURNAL)}|{re.escape(STAGING)})(?:/|$)""",
    re.VERBOSE,
)


def is_safe(path: str) -> bool:
    """Whether `path` is relative, has forward slashes and stays inside the folder, on every system."""
    return len(path) <= MAX_PATH and not _UNSAFE.search(path)


def check_paths(paths: Iterable[str]) -> None:
    """Raise ValueError for what no target may render: an unsafe path, or two that are one on some system."""
    seen: dict[str, str] = {}
    for path in sorted(paths):
        if not is_safe(path):
            raise ValueError(f"not a path in the output folder: {path!r}")
        name = folded(path)
        if name in seen:
            raise ValueError(f"{seen[name]!r} and {path!r} are the same file on some systems")
        seen[name] = path
    for folder, path in folders_of(seen.values()).items():
        if folded(folder) in seen:
            raise ValueError(f"{seen[folded(folder)]!r} is a file and the folder of {path!r}")


def folded(path: str) -> str:
    """The path as macOS and Windows compare it: without case, and in one normalization form."""
    return unicodedata.normalize("NFC", path).casefold()


@lru_cache
def parents(path: str) -> tuple[str, ...]:
    """The folders above `path`, outermost first: `a`, `a/b` for `a/b/c`."""
    return tuple(itertools.accumulate(path.split("/")[:-1], "{}/{}".format))


def folders_of(paths: Iterable[str]) -> dict[str, str]:
    """Every folder above any of the paths, outermost first, with the first path in it."""
    found: dict[str, str] = {}
    for path in paths:
        for folder in parents(path):
            found.setdefault(folder, path)
    return found


def refuse_folder(folder: Path, protected: Sequence[Path]) -> None:
    """Raise OutputRefused for a folder that holds more than output, none of which we may touch."""
    if folder.is_symlink():
        raise OutputRefused(f"'{folder}' is a symbolic link: give the folder that it points to")
    refuse_links(folder.parent, typed=protected)
    if folder.exists() and not folder.is_dir():
        raise OutputRefused(f"'{folder}' is not a folder")
    reason = _unfit(os.path.realpath(folder), [os.path.realpath(path) for path in protected])
    if reason:
        raise OutputRefused(f"'{folder}' is {reason}: give a folder for the output alone, such as deploy/")


def refuse_links(folder: Path, *, typed: Sequence[Path] = ()) -> None:
    """Raise OutputRefused for a symbolic link on the way to the folder that a stranger may have planted.

    That is one in the working folder, in a checkout, or of another user. Links of the system, such as macOS's
    /tmp, and of the user are followed, and so are those in `typed`, folders that the user named.
    """
    named = {above for path in typed for above in (path, *path.parents)}
    for path in (folder, *folder.parents):
        if path not in named and os.path.islink(path) and _may_be_planted(path):  # noqa: PTH114
            real = os.path.realpath(path)
            raise OutputRefused(f"'{path}' is a symbolic link: give the folder that it points to, '{real}'")


def _may_be_planted(link: Path) -> bool:
    if hasattr(os, "getuid") and link.lstat().st_uid not in (0, os.getuid()):
        return True
    parent, here = os.path.realpath(link.parent), os.path.realpath(os.curdir)
    if here != os.path.dirname(here) and _is_within(parent, here):  # noqa: PTH120
        return True
    return any(os.path.lexists(above / ".git") for above in (Path(parent), *Path(parent).parents))


def _unfit(real: str, protected: Sequence[str]) -> str:
    if real == os.path.dirname(real):  # noqa: PTH120
        return "the root of the file system"
    if _is_within(os.path.realpath(os.path.expanduser("~")), real):  # noqa: PTH111 (never raises)
        return "the home folder, or above it"
    if ".git" in Path(real).parts:
        return "inside a .git folder"
    if any(_is_within(source, real) for source in protected):
        return "the app itself, or above it"
    if any(_is_within(real, os.path.join(source, "agents")) for source in protected):  # noqa: PTH118
        return "inside the app's agents"
    if os.path.exists(os.path.join(real, "app.yaml")):  # noqa: PTH110, PTH118
        return "a jvagent app"
    if os.path.exists(os.path.join(real, ".git")):  # noqa: PTH110, PTH118
        return "the root of a repository"
    return ""


def _is_within(path: str, folder: str) -> bool:
    """Whether a real path is the folder or below it; Windows ignores case."""
    return os.path.normcase(f"{path}{os.sep}").startswith(os.path.normcase(f"{folder}{os.sep}"))


class Tree:
    """The output folder as seen in one pass: each entry is read once, and links are refused.

    Uses texts and `os`: for the files of one app, pathlib takes longer than the disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = str(folder)
        self._modes = {"": stat.S_IFDIR}

    def mode(self, path: str) -> int:
        """The mode of what is there, 0 for nothing; OutputRefused if it is a link or below one."""
        if path not in self._modes:
            self._modes[path] = self._look(path) if self.is_folder(path.rpartition("/")[0]) else 0
        return self._modes[path]

    def is_folder(self, path: str) -> bool:
        return stat.S_ISDIR(self.mode(path))

    def is_file(self, path: str) -> bool:
        return stat.S_ISREG(self.mode(path))

    def content(self, path: str) -> bytes | None:
        """The bytes of a file, None if there is none; OutputRefused if it is something else."""
        mode = self.mode(path)
        if not mode:
            return None
        file = f"{self._root}/{path}"
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not an ordinary file"
            raise OutputRefused(f"'{file}' is {kind}, and jvbundler writes a file there: move it away")
        try:
            # If it has just become a link, that is an error.
            return read_file(file, MAX_BYTES, follow_links=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as failure:
            raise OutputRefused(f"cannot read '{file}': {reason(failure)}") from failure

    def _look(self, path: str) -> int:
        """Raises PermissionError if that cannot be known."""
        try:
            mode = os.lstat(f"{self._root}/{path}").st_mode
        except (FileNotFoundError, NotADirectoryError):
            return 0
        if stat.S_ISLNK(mode):
            file = self.folder / path
            raise OutputRefused(
                f"'{file}' is a symbolic link: jvbundler does not write through links, remove it"
            )
        return mode


def content(folder: Path, path: str) -> bytes | None:
    """The bytes of one file of the output folder, as `Tree` reads many."""
    return Tree(folder).content(path)
