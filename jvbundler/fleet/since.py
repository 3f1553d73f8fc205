"""Which apps have changed since a git revision: by git's own diff over the files that each reads and writes.

What an app reads counts as it is in the working tree, added to git or not: a render would read it. What it
writes counts once it is added: most of the files of a fleet are outputs, and a look at each takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from jvbundler.fleet.located import Located, real_path
from jvbundler.git import commit_of, git_together
from jvbundler.pipeline.request import Request
from jvbundler.source.images import file_named_by
from jvbundler.values.problem import InputError


class Changed(NamedTuple):
    """The apps that have changed, in their order, and the real paths of all files that have."""

    apps: list[Located]
    paths: list[str]


def changed_apps(apps: Sequence[Located], revision: str, request: Request) -> Changed:
    """Those that may give something else than they gave at the revision.

    Raises InputError for an app outside any git work tree, and for what is no revision there.
    """
    outside = next((each.shown_as for each in apps if not each.tree), None)
    if outside is not None:
        raise InputError(f"--since: '{outside}' is in no git work tree, so nothing tells what has changed")
    shared = [real_path(str(path)) for path in _shared(request) if path]
    paths: list[str] = []
    for tree in dict.fromkeys(each.tree for each in apps):
        inside = [each for each in apps if each.tree == tree]
        read = _within(tree, [*_parents(each.path for each in inside), *shared])
        written = _within(
            tree, _parents(each.output for each in inside if not _is_below(each.output, each.path))
        )
        in_ci = bool(request.options.environ.get("CI"))
        paths += changed_paths(tree, revision, read, {*read, *written}, with_new=not in_ci)
    if any(_is_below(path, one) for path in paths for one in shared):
        return Changed([*apps], paths)
    changed = _owners(paths, apps)
    return Changed([each for each in apps if each.path in changed], paths)


def changed_paths(
    tree: str, revision: str, read: Iterable[str], all_: Iterable[str], *, with_new: bool
) -> Iterator[str]:
    """The files in folders of a work tree that differ from the revision, as real paths.

    `with_new` are those that nobody has added yet: looking for them takes git longer than all the rest, and
    in CI there are none but those that the job itself made.
    """
    # A rename is a change of both places, and of two apps where it leads from one to the other.
    names = ("--literal-pathspecs", "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff")
    added = (*names, "--cached", commit_of(tree, revision, os.environ), "--", *sorted(all_))
    edited = (*names, "--", *sorted(read))
    new = ("--literal-pathspecs", "ls-files", "--others", "--exclude-standard", "-z", "--", *sorted(read))
    calls = (added, edited, *((new,) if with_new else ()))
    for done in git_together(tree, *calls, environ=os.environ):
        yield from (f"{tree}/{os.fsdecode(path)}".rstrip("/") for path in done.stdout.split(b"\0") if path)


def _shared(request: Request) -> Iterator[object]:
    """What every app is read with, and may lie outside all of them."""
    config = request.options.config
    yield config
    yield file_named_by(config) if config else None
    yield request.options.jvagent
    yield request.templates


def _parents(paths: Iterable[str]) -> set[str]:
    """The folders that the apps are in: a few have all of them."""
    return {path.rpartition("/")[0] for path in paths}


def _within(tree: str, paths: Iterable[str]) -> set[str]:
    """Where git has to look, relative to the work tree: all of it for a path above."""
    return {
        os.path.relpath(path, tree) if _is_below(path, tree) else "."
        for path in paths
        if _is_below(path, tree) or _is_below(tree, path)
    }


def _owners(paths: Iterable[str], apps: Sequence[Located]) -> set[str]:
    """The apps, by their paths, that have one of the files in their folder or their output."""
    owners: dict[str, list[str]] = {}
    for each in apps:
        owners.setdefault(each.path, []).append(each.path)
        owners.setdefault(each.output, []).append(each.path)
    return {owner for path in paths for folder in _upwards(path) for owner in owners.get(folder, ())}


def _upwards(path: str) -> Iterator[str]:
    """The path itself and every folder above it."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
