"""What each app was last rendered from, in the user's cache folder, so that a run over many can leave it out.

A record is known by the content of every input, never by a time stamp, and the files in the output are
compared by content as well. Only time depends on records: without them everything is rendered.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler import __version__
from jvbundler.files import read_file
from jvbundler.output.lockfile import read_lock, sha256
from jvbundler.output.paths import JOURNAL, STAGING, Tree
from jvbundler.output.replace import replace_file
from jvbundler.pipeline.inputs import MAX_BYTES, Contents, Inputs, contents_of
from jvbundler.pipeline.request import AppFolder, Request, config_path
from jvbundler.values.packaged import PACKAGE, packaged_path
from jvbundler.values.problem import OutputRefused, Place, Problem

if TYPE_CHECKING:
    from jvbundler.values.artifact import Artifact


class Looked(Mapping[str, str]):
    """A process environment that remembers which variables a render looked up."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


class Record(NamedTuple):
    """`files` is a digest of the lock's list of files, `problems` are the warnings to repeat."""

    files: str
    problems: tuple[Problem, ...]


def record_key(app: AppFolder, request: Request, inputs: Inputs) -> str:
    """A digest of all that decides the output and the messages, but for the process environment.

    Empty where it cannot be told: what cannot be read, and what leads out of the app. Such an app is
    rendered every time.
    """
    options, templates = request.options, request.templates
    if options.jvagent or not inputs.is_whole or any(map(_includes_others, inputs.app.items())):
        return ""
    digest = hashlib.sha256(_program())
    paths = (str(app.root), app.shown_as, str(app.output), str(options.config), str(templates))
    asked = (options.assignments, request.strict, options.requires_list)
    digest.update(repr((paths, asked, inputs.others)).encode())
    try:
        digest.update(read_file(config_path(app.root, options)))
    except OSError:
        return ""
    for part in (*_parts(inputs.app), *_parts(inputs.templates)):
        digest.update(part)
    return digest.hexdigest()


def _includes_others(file: tuple[str, bytes | OSError]) -> bool:
    """Whether it is a requirements.txt that includes files, which may have any name."""
    name, data = file
    return (
        name.endswith("requirements.txt") and isinstance(data, bytes) and (b"-r" in data or b"--req" in data)
    )


def _parts(contents: Contents) -> Iterator[bytes]:
    for name, data in contents.items():
        if isinstance(data, bytes):
            yield f"\n{name}\n{len(data)}\n".encode("utf-8", "surrogateescape") + data


@lru_cache
def _program() -> bytes:
    """What tells our code and data from those of another build, which may be of the same version."""
    with contextlib.suppress(OSError):
        # What pip installed is listed there with the digest of each file.
        record = PACKAGE.parent / f"jvbundler-{__version__}.dist-info" / "RECORD"
        return hashlib.sha256(record.read_bytes()).digest()
    digest = hashlib.sha256()
    for folder in (PACKAGE, packaged_path("templates"), packaged_path("schemas/catalog")):
        for part in _parts(contents_of(str(folder), lambda _: None)):
            digest.update(part)
    return digest.digest()


def recorded(app: AppFolder, key: str, environ: Mapping[str, str]) -> Record | None:
    """The record of a render of this key and from variables of these values."""
    try:
        fields = json.loads(read_file(_path(app), MAX_BYTES))
        if fields["inputs"] != _with_variables(key, fields["variables"], environ):
            return None
        return Record(fields["files"], tuple(_problem(each) for each in fields["problems"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def remember(
    app: AppFolder,
    key: str,
    environ: Looked,
    artifacts: Iterable[Artifact],
    problems: Sequence[Problem],
) -> None:
    """Put the render on record; where that fails, the next one takes longer."""
    variables = sorted(environ.names)
    fields = {
        "inputs": _with_variables(key, variables, environ),
        "variables": variables,
        "files": _list_digest({a.path: sha256(a.text.encode()) for a in artifacts}),
        "problems": problems,
    }
    path = _path(app)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, json.dumps(fields).encode(), mode=0o600)


def standing(output: Path, files: str) -> tuple[str, ...] | None:
    """The paths of the files in the output, None where they are not, byte for byte, those on record."""
    if os.path.lexists(f"{output}/{JOURNAL}") or os.path.lexists(f"{output}/{STAGING}"):
        return None  # left by a run that was killed: the next write has to repair it
    try:
        lock = read_lock(output)
        if lock is None or _list_digest(lock.files) != files:
            return None
        tree = Tree(output)
        same = all(sha256(tree.content(path) or b"") == digest for path, digest in lock.files.items())
    except (OSError, OutputRefused):
        return None
    return tuple(lock.files) if same else None


def _list_digest(files: Mapping[str, str]) -> str:
    return sha256(json.dumps(files, sort_keys=True).encode())


def _with_variables(key: str, names: Iterable[str], environ: Mapping[str, str]) -> str:
    values = [(name, environ.get(name)) for name in names]
    return sha256(f"{key}{values!r}".encode())


def _problem(fields: Sequence[Any]) -> Problem:
    rule, severity, place, message, hint, related = fields
    return Problem(rule, severity, Place(*place), message, hint, tuple(Place(*one) for one in related))


def _path(app: AppFolder) -> Path:
    """One file for an app and its output folder, so that a new record takes the place of the old one."""
    of = f"{os.path.abspath(app.root)}\n{os.path.abspath(app.output)}"  # noqa: PTH100
    return _folder() / f"{sha256(of.encode('utf-8', 'surrogateescape'))[:32]}.json"


def _folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(home or os.path.expanduser("~/.cache")) / "jvbundler" / "records"  # noqa: PTH111
