"""Artifacts → the output folder: only our files change, all of them or none.

Compares what is in the folder with what should be: used by both a write and a check.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from jvbundler.files import reason
from jvbundler.output.journal import finish, recover, stage
from jvbundler.output.lockfile import LOCK, Lock, lock_text, read_lock, sha256
from jvbundler.output.paths import Tree, check_paths, folded, folders_of, parents, refuse_folder
from jvbundler.output.writer_lock import only_writer
from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import OutputRefused

# same: the bytes that we would write. line-ends: the same except for CRLF, as git checks out on Windows.
# stale: as we wrote it, but we would now write something else. edited: ours, changed by somebody else.
# foreign: somebody else's, in the place of ours. orphaned: as we wrote it, but we no longer would.
Status = Literal["same", "line-ends", "missing", "stale", "edited", "foreign", "orphaned", "orphaned-edited"]


class WriteResult(NamedTuple):
    """Paths in the output folder, sorted; the lock is not among them."""

    written: tuple[str, ...]
    deleted: tuple[str, ...]
    unchanged: tuple[str, ...]
    # Those of `written` that were not there.
    created: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return len(self.written) + len(self.unchanged)


def keep_nothing(path: str) -> bool:
    return False


def write_output(
    folder: Path,
    artifacts: Sequence[Artifact],
    *,
    force: bool,
    protected: Sequence[Path] = (),
    inputs: str = "",
    keep: Callable[[str], bool] = keep_nothing,
) -> WriteResult:
    """Make the folder hold the artifacts, and delete what an earlier run wrote and this one does not.

    `protected` are the folders of the app's sources. `inputs` is the digest that the lock records; a lock
    that differs in nothing else is left alone. `keep` selects our files that this render does not cover.
    `force` discards what others changed in our files, or put in their place. Raises OutputRefused, and
    ValueError for paths that no target may render.
    """
    check_paths([LOCK, *(artifact.path for artifact in artifacts)])
    wanted = {artifact.path: artifact.text.encode() for artifact in artifacts}
    try:
        refuse_folder(folder, protected)
        with _made(folder), only_writer(folder):
            recover(folder)
            return _write(folder, wanted, force=force, inputs=inputs, keep=keep)
    except OSError as failure:
        raise OutputRefused(f"cannot write to '{folder}': {reason(failure)}") from failure


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """The folder, which is removed again if it was created in vain."""
    made = list(itertools.takewhile(lambda path: not path.exists(), (folder, *folder.parents)))
    if made:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()
        raise


def _write(
    folder: Path, wanted: Mapping[str, bytes], *, force: bool, inputs: str, keep: Callable[[str], bool]
) -> WriteResult:
    old = read_lock(folder)
    tree = Tree(folder)
    statuses = compare(tree, wanted, old, keep)
    if not force:
        _refuse_loss(folder, statuses)
    deleted = [path for path, status in statuses.items() if status.startswith("orphaned")]
    unchanged = [path for path, status in statuses.items() if status == "same"]
    written = [path for path in statuses if path not in {*deleted, *unchanged}]
    kept = {path: digest for path, digest in (old.files if old else {}).items() if keep(path)}
    new = Lock(inputs, {**kept, **{path: sha256(data) for path, data in wanted.items()}})
    if written or deleted or old is None or old.files != new.files:
        _refuse_unwritable(tree, [*written, *deleted, LOCK])
        changes = {path: wanted[path] for path in written}
        journal = stage(tree, deleted, {**changes, LOCK: lock_text(new).encode()})
        # A new tree: a link that was planted in the meantime is not followed.
        finish(Tree(folder), journal)
    created = tuple(path for path in written if statuses[path] == "missing")
    return WriteResult(tuple(written), tuple(deleted), tuple(unchanged), created)


def _refuse_loss(folder: Path, statuses: Mapping[str, Status]) -> None:
    """Raise OutputRefused where the write would destroy what somebody else wrote."""
    edited = [path for path, status in statuses.items() if status in ("edited", "orphaned-edited")]
    foreign = [path for path, status in statuses.items() if status == "foreign"]
    lines = []
    if edited:
        lines += ["edited by hand since the last render:", *(f"  {folder / path}" for path in edited)]
        lines += [
            "move the edit to deploy.yaml ('kubernetes.patches' takes any), or to a template of your own",
            "('jvbundler templates eject'); '--force' discards it",
        ]
    if foreign:
        lines += ["not written by jvbundler, and in the way:", *(f"  {folder / path}" for path in foreign)]
        lines += ["move it away, give another folder with '-o', or '--force' to replace it"]
    if lines:
        raise OutputRefused("\n".join(lines))


def _refuse_unwritable(tree: Tree, paths: Sequence[str]) -> None:
    """Raise OutputRefused before anything has changed, instead of half-way through."""
    for name in sorted({path.rpartition("/")[0] for path in paths}):
        parent = tree.folder / name
        if tree.is_folder(name) and not os.access(parent, os.W_OK | os.X_OK):
            raise OutputRefused(f"cannot write to '{parent}': permission denied")


def compare(
    tree: Tree, wanted: Mapping[str, bytes], lock: Lock | None, keep: Callable[[str], bool]
) -> dict[str, Status]:
    """The status of each wanted file, and of each file of the lock that is neither wanted nor to `keep`.

    A file of the lock that no longer exists has no status. Raises OutputRefused for links and the like.
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
    """Whether `path` is a folder that holds only files of ours that are about to be deleted."""
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
    """Whether `path` is a file that is about to be deleted: where case is ignored, `A` is also `a`."""
    alike = [tree.folder / left for left in leaving if folded(left) == folded(path)]
    return bool(tree.mode(path)) and any(left.samefile(tree.folder / path) for left in alike)


def _refuse_file_in_the_way(tree: Tree, path: str, leaving: set[str]) -> None:
    for name in parents(path):
        if tree.is_file(name) and name not in leaving:
            raise OutputRefused(
                f"'{tree.folder / name}' is a file, and jvbundler needs a folder there: move it away"
            )
