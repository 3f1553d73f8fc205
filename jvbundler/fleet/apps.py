"""Which apps a command line means, folders and globs, and where the output of each goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from jvbundler.output.paths import folded
from jvbundler.pipeline.request import (
    CONFIG,
    DEFAULT_OUTPUT,
    AppFolder,
    Options,
    below,
    folder_name,
    output_path,
)
from jvbundler.values.problem import InputError

# An app has one of them.
MARKS = ("app.yaml", CONFIG)
_MAGIC = frozenset("*?[")


def is_many(arguments: Sequence[str]) -> bool:
    """Whether the command line is for many apps: a glob is, even if it matches only one."""
    return len(arguments) > 1 or any(is_glob(argument) for argument in arguments)


def is_glob(argument: str) -> bool:
    """Whether it is a pattern, and not the name of an existing folder with such characters."""
    return not _MAGIC.isdisjoint(argument) and not os.path.isdir(argument)  # noqa: PTH112


def app_folders(arguments: Sequence[str], output: Path | None, options: Options) -> list[AppFolder]:
    """The apps that a command line means, this folder without arguments, with their output folders.

    The output of one app goes into `output`, that of each of many below it, under the name of the app's
    folder; without `output`, beside each deploy.yaml. Raises InputError for a glob that matches no app, and
    if two apps would share an output folder.
    """
    return [app_folder(*given) for given in apps_and_outputs(arguments, output, options)]


def app_folder(shown_as: str, output: str) -> AppFolder:
    return AppFolder(Path(shown_as), shown_as, Path(output))


def apps_and_outputs(
    arguments: Sequence[str], output: Path | None, options: Options
) -> list[tuple[str, str]]:
    """The same as texts, for who needs a few of many: paths of pathlib take longer than finding the apps."""
    many = is_many(arguments)
    given = [(root, output_of(root, output, options, many=many)) for root in app_roots(arguments)]
    _refuse_shared(given)
    return given


def output_of(shown_as: str, output: Path | None, options: Options, *, many: bool) -> str:
    """Where the output of an app goes on a command line for many apps, or for one."""
    if output and many:
        name = shown_as.rpartition("/")[2]
        return below(str(output), name if name not in ("", ".", "..") else folder_name(Path(shown_as)))
    if output or options.config:
        return str(output_path(Path(shown_as), output, options))
    return below(shown_as, DEFAULT_OUTPUT)


def app_roots(arguments: Sequence[str]) -> list[str]:
    """The folders of the apps, each once, those of a glob by name.

    A named folder counts as an app whatever it holds; one that a glob matches has to look like one.
    """
    found: dict[str, str] = {}
    for argument in arguments or ["."]:
        for folder in _matching(argument) if is_glob(argument) else [argument]:
            found.setdefault(os.path.normpath(folder), _as_typed(folder))
    return list(found.values())


def _as_typed(folder: str) -> str:
    return folder.removeprefix("./").rstrip("/") or ("/" if folder.startswith("/") else ".")


def _matching(pattern: str) -> list[str]:
    from glob import glob

    try:
        found = sorted(glob(pattern, recursive=True))  # noqa: PTH207
    except RecursionError:
        raise InputError(
            f"'{pattern}' looks into folders that are nested too deep: name the folders of the apps"
        ) from None
    folders = [folder for folder in found if _looks_like_an_app(folder)]
    if not folders:
        raise InputError(f"'{pattern}' matches no app: no folder with an app.yaml or a {CONFIG} in it")
    return folders


def _looks_like_an_app(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in MARKS)  # noqa: PTH118


def _refuse_shared(given: Sequence[tuple[str, str]]) -> None:
    seen: dict[str, str] = {}
    clashes = []
    # Resolved once per parent, which all may share. A folder that is itself a link is refused by the write.
    real = lru_cache(os.path.realpath)
    for shown_as, output in given:
        parent, _, name = output.rpartition("/")
        other = seen.setdefault(folded(f"{real(parent or '.')}/{name}"), shown_as)
        if other is not shown_as:
            clashes.append(f"'{other}' and '{shown_as}' would both be written to '{output}'")
    if clashes:
        hint = "rename one of the folders, or render them in two calls with different '-o'"
        raise InputError("\n  ".join([*clashes, hint]))
