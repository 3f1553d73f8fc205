"""Which warnings the user has seen already: those of a file that has not changed since.

A record for each file, in the user's cache folder as those of current.py: a digest of its content, and of
each warning that was shown. Without records everything is shown.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jvbundler.files import read_file, replace_file
from jvbundler.output.lockfile import sha256
from jvbundler.output.outside import cache_folder
from jvbundler.pipeline.inputs import MAX_BYTES
from jvbundler.values.problem import Problem


class Split(NamedTuple):
    """Problems to show, and warnings that were shown before."""

    new: tuple[Problem, ...]
    seen: tuple[Problem, ...]


def split(problems: Sequence[Problem], environ: Mapping[str, str]) -> Split:
    """An error is always new."""
    known = {file: _known(file, environ) for file in _files(problems)}
    seen = {p: None for p in problems if not p.is_error and _digest(p) in known[p.place.file]}
    return Split(tuple(p for p in problems if p not in seen), tuple(seen))


def remember(problems: Sequence[Problem], environ: Mapping[str, str]) -> None:
    """Note that these were shown; if that fails, they are shown again."""
    for file in _files(problems):
        warnings = [_digest(p) for p in problems if p.place.file == file and not p.is_error]
        content = _content(file)
        if not content or not warnings:
            continue
        fields = {"content": content, "warnings": sorted({*warnings, *_known(file, environ)})}
        path = _path(file, environ)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(path, json.dumps(fields).encode(), mode=0o600)


def _files(problems: Iterable[Problem]) -> list[str]:
    return list(dict.fromkeys(problem.place.file for problem in problems))


def _known(file: str, environ: Mapping[str, str]) -> frozenset[str]:
    """The warnings that were shown of the file as it is now."""
    content = _content(file)
    try:
        fields = json.loads(read_file(_path(file, environ), MAX_BYTES))
        is_same = bool(content) and fields["content"] == content
        return frozenset(map(str, fields["warnings"])) if is_same else frozenset()
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return frozenset()


def _content(file: str) -> str:
    """A digest of the file, empty if it cannot be read."""
    try:
        return sha256(read_file(file, MAX_BYTES))
    except (OSError, ValueError):
        return ""


def _digest(problem: Problem) -> str:
    return sha256(repr(tuple(problem)).encode("utf-8", "surrogateescape"))


def _path(file: str, environ: Mapping[str, str]) -> Path:
    name = sha256(os.path.abspath(file).encode("utf-8", "surrogateescape"))[:32]  # noqa: PTH100
    return cache_folder(environ) / "shown" / f"{name}.json"
