"""Where apps are in their git work trees, looked up for thousands at once: texts all the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from jvbundler.pipeline.request import work_tree

# What somebody typed or a glob found, and the output of the app there.
Given = tuple[str, str]


class Located(NamedTuple):
    """An app: what messages call it, the real paths of its folder and its output, and the root of the git
    work tree that the app is in, empty for none.
    """

    shown_as: str
    path: str
    output: str
    tree: str

    @property
    def name(self) -> str:
        """The same on every machine that has the repository, wherever it is checked out."""
        return self.path[len(self.tree) + 1 :] if self.tree else os.path.normpath(self.shown_as)


def locate(apps: Iterable[Given]) -> list[Located]:
    """Where each of them is. Few folders have all of them, and each of these is looked at once."""
    real, tree_of = lru_cache(os.path.realpath), lru_cache(work_tree)
    found = []
    for shown_as, output in apps:
        path = real_path(shown_as, real)
        is_root = os.path.lexists(f"{path}/.git")
        tree = path if is_root else tree_of(path.rpartition("/")[0] or "/")
        # An output that is a link is refused by the write.
        above, _, name = output.rpartition("/")
        found.append(Located(shown_as, path, f"{real(above or '.')}/{name}", tree))
    return found


def real_path(path: str, real: Callable[[str], str] = os.path.realpath) -> str:
    """The same as os.path.realpath; `real`, which may remember, gives that of the folder that it is in."""
    parent, _, name = path.rpartition("/")
    if name in ("", ".", "..") or os.path.islink(path):  # noqa: PTH114
        return os.path.realpath(path)
    return os.path.join(real(parent or ("/" if path.startswith("/") else ".")), name)  # noqa: PTH118
