"""`render` and `render --check` of one app; the render is skipped if the output is known to be current.

A skipped render loads neither YAML nor templates: what only a render needs is imported where it happens.

What each app was last rendered from is recorded in the user's cache folder. A record is identified by the
content of every input, never by a time stamp, and the files in the output are compared by content as well.
Records only save time: without them everything is rendered.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler import __version__
from jvbundler.files import read_file, replace_file
from jvbundler.output.lockfile import read_lock, sha256
from jvbundler.output.outside import cache_folder
from jvbundler.output.paths import JOURNAL, STAGING, Tree
from jvbundler.pipeline.inputs import MAX_BYTES, Contents, Inputs, contents_of, read_inputs
from jvbundler.pipeline.request import AppFolder, Outcome, Request, config_path, repository_path
from jvbundler.source.image_file import content_and_state
from jvbundler.values.packaged import PACKAGE, packaged_path
from jvbundler.values.problem import OutputRefused, Place, Problem

if TYPE_CHECKING:
    from jvbundler.pipeline.render import Rendered
    from jvbundler.pipeline.request import Options


def write_app(app: AppFolder, request: Request) -> Outcome:
    """Render the app into its output folder. Raises InputError and OutputRefused."""

    def written(rendered: Rendered, inputs: Inputs | None) -> Outcome:
        from jvbundler.pipeline.render import write_rendered

        result = write_rendered(rendered, app, request, inputs)
        return Outcome(
            app,
            rendered.compiled.problems,
            written=result.written,
            deleted=result.deleted,
            unchanged=result.unchanged,
            created=result.created,
            roots=rendered.roots,
        )

    return _unless_unchanged(app, request, written)


def check_app(app: AppFolder, request: Request) -> Outcome:
    """Compare the app's output folder with what a render would write. Raises InputError and OutputRefused."""

    def compared(rendered: Rendered, _: Inputs | None) -> Outcome:
        from jvbundler.pipeline.render import drift_of

        paths = tuple(artifact.path for artifact in rendered.artifacts)
        found = drift_of(rendered, app, request)
        return Outcome(
            app, rendered.compiled.problems, unchanged=paths, drift=found or None, roots=rendered.roots
        )

    return _unless_unchanged(app, request, compared)


def _unless_unchanged(
    app: AppFolder, request: Request, finish: Callable[[Rendered, Inputs | None], Outcome]
) -> Outcome:
    """The result of `finish` on the render, skipped if it is recorded and its files are unchanged."""
    asked_for_all = not request.selection and not request.force
    inputs = read_inputs(app, request.templates) if asked_for_all else None
    key = record_key(app, request, inputs) if inputs else ""
    record = recorded(app, key, request.options) if key else None
    paths = paths_if_unchanged(app.output, record.files) if record else None
    if record and paths is not None:
        return Outcome(app, record.problems, unchanged=paths, roots=record.roots)
    from jvbundler.pipeline.render import render_app

    looked = TrackedEnviron(request.options.environ)
    rendered = render_app(app, request._replace(options=request.options._replace(environ=looked)))
    outcome = finish(rendered, inputs)
    # The key does not cover the files of a jvagent package.
    if key and not outcome.drift and rendered.compiled.project.app.jvagent_is_shipped:
        remember(app, key, looked, rendered, outcome)
    return outcome


class TrackedEnviron(Mapping[str, str]):
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
    """`files` is a digest of the lock's list of files; `problems` are warnings to repeat, as `roots` are."""

    files: str
    problems: tuple[Problem, ...]
    roots: tuple[tuple[str, str], ...] = ()


def record_key(app: AppFolder, request: Request, inputs: Inputs) -> str:
    """A digest of everything that decides the output and the messages, except the process environment.

    Empty if it is not known: for what cannot be read, or leads out of the app. Such an app is rendered every
    time.
    """
    options, templates = request.options, request.templates
    if options.jvagent or not inputs.is_whole or any(map(_includes_others, inputs.app.items())):
        return ""
    digest = hashlib.sha256(_program())
    paths = (str(app.root), app.shown_as, str(app.output), str(options.config), str(templates))
    asked = (options.assignments, request.strict, options.requires_list, repository_path(app.output))
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
    """Identifies this build's code and data: another build may have the same version."""
    with contextlib.suppress(OSError):
        # pip lists what it installed there, with the digest of each file.
        record = PACKAGE.parent / f"jvbundler-{__version__}.dist-info" / "RECORD"
        return hashlib.sha256(record.read_bytes()).digest()
    digest = hashlib.sha256()
    for folder in (PACKAGE, packaged_path("templates"), packaged_path("schemas/catalog")):
        for part in _parts(contents_of(str(folder), lambda _: None)):
            digest.update(part)
    return digest.digest()


def recorded(app: AppFolder, key: str, options: Options) -> Record | None:
    """The record of a render with this key, this image file and these values of its variables."""
    environ = options.environ
    try:
        fields = json.loads(read_file(_path(app), MAX_BYTES))
        _, images = content_and_state(config_path(app.root, options).parent / fields["images"])
        if fields["inputs"] != _with_variables(f"{key}{images}", fields["variables"], environ):
            return None
        roots = tuple((str(path), str(digest)) for path, digest in fields["roots"])
        return Record(fields["files"], tuple(_problem(each) for each in fields["problems"]), roots)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def remember(app: AppFolder, key: str, looked: TrackedEnviron, rendered: Rendered, outcome: Outcome) -> None:
    """Record the render; if that fails, the next one takes longer."""
    variables, images = sorted(looked.names), rendered.compiled.source.images
    fields = {
        "inputs": _with_variables(f"{key}{images.state}", variables, looked),
        "variables": variables,
        # It is named in deploy.yaml, which is not parsed to find a record.
        "images": images.path,
        "files": _list_digest({a.path: sha256(a.text.encode()) for a in rendered.artifacts}),
        "problems": outcome.problems,
        "roots": outcome.roots,
    }
    path = _path(app)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, json.dumps(fields).encode(), mode=0o600)


def paths_if_unchanged(output: Path, files: str) -> tuple[str, ...] | None:
    """The paths of the files in the output, None unless they are, byte for byte, the recorded ones."""
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
    """One file for an app and its output folder, so that a new record replaces the old one."""
    of = f"{os.path.abspath(app.root)}\n{os.path.abspath(app.output)}"  # noqa: PTH100
    return cache_folder(os.environ) / "records" / f"{sha256(of.encode('utf-8', 'surrogateescape'))[:32]}.json"
