"""Changes the output folder all at once: stage everything, commit by one rename, then move into place.

Killed before the commit, the old files remain; killed after it, the next run finishes the move. This covers a
process that dies, not a machine that loses power: nothing is synced to disk.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.files import read_file
from jvbundler.output.paths import JOURNAL, MAX_BYTES, STAGING, Tree, folders_of, is_safe, parents
from jvbundler.values.problem import OutputRefused

PLAN = "journal.json"


class Journal(NamedTuple):
    """`delete` comes first, then each staged file in `write` moves to its path, in order, the lock last.

    `folders` did not exist before.
    """

    delete: tuple[str, ...]
    write: dict[str, str]
    folders: tuple[str, ...]


def stage(tree: Tree, delete: Sequence[str], write: Mapping[str, bytes]) -> Journal:
    """Put all changes into the staging folder, and commit; a failure before that leaves no trace."""
    folder = tree.folder
    staging, plan = f"{folder}/{STAGING}", f"{folder}/{STAGING}/{PLAN}"
    journal = Journal(
        tuple(delete), {path: str(number) for number, path in enumerate(write)}, _new_folders(tree, write)
    )
    if os.path.lexists(staging):
        raise OutputRefused(f"'{staging}' is not ours, or holds something that is not: remove it")
    try:
        os.mkdir(staging)  # noqa: PTH102
        _write(plan, json.dumps(journal._asdict()).encode())
        for name in journal.folders:
            os.mkdir(f"{folder}/{name}")  # noqa: PTH102
        for path, data in write.items():
            _write(f"{staging}/{journal.write[path]}", data)
        os.replace(plan, f"{folder}/{JOURNAL}")  # noqa: PTH105
    except BaseException:
        _abandon(folder)
        raise
    return journal


def _write(file: str, data: bytes) -> None:
    # "x": a folder that was just created is empty, and no link is followed.
    with open(file, "xb") as stream:  # noqa: PTH123
        stream.write(data)


def finish(tree: Tree, journal: Journal) -> None:
    """Carry out a committed journal, from wherever it stopped."""
    folder, staging = tree.folder, f"{tree.folder}/{STAGING}"
    # This refuses links before the first change.
    in_the_way = [path for path in (*journal.delete, *journal.write) if tree.is_folder(path)]
    # Once a file has moved, all deletions are done: repeated, one could hit a new file whose name differs
    # in case alone.
    staged = set(os.listdir(staging)) if os.path.isdir(staging) else set()  # noqa: PTH112, PTH208
    if staged.issuperset(journal.write.values()):
        for path in journal.delete:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                (folder / path).unlink()
        _remove_empty(folder, folders_of(journal.delete))
    for path, name in journal.write.items():
        if name in staged:
            if path in in_the_way:
                _remove_empty(folder, [path])
            _move(f"{staging}/{name}", f"{folder}/{path}")
    (folder / JOURNAL).unlink()
    _remove_staging(folder)


def _move(file: str, target: str) -> None:
    try:
        os.replace(file, target)  # noqa: PTH105
    except (FileNotFoundError, NotADirectoryError):
        # A deletion emptied its folder, or the folder replaces a file.
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        os.replace(file, target)  # noqa: PTH105


def recover(folder: Path) -> None:
    """Finish what an earlier run committed, and remove what an uncommitted one left."""
    tree = Tree(folder)
    text = tree.content(JOURNAL)
    left = tree.mode(STAGING)
    if text is not None:
        journal = _parsed(text)
        if journal is None:
            raise OutputRefused(
                f"'{folder / JOURNAL}' is not ours: remove it and run 'jvbundler render --force'"
            )
        finish(tree, journal)
    elif left:
        _abandon(folder)


def _abandon(folder: Path) -> None:
    with contextlib.suppress(OSError):
        journal = _parsed(read_file(folder / STAGING / PLAN, MAX_BYTES, follow_links=False))
        _remove_empty(folder, journal.folders if journal else ())
    _remove_staging(folder)


def _remove_staging(folder: Path) -> None:
    """It holds plain files only. What cannot be removed is left for the next run."""
    staging = f"{folder}/{STAGING}"
    if os.path.islink(staging):  # noqa: PTH114
        return
    with contextlib.suppress(OSError):
        for name in os.listdir(staging):  # noqa: PTH208
            os.unlink(f"{staging}/{name}")  # noqa: PTH108
        os.rmdir(staging)  # noqa: PTH106


def _new_folders(tree: Tree, paths: Iterable[str]) -> tuple[str, ...]:
    """The folders to create, outermost first, except where a file to be deleted still has the name."""
    return tuple(
        name
        for name in folders_of(paths)
        if not tree.mode(name) and not any(tree.is_file(above) for above in parents(name))
    )


def _remove_empty(folder: Path, names: Iterable[str]) -> None:
    for name in sorted(names, key=lambda name: name.count("/"), reverse=True):
        with contextlib.suppress(OSError):
            (folder / name).rmdir()


def _parsed(text: bytes) -> Journal | None:
    """The journal, None if the text is not one that we would write: it may come from anywhere."""
    try:
        fields: Any = json.loads(text)
        journal = Journal(tuple(fields["delete"]), dict(fields["write"]), tuple(fields["folders"]))
        paths = (*journal.delete, *journal.write, *journal.folders)
        fine = all(is_safe(path) for path in paths) and all(n.isdecimal() for n in journal.write.values())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return journal if fine else None
