"""The files that an app's output is made from, read once: for the digest in its lock and for records."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler import __version__
from jvbundler.app.ignored import NOT_IN_IMAGE
from jvbundler.app.skill_files import is_read
from jvbundler.files import MIB, read_file, reason
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.pipeline.request import AppFolder
    from jvbundler.source.load import Source

# What jvbundler reads of an app; .env is not among it.
_AT_ROOT = ("app.yaml", ".env.example", "requirements.txt", "requirements.lock")
_IN_AGENTS = ("SKILL.md", "agent.yaml", "agent.yml", "info.yaml", "info.yml")
_READ = frozenset((*_AT_ROOT, *_IN_AGENTS))
# In bytes: for the largest of them, a lock with hashes.
MAX_BYTES = 16 * MIB
# How deep they are looked for; jvagent looks for an action in the fifth folder.
_MAX_LEVELS = 64

Contents = Mapping[str, "bytes | OSError"]


class Inputs(NamedTuple):
    """The files of an app and of the user's templates, by their paths below these folders.

    `app` and `templates` are contents, `others` the names of all that is not read, files with their size.
    `is_whole` is false if something could not be read, or leads out of the folder.
    """

    app: Contents
    templates: Contents
    others: tuple[str, ...]
    is_whole: bool


def read_inputs(app: AppFolder, templates: Path | None) -> Inputs:
    """Everything that jvbundler reads of the app, and the names of the rest."""
    unread: list[object] = []
    others: list[str] = []
    contents: dict[str, bytes | OSError] = {}
    root = os.path.join(app.root, "")  # noqa: PTH118 (texts here: pathlib takes longer than the reading)
    output = os.path.abspath(app.output)  # noqa: PTH100
    for entry, is_folder in walk(str(app.root), unread.append, leave_out=NOT_IN_IMAGE, output=output):
        name = entry.path[len(root) :].replace(os.sep, "/")
        if is_folder:
            others.append(f"{name}/")
        elif entry.name in _READ:
            contents[name] = _content(entry.path)
        elif is_read(name) and isinstance(script := _content(entry.path), bytes):
            contents[name] = script
        else:
            others.append(f"{name} {_size(entry, unread.append)}")
    replaced = contents_of(str(templates), unread.append) if templates else {}
    unread += [data for data in (*contents.values(), *replaced.values()) if isinstance(data, OSError)]
    return Inputs(contents, replaced, tuple(others), is_whole=not unread)


def contents_of(folder: str, onerror: Callable[[object], None]) -> dict[str, bytes | OSError]:
    """The content of every file below a folder, by its path in it."""
    root = os.path.join(folder, "")  # noqa: PTH118
    return {
        entry.path[len(root) :].replace(os.sep, "/"): _content(entry.path)
        for entry, is_folder in walk(folder, onerror)
        if not is_folder
    }


def walk(
    folder: str,
    onerror: Callable[[object], None],
    *,
    leave_out: frozenset[str] = frozenset(),
    output: str = "",
    level: int = 0,
) -> Iterator[tuple[os.DirEntry[str], bool]]:
    """Everything below a folder, by name, a folder before what is in it, and whether it is a folder.

    `leave_out` are names directly in the folder that nothing is read from, and that may be large; `output` is
    the absolute path of a folder to leave out. `onerror` is called for a folder that cannot be read, one
    behind a link, which may lead anywhere, and one that is too deep.
    """
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as failure:
        onerror(failure)
        return
    for entry in entries:
        if entry.name in leave_out or _is_at(entry, output):
            continue
        is_folder = _is_folder(entry)
        yield entry, is_folder
        if is_folder:
            if entry.is_symlink() or level >= _MAX_LEVELS:
                onerror(entry)
            else:
                yield from walk(entry.path, onerror, output=output, level=level + 1)


def _is_at(entry: os.DirEntry[str], path: str) -> bool:
    # The name first: making a path absolute takes as long as reading a small file.
    return path.endswith(entry.name) and os.path.abspath(entry.path) == path  # noqa: PTH100


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _size(entry: os.DirEntry[str], onerror: Callable[[object], None]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError as failure:
        onerror(failure)
        return 0


def _content(path: str) -> bytes | OSError:
    try:
        return read_file(path, MAX_BYTES)
    except OSError as failure:
        return failure


def inputs_digest(inputs: Inputs, source: Source, jvagent_version: str) -> str:
    """`sha256:…` of deploy.yaml after interpolation, the app's files and the user's templates.

    It contains no path of the machine, and a secret's `${NAME}` is never replaced, so its value cannot be
    guessed from the digest. Raises InputError for a file that cannot be read.
    """
    from jvbundler.values.node import plain  # not for current.py, which reads no YAML

    digest = hashlib.sha256(f"{__version__}\n{jvagent_version}\n".encode())
    trees = {"": source.base, **source.environments}
    digest.update(json.dumps({name: plain(tree) for name, tree in trees.items()}, default=str).encode())
    for name, data in (*_app_files(inputs.app), *_template_files(inputs.templates)):
        if isinstance(data, OSError):
            raise InputError(f"cannot read '{data.filename}': {reason(data)}") from data
        digest.update(os.fsencode(f"\n{name}\n{len(data)}\n") + data)
    return f"sha256:{digest.hexdigest()}"


def _app_files(contents: Contents) -> Iterator[tuple[str, bytes | OSError]]:
    """Those at the root, then those of the agents, the files of a folder before its folders."""
    yield from ((name, contents[name]) for name in _AT_ROOT if name in contents)
    agents = [path.rpartition("/") for path in contents if path.startswith("agents/")]
    for folder, _, name in sorted(agents, key=lambda parts: (parts[0].split("/"), parts[2])):
        if name in _IN_AGENTS or is_read(f"{folder}/{name}"):
            yield f"{folder}/{name}", contents[f"{folder}/{name}"]


def _template_files(contents: Contents) -> Iterator[tuple[str, bytes | OSError]]:
    return ((f"templates/{name}", data) for name, data in contents.items() if name.endswith(".j2"))
