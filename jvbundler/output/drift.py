"""Whether the output folder is what a render would write now. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jvbundler.files import reason
from jvbundler.output.lockfile import LOCK, Lock, read_lock, sha256
from jvbundler.output.paths import Tree
from jvbundler.output.write import compare, keep_nothing
from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import OutputRefused

# What each kind of drift means to somebody who has not read the documentation.
MEANINGS = {
    "stale": "is out of date",
    "missing": "is missing",
    "orphaned": "is no longer rendered",
    "edited": "was edited by hand",
    "foreign": "was not written by jvbundler",
}


class Drift(NamedTuple):
    """Paths by what is wrong with them: `stale` files are ours and out of date, `missing` ones do not exist,
    `orphaned` ones are ours and no longer rendered, `edited` ones are ours and changed by hand, `foreign`
    ones are somebody else's in the place of ours.
    """

    stale: tuple[str, ...]
    missing: tuple[str, ...]
    orphaned: tuple[str, ...]
    edited: tuple[str, ...]
    foreign: tuple[str, ...]

    def __bool__(self) -> bool:
        return any(tuple(self))

    @property
    def needs_force(self) -> bool:
        """Whether a render refuses to fix it: it would destroy what somebody else wrote."""
        return bool(self.edited or self.foreign)

    def findings(self) -> Iterator[tuple[str, str, str]]:
        """The kind of drift, the path, and what it means as a sentence about the path: "is out of date"."""
        for kind, paths in zip(self._fields, self, strict=True):
            yield from ((kind, path, MEANINGS[kind]) for path in paths)


def drift(
    folder: Path, artifacts: Sequence[Artifact], *, keep: Callable[[str], bool] = keep_nothing
) -> Drift:
    """How the folder differs. Line ends that git changed on checkout do not count."""
    wanted = {artifact.path: artifact.text.encode() for artifact in artifacts}
    try:
        lock = read_lock(folder)
        statuses = compare(Tree(folder), wanted, lock, keep)
    except OSError as failure:
        raise OutputRefused(f"cannot read '{folder}': {reason(failure)}") from failure

    def having(*status: str) -> tuple[str, ...]:
        return tuple(path for path, found in statuses.items() if found in status)

    files = Drift(
        stale=having("stale"),
        missing=(*having("missing"), *(() if lock else (LOCK,))),
        orphaned=having("orphaned"),
        edited=having("edited", "orphaned-edited"),
        foreign=having("foreign"),
    )
    return files._replace(stale=(LOCK,)) if not files and _lists_others(lock, wanted, keep) else files


def _lists_others(lock: Lock | None, wanted: Mapping[str, bytes], keep: Callable[[str], bool]) -> bool:
    """Whether the lock lists other files although the files are right: after a careless merge."""
    ours = {path: digest for path, digest in (lock.files if lock else {}).items() if not keep(path)}
    return ours != {path: sha256(data) for path, data in wanted.items()}
