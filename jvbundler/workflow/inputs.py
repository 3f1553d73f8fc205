"""A digest of all that the output is made from, without values of secrets and paths of the machine."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jvbundler import __version__
from jvbundler.files import MIB, read_file, reason
from jvbundler.values.errors import InputError

if TYPE_CHECKING:
    from jvbundler.source.load import Source

# What jvbundler reads of an app; .env is not among it.
AT_ROOT = ("app.yaml", ".env.example", "requirements.txt", "requirements.lock")
IN_AGENTS = ("agent.yaml", "agent.yml", "info.yaml", "info.yml")
# In bytes: of the largest of them, a lock with hashes.
MAX_BYTES = 16 * MIB
# How deep is looked for them.
MAX_FOLDERS = 64


def inputs_digest(app_root: Path, source: Source, jvagent_version: str, templates: Path | None) -> str:
    """`sha256:…` of deploy.yaml as it reads after interpolation, the app's files and the user's templates.

    A secret's `${NAME}` is never replaced, so that its value cannot be guessed from the digest.
    """
    from jvbundler.values.node import plain  # not for records.py, which reads no YAML

    digest = hashlib.sha256(f"{__version__}\n{jvagent_version}\n".encode())
    trees = {"": source.base, **source.environments}
    digest.update(json.dumps({name: plain(tree) for name, tree in trees.items()}, default=str).encode())
    for name, path in (*_app_files(app_root), *_template_files(templates)):
        data = _bytes(path)
        digest.update(os.fsencode(f"\n{name}\n{len(data)}\n") + data)
    return f"sha256:{digest.hexdigest()}"


def _bytes(path: str) -> bytes:
    try:
        return read_file(path, MAX_BYTES)
    except OSError as failure:
        raise InputError(f"cannot read '{Path(path)}': {reason(failure)}") from failure


def _app_files(root: Path) -> Iterator[tuple[str, str]]:
    for name in AT_ROOT:
        if os.path.isfile(path := f"{root}/{name}"):  # noqa: PTH113
            yield name, path
    root_folder = f"{root}/agents"
    for folder, folders, names in os.walk(root_folder):
        folders.sort()
        if folder.count(os.sep, len(root_folder)) > MAX_FOLDERS:
            folders.clear()  # jvagent looks for an action in the fifth
        for name in sorted(set(names).intersection(IN_AGENTS)):
            path = f"{folder}/{name}"
            yield path[len(f"{root}/") :].replace(os.sep, "/"), path


def _template_files(folder: Path | None) -> Iterator[tuple[str, str]]:
    if folder:
        for path in sorted(folder.rglob("*.j2")):
            yield f"templates/{path.relative_to(folder).as_posix()}", str(path)
