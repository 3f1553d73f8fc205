"""Many apps in one call: which they are, where the output of each goes, and one job for each over the cores.

A job is a function of one app; it must be importable by name, as it may run in another process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from jvbundler.output.paths import folded
from jvbundler.values.errors import InputError
from jvbundler.workflow.options import CONFIG, Options, output_path

Result = TypeVar("Result")

_MAGIC = frozenset("*?[")
# Fewer are done before the other processes have started: 0.05 s, which is three apps that are written anew.
ENOUGH_FOR_WORKERS = 16
# With fewer for each, more workers would not be done earlier.
_APPS_FOR_A_WORKER = 4
# In how many parts a worker gets its share: few of them wait for one another, and none at the end for long.
_PARTS = 8


class AppFolder(NamedTuple):
    """An app, as messages call it, and the folder for its output."""

    root: Path
    shown_as: str
    output: Path


def is_many(arguments: Sequence[str]) -> bool:
    """Whether the command line is about many apps: a glob is, even where it matches one."""
    return len(arguments) > 1 or any(is_glob(argument) for argument in arguments)


def is_glob(argument: str) -> bool:
    """Whether it is a pattern, and not the name of a folder with such characters in it."""
    return not _MAGIC.isdisjoint(argument) and not os.path.isdir(argument)  # noqa: PTH112


def app_roots(arguments: Sequence[str]) -> list[str]:
    """The folders of the apps, each once, those of a glob by name; InputError for a glob that matches none.

    A folder that is named is taken for an app whatever it holds; one that a glob matches looks like one.
    """
    found: dict[str, str] = {}
    for argument in arguments:
        for folder in _matching(argument) if is_glob(argument) else [argument]:
            found.setdefault(os.path.normpath(folder), folder.removeprefix("./").rstrip("/") or folder)
    return list(found.values())


def _matching(pattern: str) -> list[str]:
    from glob import glob

    try:
        found = sorted(glob(pattern, recursive=True))  # noqa: PTH207
    except RecursionError:
        raise InputError(
            f"'{pattern}' looks into folders that are nested too deep: say where the apps are"
        ) from None
    folders = [folder for folder in found if _looks_like_an_app(folder)]
    if not folders:
        raise InputError(f"'{pattern}' matches no app: no folder with an app.yaml or a {CONFIG} in it")
    return folders


def _looks_like_an_app(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in ("app.yaml", CONFIG))  # noqa: PTH118


def app_folders(arguments: Sequence[str], output: Path | None, options: Options) -> list[AppFolder]:
    """The apps with their output folders: below `output` by the name of the app's folder, else beside each
    deploy.yaml. InputError where two would share one.
    """
    apps = []
    for shown_as in app_roots(arguments):
        root = Path(shown_as)
        folder = output / _name(root) if output else output_path(root, None, options)
        apps.append(AppFolder(root, shown_as, folder))
    _refuse_shared(apps)
    return apps


def _name(root: Path) -> str:
    return root.name if root.name not in ("", "..") else os.path.basename(os.path.realpath(root))  # noqa: PTH119


def _refuse_shared(apps: Sequence[AppFolder]) -> None:
    seen: dict[str, AppFolder] = {}
    clashes = []
    # Once for each parent, which may be that of all. A folder that is a link itself is refused by the write.
    real = lru_cache(os.path.realpath)
    for app in apps:
        parent, name = os.path.split(app.output)
        other = seen.setdefault(folded(f"{real(parent)}/{name}"), app)
        if other is not app:
            clashes.append(f"'{other.shown_as}' and '{app.shown_as}' would both be written to '{app.output}'")
    if clashes:
        hint = "rename one of the folders, or render them in two calls with different '-o'"
        raise InputError("\n  ".join([*clashes, hint]))


def each(job: Callable[[AppFolder], Result], apps: Sequence[AppFolder]) -> Iterator[Result]:
    """The result of `job` for each app, in order, as they come; over the cores where that is quicker."""
    workers = min(cores(), len(apps) // _APPS_FOR_A_WORKER)
    if workers < 2 or len(apps) < ENOUGH_FOR_WORKERS:
        yield from map(job, apps)
        return
    from concurrent.futures import ProcessPoolExecutor

    from jvbundler.workflow.worker import become_worker

    with ProcessPoolExecutor(workers, initializer=become_worker) as pool:
        yield from pool.map(job, apps, chunksize=max(1, len(apps) // (workers * _PARTS)))


def cores() -> int:
    """Those that this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
