"""jvbundler.lock.json: which files of the output folder are ours, and what they were when we wrote them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler import __version__
from jvbundler.output.paths import content, is_safe
from jvbundler.values.problem import OutputRefused

LOCK = "jvbundler.lock.json"
SCHEMA = 1


class Lock(NamedTuple):
    """`inputs` is a digest of everything that the files were made from; `files` maps paths to SHA-256."""

    inputs: str
    files: dict[str, str]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def lock_text(lock: Lock) -> str:
    """The file's text: no time, host or path of a machine, so that it changes only with the files."""
    fields = {
        "jvbundler": __version__,
        "schema": SCHEMA,
        "inputs": lock.inputs,
        "files": dict(sorted(lock.files.items())),
    }
    return json.dumps(fields, indent=2) + "\n"


def read_lock(folder: Path) -> Lock | None:
    """The lock of an output folder, None if there is none; OutputRefused if it cannot be trusted."""
    data = content(folder, LOCK)
    if data is None:
        return None
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise _refused(folder, "cannot be read, perhaps after a merge") from None
    if isinstance(fields, dict) and isinstance(fields.get("schema"), int) and fields["schema"] > SCHEMA:
        raise OutputRefused(f"'{folder / LOCK}' was written by a newer jvbundler: upgrade this one")
    if not _is_lock(fields):
        raise _refused(folder, "does not hold what jvbundler wrote")
    return Lock(fields["inputs"], fields["files"])


def _is_lock(fields: Any) -> bool:
    if not isinstance(fields, dict) or not isinstance(fields.get("inputs"), str):
        return False
    files = fields.get("files")
    return isinstance(files, dict) and all(
        is_safe(path) and isinstance(digest, str) for path, digest in files.items()
    )


def _refused(folder: Path, why: str) -> OutputRefused:
    return OutputRefused(
        f"'{folder / LOCK}' {why}\n"
        "  restore it from git; or delete it and run 'jvbundler render --force', which takes over"
        " the existing files"
    )
