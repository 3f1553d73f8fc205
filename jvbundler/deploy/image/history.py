"""`image history`: what each commit changed in images.yaml, read from git."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.git import git
from jvbundler.source.images import SECTIONS
from jvbundler.source.yaml.file import parse_yaml
from jvbundler.values.node import plain
from jvbundler.values.problem import InputError
from jvbundler.values.reference import Reference

# Commit, author's date in RFC 3339, author and subject, each ended by a byte that none of them can have.
_FORMAT = "--format=%H%x00%aI%x00%an%x00%s"
# Images by environment and platform.
Versions = Mapping[tuple[str, str], Reference]


class Moved(NamedTuple):
    """An image that a commit put in the place of another; `before` or `after` is None where there is none."""

    commit: str
    date: str
    author: str
    subject: str
    environment: str
    platform: str
    before: Reference | None
    after: Reference | None


def history(file: Path, environ: Mapping[str, str], *, environment: str, limit: int) -> tuple[Moved, ...]:
    """The newest `limit` changes of the file's images, of one environment if it is named.

    Raises InputError if git knows nothing of the file.
    """
    folder, name = file.parent, f"./{file.name}"
    log = git(folder, "log", "--no-show-signature", _FORMAT, "--", name, environ=environ, expected=(0, 128))
    if log.code:
        reason = log.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise InputError(f"git has no history of '{file}': {reason}")
    commits = [line.split("\0") for line in log.text.splitlines() if line.count("\0") == 3]
    found: list[Moved] = []
    for number, (commit, date, author, subject) in enumerate(commits):
        after = _versions_at(folder, commit, name, environ)
        earlier = commits[number + 1][0] if number + 1 < len(commits) else ""
        before = _versions_at(folder, earlier, name, environ) if earlier else {}
        for (where, platform), old, new in _changes(before, after):
            if environment in ("", where):
                found.append(Moved(commit, date, author, subject, where, platform, old, new))
        if len(found) >= limit:
            break
    return tuple(found[:limit])


def commits_between(
    folder: Path, old: str, new: str, environ: Mapping[str, str], *, limit: int = 20
) -> tuple[str, ...]:
    """The commits that `new` has and `old` has not, newest first, a line each; none where git cannot tell."""
    span = f"{old}..{new}"
    words = ("log", "--no-show-signature", "--format=%h %s", f"--max-count={limit}", "--end-of-options", span)
    done = git(folder, *words, "--", environ=environ, expected=range(256))
    return tuple(done.text.splitlines()) if done.code == 0 else ()


def _changes(
    before: Versions, after: Versions
) -> Iterator[tuple[tuple[str, str], Reference | None, Reference | None]]:
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


def _versions_at(folder: Path, commit: str, name: str, environ: Mapping[str, str]) -> Versions:
    """The images of the file as a commit has it; none where it has no such file, or one that is not valid."""
    done = git(folder, "show", "--no-textconv", f"{commit}:{name}", environ=environ, expected=(0, 128))
    root, _ = parse_yaml(done.stdout, name) if done.code == 0 and done.stdout.strip() else (None, ())
    return dict(_versions(plain(root))) if root else {}


def _versions(document: Any) -> Iterator[tuple[tuple[str, str], Reference]]:
    for environment, platforms in document.items() if isinstance(document, dict) else ():
        for platform, image in platforms.items() if isinstance(platforms, dict) else ():
            if platform in SECTIONS and isinstance(image, dict):
                parts = (str(image.get(field) or "") for field in ("repository", "tag", "digest"))
                yield (str(environment), platform), Reference(*parts)
