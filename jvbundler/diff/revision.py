"""The output folder as git has it at a revision. Reads through git, changes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from jvbundler.git import commit_of, git
from jvbundler.output.lockfile import LOCK
from jvbundler.output.paths import is_safe
from jvbundler.values.problem import ToolFailed


def at_revision(output: Path, revision: str, wanted: Iterable[str]) -> dict[str, bytes]:
    """Our files as git has them at a revision, by the lock of that revision.

    InputError if the folder is not in a repository, or the revision does not exist; ToolFailed without git.
    """
    base = next(path for path in (output.absolute(), *output.absolute().parents) if path.is_dir())
    commit = commit_of(base, revision, os.environ)
    blobs = _blobs(base, commit, output.absolute().relative_to(base).as_posix())
    if LOCK in blobs:
        lock = _contents(base, {LOCK: blobs[LOCK]})[LOCK]
        ours = {*wanted, *_paths_of_lock(lock)}
    else:
        ours = {*wanted}
    return _contents(base, {path: blob for path, blob in blobs.items() if path in ours})


def _blobs(base: Path, commit: str, folder: str) -> dict[str, str]:
    """The ids of the ordinary files in a folder below `base`, by their paths in it."""
    place = "." if folder == "." else f"{folder}/"
    listed = git(base, "ls-tree", "-r", "-z", commit, "--", place, environ=os.environ).text
    prefix = "" if folder == "." else f"{folder}/"
    found: dict[str, str] = {}
    for entry in filter(None, listed.split("\0")):
        facts, _, path = entry.partition("\t")
        mode, kind, blob = facts.split()
        if kind == "blob" and mode.startswith("100"):
            found[path.removeprefix(prefix)] = blob
    return found


def _contents(base: Path, blobs: Mapping[str, str]) -> dict[str, bytes]:
    """The content of the blobs, from a single process."""
    if not blobs:
        return {}
    wanted = "".join(f"{blob}\n" for blob in blobs.values()).encode()
    out = git(base, "cat-file", "--batch", environ=os.environ, input=wanted).stdout
    found: dict[str, bytes] = {}
    for path in blobs:
        header, _, out = out.partition(b"\n")
        if not header.split()[-1].isdigit():
            raise ToolFailed(f"git has no content of '{path}': {header.decode('utf-8', 'replace')}")
        size = int(header.split()[-1])
        found[path], out = out[:size], out[size + 1 :]
    return found


def _paths_of_lock(text: bytes) -> list[str]:
    """The paths that the lock of that revision lists; none if it cannot be read."""
    try:
        files = json.loads(text)["files"]
        return [path for path in files if is_safe(path)]
    except (ValueError, KeyError, TypeError):
        return []
