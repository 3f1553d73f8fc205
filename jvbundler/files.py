"""The one door for reading what strangers may have laid there: a regular file of a bounded size, or OSError.

Nothing waits for a pipe, opens a device or fills the memory. Must not know what a file means.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import partial

MIB = 1024 * 1024
# Windows has one of them, the others have the rest.
_FLAGS = os.O_RDONLY
for _name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"):
    _FLAGS |= getattr(os, _name, 0)
_KINDS = {
    stat.S_IFIFO: "a pipe, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
    stat.S_IFLNK: "a symbolic link",
}


def read_file(path: str | os.PathLike[str], limit: int = MIB, *, follow_links: bool = True) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Raises OSError for everything else, with what it is in `strerror`. Without `follow_links`, what is a
    symbolic link itself is refused.
    """
    name = os.fspath(path)
    try:
        # Before it is opened: to open a device may already do something.
        _require_regular(os.stat(name, follow_symlinks=follow_links).st_mode, name)  # noqa: PTH116
        descriptor = os.open(name, _FLAGS | (0 if follow_links else getattr(os, "O_NOFOLLOW", 0)))
    except ValueError:
        raise OSError(errno.EINVAL, "no name that a file can have", name) from None
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
    """What the size says is not relied on: that of a file in /proc is 0."""
    parts, size = [], 0
    for part in iter(partial(os.read, descriptor, 65_536), b""):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise OSError(errno.EFBIG, f"larger than {size_words(limit)}", name)
    return b"".join(parts)


def leads_outside(path: str | os.PathLike[str], root: str | os.PathLike[str]) -> bool:
    """Whether `path` is, through `..` or symbolic links, a place that is not under `root`."""
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
