"""What may be an output folder, and what may be a path in one. Follows no symbolic link, changes nothing."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from jvbundler.errors import OutputRefused

JOURNAL = ".jvbundler-journal.json"
STAGING = ".jvbundler-staging"


def is_safe(path: str) -> bool:
    """Whether `path` is relative, has forward slashes and stays inside the folder, on every system."""
    parts = path.split("/")
    return (
        all(part not in ("", ".", "..") for part in parts)
        and not any(character in '\\:*?"<>|' or ord(character) < 32 for character in path)
        and parts[0] not in (JOURNAL, STAGING)
    )


def check_paths(paths: Iterable[str]) -> None:
    """Raise ValueError for what no target may render: an unsafe path, or two that are one on some system."""
    seen: dict[str, str] = {}
    for path in sorted(paths):
        if not is_safe(path):
            raise ValueError(f"not a path in the output folder: {path!r}")
        name = folded(path)
        if name in seen:
            raise ValueError(f"{seen[name]!r} and {path!r} are one file on some systems")
        seen[name] = path
    for path in seen.values():
        for folder in parents(path):
            if folded(folder) in seen:
                raise ValueError(f"{seen[folded(folder)]!r} is a file and the folder of {path!r}")


def folded(path: str) -> str:
    """What macOS and Windows compare: without case, and with one spelling for each letter."""
    return unicodedata.normalize("NFC", path).casefold()


def parents(path: str) -> list[str]:
    """The folders above `path`, outermost first: `a`, `a/b` for `a/b/c`."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def refuse_folder(folder: Path, protected: Sequence[Path]) -> None:
    """Raise OutputRefused for a folder that holds more than output: nothing of it may be at our mercy."""
    if folder.is_symlink():
        raise OutputRefused(f"'{folder}' is a symbolic link: give the folder that it points to")
    if folder.exists() and not folder.is_dir():
        raise OutputRefused(f"'{folder}' is not a folder")
    real = Path(os.path.realpath(folder))
    reason = _unfit(real, [Path(os.path.realpath(path)) for path in protected])
    if reason:
        raise OutputRefused(f"'{folder}' is {reason}: give a folder for the output alone, such as deploy/")


def _unfit(real: Path, protected: Sequence[Path]) -> str:
    if real == Path(real.anchor):
        return "the root of the file system"
    if Path(os.path.realpath(os.path.expanduser("~"))).is_relative_to(real):  # noqa: PTH111 (never raises)
        return "the home folder, or above it"
    if ".git" in real.parts:
        return "inside a .git folder"
    if any(source.is_relative_to(real) for source in protected):
        return "the app itself, or above it"
    if any(real.is_relative_to(source / "agents") for source in protected):
        return "inside the app's agents"
    if (real / "app.yaml").exists():
        return "a jvagent app"
    if (real / ".git").exists():
        return "the root of a repository"
    return ""


def content(folder: Path, path: str) -> bytes | None:
    """The bytes of a file of the output folder; None where there is none.

    OutputRefused where a link is on the way or something other than a file is there.
    """
    refuse_links(folder, path)
    file = f"{folder}/{path}"
    try:
        mode = os.lstat(file).st_mode
        if not stat.S_ISREG(mode):
            raise OutputRefused(f"'{file}' is {_kind(mode)}, and jvbundler writes a file there: move it away")
        with open(file, "rb", buffering=0) as stream:  # noqa: PTH123
            return stream.readall()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise OutputRefused(f"cannot read '{file}': {reason(failure)}") from failure


def _kind(mode: int) -> str:
    return "a folder" if stat.S_ISDIR(mode) else "no ordinary file"


def refuse_links(folder: Path, path: str) -> None:
    # Texts and os.path here and below: for the files of one app, pathlib takes longer than the disk.
    for name in (*parents(path), path):
        if is_link(f"{folder}/{name}"):
            raise OutputRefused(
                f"'{folder / name}' is a symbolic link: jvbundler does not write through links, remove it"
            )


def is_link(file: str) -> bool:
    """Raises PermissionError where that cannot be told."""
    try:
        return stat.S_ISLNK(os.lstat(file).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def reason(failure: OSError) -> str:
    """Why the system refused, in its words: "permission denied"."""
    return (failure.strerror or type(failure).__name__).lower()
