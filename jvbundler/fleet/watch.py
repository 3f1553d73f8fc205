"""Tells when a render may give something else: the files of the apps and of what they are rendered with.

Time stamps and sizes are enough here, as a render that was not needed writes nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from jvbundler.app.ignored import NOT_IN_IMAGE
from jvbundler.fleet.apps import app_folders
from jvbundler.pipeline.inputs import walk
from jvbundler.pipeline.request import Request, config_path
from jvbundler.source.images import file_named_by
from jvbundler.values.problem import InputError

SECONDS = 0.3
Stamp = tuple[int, int, int]
Stamps = dict[str, Stamp]


def changes(
    apps: Sequence[str], output: Path | None, request: Request, between: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, ...]]:
    """The paths that changed, whenever some did and then stayed for a moment; empty at the start.

    `between` is called before each look.
    """
    known = stamps(apps, output, request)
    yield ()
    while True:
        time.sleep(SECONDS)
        between()
        found = stamps(apps, output, request)
        if found == known:
            continue
        # An editor may still be writing.
        while True:
            time.sleep(SECONDS / 3)
            again = stamps(apps, output, request)
            if again == found:
                break
            found = again
        yield tuple(sorted(path for path in {*known, *found} if known.get(path) != found.get(path)))
        known = found


def stamps(apps: Sequence[str], output: Path | None, request: Request) -> Stamps:
    """Every file that a render of these apps may read, and when it changed; the outputs are left out."""
    options = request.options
    try:
        folders = app_folders(apps, output, options)
    except InputError:
        return {}
    found: Stamps = {}
    for app in folders:
        written = os.path.abspath(app.output)  # noqa: PTH100
        found |= _below(str(app.root), leave_out=NOT_IN_IMAGE, output=written)
        config = config_path(app.root, options)
        # Beside a deploy.yaml of `-c`, it is in no folder of an app.
        images = file_named_by(config) if options.config else None
        found |= _stamped(map(str, filter(None, (config, images))))
    for folder in (request.templates, options.jvagent):
        found |= _below(str(folder)) if folder else {}
    return found


def _below(folder: str, *, leave_out: frozenset[str] = frozenset(), output: str = "") -> Stamps:
    entries = walk(folder, lambda _: None, leave_out=leave_out, output=output)
    return _stamped(entry.path for entry, is_folder in entries if not is_folder)


def _stamped(paths: Iterable[str]) -> Stamps:
    found: Stamps = {}
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:
            continue
        found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found
