"""The part of a fleet that a run is about: the apps that changed since a revision, and a shard of those."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from jvbundler.fleet.apps import MARKS, app_folder, apps_and_outputs, is_glob, output_of
from jvbundler.fleet.located import Located, locate
from jvbundler.fleet.shards import Shard, is_in
from jvbundler.output.lockfile import LOCK
from jvbundler.pipeline.request import AppFolder, Request


class Part(NamedTuple):
    """What is asked for; neither is the whole fleet."""

    since: str = ""
    shard: Shard | None = None

    def __bool__(self) -> bool:
        return bool(self.since or self.shard)


class Chosen(NamedTuple):
    """The apps of the part, out of `total`, and those that were deleted since the revision while their output
    stayed.
    """

    apps: list[AppFolder]
    total: int
    deleted: tuple[AppFolder, ...] = ()


def chosen(arguments: Sequence[str], output: Path | None, request: Request, part: Part) -> Chosen:
    """The apps of the part that a command line means, in their order.

    Raises InputError as `app_folders` does, for an app outside any git work tree, and for a wrong revision.
    """
    given = apps_and_outputs(arguments, output, request.options)
    outputs = dict(given)
    located = _of_shard(locate(given), part.shard)
    if not part.since:
        return Chosen([app_folder(one.shown_as, outputs[one.shown_as]) for one in located], len(given))
    from jvbundler.fleet.since import changed_apps

    found = changed_apps(located, part.since, request)
    gone = _deleted(found.paths, [one for one in arguments if is_glob(one)])
    left = {one: output_of(one, output, request.options, many=True) for one in gone}
    left = {one: folder for one, folder in left.items() if os.path.lexists(f"{folder}/{LOCK}")}
    deleted = _of_shard(locate(left.items()), part.shard)
    return Chosen(
        [app_folder(one.shown_as, outputs[one.shown_as]) for one in found.apps],
        len(given),
        tuple(app_folder(one.shown_as, left[one.shown_as]) for one in deleted),
    )


def _of_shard(apps: Iterable[Located], shard: Shard | None) -> list[Located]:
    return [each for each in apps if shard is None or is_in(shard, each.name)]


def _deleted(paths: Iterable[str], globs: Sequence[str]) -> list[str]:
    """The folders that the globs would match, and that were apps, as the globs would have found them."""
    here = os.path.realpath(".")
    folders = {os.path.split(path)[0] for path in paths if os.path.split(path)[1] in MARKS}
    gone = [path for path in sorted(folders) if not any(os.path.lexists(f"{path}/{mark}") for mark in MARKS)]
    return list(_as_matched(gone, globs, here))


def _as_matched(folders: Iterable[str], globs: Sequence[str], here: str) -> Iterator[str]:
    for folder in folders:
        relative = os.path.relpath(folder, here)
        for pattern in map(os.path.normpath, globs):
            shown_as = folder if pattern.startswith("/") else relative
            # Here `*` crosses folders, and in a glob only `**` does.
            is_as_deep = "**" in pattern or shown_as.count("/") == pattern.count("/")
            if is_as_deep and fnmatchcase(shown_as, pattern):
                yield shown_as
                break
