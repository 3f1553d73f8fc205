"""Changes the output folder all at once: stage everything, commit by one rename, then move into place.

Killed before the commit, the old files stand; killed after it, the next run finishes the move. That holds for
a process that dies, not for a machine that loses power: nothing is synced to disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.errors import OutputRefused
from jvbundler.output.paths import JOURNAL, STAGING, content, is_safe, parents, refuse_links

PLAN = "journal.json"


class Journal(NamedTuple):
    """`delete` comes first, then each staged file in `write` moves to its path, in order, the lock last.

    `folders` did not exist before.
    """

    delete: tuple[str, ...]
    write: dict[str, str]
    folders: tuple[str, ...]


def stage(folder: Path, delete: Sequence[str], write: Mapping[str, bytes]) -> Journal:
    """Put all that changes into the staging folder, and commit; what fails before leaves no trace."""
    journal = Journal(
        tuple(delete), {path: str(number) for number, path in enumerate(write)}, _new_folders(folder, write)
    )
    staging = folder / STAGING
    try:
        staging.mkdir()
        (staging / PLAN).write_bytes(json.dumps(journal._asdict()).encode())
        for name in journal.folders:
            (folder / name).mkdir()
        for path, data in write.items():
            with open(f"{staging}/{journal.write[path]}", "wb") as stream:  # noqa: PTH123
                stream.write(data)
        (staging / PLAN).replace(folder / JOURNAL)
    except BaseException:
        _abandon(folder)
        raise
    return journal


def finish(folder: Path, journal: Journal) -> None:
    """Carry out a committed journal, from wherever it was left."""
    staging = folder / STAGING
    for path in (*journal.delete, *journal.write):
        refuse_links(folder, path)
    # Once a file has moved, all deletions are done: repeated, one could hit a new file whose name differs
    # in case alone.
    staged = {entry.name for entry in staging.iterdir()} if staging.is_dir() else set()
    if staged.issuperset(journal.write.values()):
        for path in journal.delete:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                (folder / path).unlink()
        _remove_empty(folder, {name for path in journal.delete for name in parents(path)})
    for path, name in journal.write.items():
        if name in staged:
            target = f"{folder}/{path}"
            if os.path.isdir(target):  # noqa: PTH112
                _remove_empty(folder, [path])
            if not os.path.isdir(parent := os.path.dirname(target)):  # noqa: PTH112, PTH120
                os.makedirs(parent)  # noqa: PTH103
            os.replace(f"{staging}/{name}", target)  # noqa: PTH105
    (folder / JOURNAL).unlink()
    shutil.rmtree(staging, ignore_errors=True)


def recover(folder: Path) -> None:
    """Finish what an earlier run committed, and remove what one left that did not get so far."""
    text = content(folder, JOURNAL)
    refuse_links(folder, STAGING)
    if text is not None:
        journal = _parsed(text)
        if journal is None:
            raise OutputRefused(
                f"'{folder / JOURNAL}' is not ours: remove it and run 'jvbundler render --force'"
            )
        finish(folder, journal)
    elif (folder / STAGING).exists():
        _abandon(folder)


def _abandon(folder: Path) -> None:
    with contextlib.suppress(OSError):
        journal = _parsed((folder / STAGING / PLAN).read_bytes())
        _remove_empty(folder, journal.folders if journal else ())
    shutil.rmtree(folder / STAGING, ignore_errors=True)


def _new_folders(folder: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """The folders to make, outermost first, but for those that a file to be deleted still stands in for."""
    needed = dict.fromkeys(name for path in paths for name in parents(path))
    return tuple(
        name
        for name in needed
        if not os.path.exists(f"{folder}/{name}")  # noqa: PTH110
        and not any(os.path.isfile(f"{folder}/{above}") for above in parents(name))  # noqa: PTH113
    )


def _remove_empty(folder: Path, names: Iterable[str]) -> None:
    for name in sorted(names, key=lambda name: name.count("/"), reverse=True):
        with contextlib.suppress(OSError):
            (folder / name).rmdir()


def _parsed(text: bytes) -> Journal | None:
    """The journal, None where the text is not one that we would write: it may come from anywhere."""
    try:
        fields: Any = json.loads(text)
        journal = Journal(tuple(fields["delete"]), dict(fields["write"]), tuple(fields["folders"]))
        paths = (*journal.delete, *journal.write, *journal.folders)
        fine = all(is_safe(path) for path in paths) and all(n.isdecimal() for n in journal.write.values())
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return journal if fine else None
