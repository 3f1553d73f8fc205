"""What stands in the output folder, compared with what should: the facts that a write and a check share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Literal

from jvbundler.output.lockfile import Lock, sha256
from jvbundler.output.paths import Tree, folded, folders_of, parents
from jvbundler.values.problem import OutputRefused

# same: the bytes that we would write. line-ends: the same but for CRLF, as git checks files out on Windows.
# stale: as we wrote it, and we would now write something else. edited: ours, and changed by somebody else.
# foreign: somebody else's, where ours belongs. orphaned: as we wrote it, and we no longer would.
Status = Literal["same", "line-ends", "missing", "stale", "edited", "foreign", "orphaned", "orphaned-edited"]


def compare(
    tree: Tree, wanted: Mapping[str, bytes], lock: Lock | None, keep: Callable[[str], bool]
) -> dict[str, Status]:
    """The status of each wanted file and of each one of the lock that is neither wanted nor to `keep`.

    A file of the lock that is gone already has no status. Raises OutputRefused for links and the like.
    """
    owned = lock.files if lock else {}
    leaving = {path for path in owned if path not in wanted and not keep(path)}
    statuses: dict[str, Status] = {}
    for path in sorted(leaving):
        have = tree.content(path)
        if have is not None:
            statuses[path] = "orphaned" if is_pristine(have, owned[path]) else "orphaned-edited"
    for path, data in wanted.items():
        statuses[path] = _status(tree, path, data, owned.get(path), leaving)
    return dict(sorted(statuses.items()))


def _status(tree: Tree, path: str, data: bytes, ours: str | None, leaving: set[str]) -> Status:
    if _gives_way(tree, path, leaving) or _other_case(tree, path, leaving):
        return "missing"
    have = tree.content(path)
    if have is None:
        _refuse_file_in_the_way(tree, path, leaving)
        return "missing"
    if have == data:
        return "same"
    if have.replace(b"\r\n", b"\n") == data:
        return "line-ends"
    if ours is None:
        return "foreign"
    return "stale" if is_pristine(have, ours) else "edited"


def is_pristine(have: bytes, digest: str) -> bool:
    """Whether these are the bytes that we wrote, whatever line ends git gave them."""
    return sha256(have) == digest or sha256(have.replace(b"\r\n", b"\n")) == digest


def _gives_way(tree: Tree, path: str, leaving: set[str]) -> bool:
    """Whether a folder stands at `path` that holds nothing but files of ours that leave."""
    if not tree.is_folder(path):
        return False
    gone = {*leaving, *folders_of(leaving)}
    pending = [path]
    while pending:
        inside = pending.pop()
        if tree.is_folder(inside):
            pending += [f"{inside}/{name}" for name in os.listdir(tree.folder / inside)]  # noqa: PTH208
        if inside != path and inside not in gone:
            return False
    return True


def _other_case(tree: Tree, path: str, leaving: set[str]) -> bool:
    """Whether the file at `path` is one that leaves: where case is ignored, `A` is there as `a` too."""
    alike = [tree.folder / left for left in leaving if folded(left) == folded(path)]
    return bool(tree.mode(path)) and any(left.samefile(tree.folder / path) for left in alike)


def _refuse_file_in_the_way(tree: Tree, path: str, leaving: set[str]) -> None:
    for name in parents(path):
        if tree.is_file(name) and name not in leaving:
            raise OutputRefused(
                f"'{tree.folder / name}' is a file, and jvbundler needs a folder there: move it away"
            )
