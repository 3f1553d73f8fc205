"""The only access to files that somebody else may have planted: reads one, or replaces one.

Reads only a regular file of bounded size, or raises OSError: it never waits for a pipe, opens a device or
fills the memory. Writes are atomic, by one rename, and follow no planted link. Must not know what a file
means.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1024 * 1024
# Windows has the first of them, other systems the rest.
_READ = os.O_RDONLY
for _name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"):
    _READ |= getattr(os, _name, 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
for _name in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW"):
    _WRITE |= getattr(os, _name, 0)
_KINDS = {
    stat.S_IFIFO: "a pipe, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
    stat.S_IFLNK: "a symbolic link",
}


def read_file(path: str | os.PathLike[str], limit: int = MIB, *, follow_links: bool = True) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Raises OSError for everything else, whose `strerror` says what it is. Without `follow_links`, a path that
    is itself a symbolic link is refused.
    """
    name = os.fspath(path)
    try:
        # Before opening it: just opening a device may have an effect.
        _require_regular(os.stat(name, follow_symlinks=follow_links).st_mode, name)  # noqa: PTH116
        descriptor = os.open(name, _READ | (0 if follow_links else getattr(os, "O_NOFOLLOW", 0)))
    except ValueError:
        raise OSError(errno.EINVAL, "not a valid file name", name) from None
    try:
        _require_regular(os.fstat(descriptor).st_mode, name)
        return _content(descriptor, limit, name)
    finally:
        os.close(descriptor)


def _require_regular(mode: int, name: str) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    raise OSError(errno.EINVAL, _KINDS.get(stat.S_IFMT(mode), "not a file"), name)


def _content(descriptor: int, limit: int, name: str) -> bytes:
    """Does not rely on the reported size: a file in /proc has 0."""
    parts, size = [], 0
    for part in iter(partial(os.read, descriptor, 65_536), b""):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise OSError(errno.EFBIG, f"larger than {size_words(limit)}", name)
    return b"".join(parts)


def replace_file(path: Path, data: bytes, *, mode: int) -> None:
    """Make `path` hold `data`, with the permissions `mode`; a link at `path` is replaced by the file.

    Raises OSError. The file is staged beside `path` under a name that nobody can guess, readable by us alone.
    """
    staged = path.with_name(f".{os.urandom(8).hex()}.jvbundler")
    descriptor = os.open(staged, _WRITE, 0o600)
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


def leads_outside(path: str | os.PathLike[str], root: str | os.PathLike[str]) -> bool:
    """Whether `path` is outside `root` once `..` and symbolic links are resolved."""
    try:
        real, base = os.path.realpath(path), os.path.realpath(root)
    except ValueError:  # a NUL in a name: there is no such file, inside or outside
        return False
    return real != base and not real.startswith(base.rstrip(os.sep) + os.sep)


def reason(failure: OSError) -> str:
    """Why the system refused, in its words: "permission denied"."""
    words = failure.strerror or type(failure).__name__
    return words[:1].lower() + words[1:]


def size_words(limit: int) -> str:
    """`1 MiB`, `16 MiB`"""
    return f"{limit // MIB} MiB"
