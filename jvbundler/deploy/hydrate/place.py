"""Where on a branch the files of an app are, and whether something of somebody else is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jvbundler.deploy.hydrate import files
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.hydrate.branch import Hydrated

_PATH = r"[^\s\"\\:]+\Z"


def checked_path(text: str) -> str:
    """The folder. Raises InputError for the root, what is outside, and what fast-import would misread."""
    path = text.strip("/")
    parts = path.split("/")
    if not re.match(_PATH, path) or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise InputError(
            f"'{path}' cannot be the folder of an app on the branch: "
            "write a relative path below its root, without spaces and '..', as in apps/support"
        )
    return path


def above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def ours(path: str, *, only_path: bool) -> list[str]:
    top = [] if only_path else [files.METADATA, files.ATTRIBUTES]
    return [f"{path}/{name}" for name in (files.MANIFEST, files.METADATA, files.README)] + top


def refuse_foreign(path: str, branch: str, *, only_path: bool, hydrated: Hydrated) -> None:
    """Raise InputError where the branch has something of somebody else at a path that we would write."""
    found = hydrated.entries
    for name in above(path):
        if name in found and found[name].kind != "tree":
            raise InputError(f"'{name}' is not a folder on '{branch}': choose another --path")
    for name in ours(path, only_path=only_path):
        if name in found and not found[name].mode.startswith("100"):
            raise InputError(f"'{name}' is not a file on '{branch}': choose another --path")
    own = [name for name in ours(path, only_path=True) if name in found]
    if own and f"{path}/{files.METADATA}" not in own:
        raise InputError(
            f"no hydrator wrote '{own[0]}' on '{branch}': it has no {files.METADATA} beside it; "
            "choose another --path, or remove it there"
        )
