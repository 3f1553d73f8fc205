"""A hydrated branch as git has it, here and at a remote. Reads through git; a fetch adds objects alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from jvbundler.git import SECONDS, git
from jvbundler.values.problem import InputError, ToolFailed

NOTES = "refs/notes/hydrator.metadata"
FETCH_SECONDS = 600.0


class Entry(NamedTuple):
    """What is at a path of the branch: `kind` is blob, tree or commit, `mode` that of git."""

    mode: str
    kind: str
    id: str


class Tip(NamedTuple):
    """A ref: its commit here, that at the remote, and the newest of both, each empty if there is none.

    `remote` is None if the remote was not asked.
    """

    ref: str
    local: str
    remote: str | None
    newest: str


class Hydrated(NamedTuple):
    """`entries` are those of the paths that were asked for, at the newest commit; `note` is its own.

    `has_manifest` says whether the manifest is there just as it was rendered.
    """

    branch: Tip
    notes: Tip
    entries: Mapping[str, Entry]
    has_manifest: bool
    note: str


class Question(NamedTuple):
    """What to look at: `paths` on `branch`, and whether `path` of them holds the text `manifest`."""

    branch: str
    remote: str
    paths: tuple[str, ...]
    path: str
    manifest: str
    asks_remote: bool


def look(root: Path, question: Question, environ: Mapping[str, str]) -> Hydrated:
    """Raises InputError if the branch is checked out somewhere, or has parted from that of the remote.

    A branch `NAME-next`, which a pull request merges into NAME, begins where NAME is.
    """
    branch = question.branch
    refuse_name(root, branch, environ)
    _refuse_checked_out(root, branch, environ)
    active = re.match(r"(.+?)-next(?:/|\Z)", branch)
    names = [f"refs/heads/{branch}", NOTES, *([f"refs/heads/{active[1]}"] if active else [])]
    found = _remote(root, question.remote, names, environ) if question.asks_remote else None
    tip, notes, *others = (_tip(root, name, question.remote, found, environ) for name in names)
    if not tip.newest and others:
        tip = tip._replace(newest=others[0].newest)
    entries = _entries(root, tip.newest, question.paths, environ)
    has = question.path in entries and entries[question.path].id == _id(root, question.manifest, environ)
    return Hydrated(tip, notes, entries, has, _note(root, notes.newest, tip.newest, environ))


def _tip(
    root: Path, name: str, remote: str, found: Mapping[str, str] | None, environ: Mapping[str, str]
) -> Tip:
    local = _commit(root, name, environ)
    if found is not None:
        return Tip(name, local, found[name], _newest(root, name, local, found[name], environ))
    # As the last fetch has left it; there is no such ref for notes.
    tracked = name.replace("refs/heads/", f"refs/remotes/{remote}/", 1)
    other = _commit(root, tracked, environ) if tracked != name else ""
    return Tip(name, local, None, _newest(root, name, local, other, environ))


def _id(root: Path, text: str, environ: Mapping[str, str]) -> str:
    return git(root, "hash-object", "--stdin", input=text.encode(), environ=environ).text.strip()


def refuse_name(root: Path, branch: str, environ: Mapping[str, str]) -> None:
    """Raise InputError for what git does not take as the name of a branch."""
    checked = git(root, "check-ref-format", f"refs/heads/{branch}", environ=environ, expected=(0, 1))
    if checked.code or branch.startswith("-") or branch == "HEAD":
        raise InputError(f"'{branch}' is not a name for a branch: write one such as environment/prod")


def _refuse_checked_out(root: Path, branch: str, environ: Mapping[str, str]) -> None:
    listed = git(root, "worktree", "list", "--porcelain", environ=environ).text
    place = ""
    for line in listed.splitlines():
        key, _, value = line.partition(" ")
        if key == "worktree":
            place = value
        if key == "branch" and value == f"refs/heads/{branch}":
            raise InputError(
                f"'{branch}' is checked out in '{place}', whose files would then differ from it: "
                "check out another branch there, or name another one with --branch"
            )


def _remote(root: Path, remote: str, refs: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The refs at the remote, whose commits are then here, too."""
    listed = git(root, "ls-remote", "--", remote, *refs, environ=environ, timeout_seconds=SECONDS).text
    found = dict.fromkeys(refs, "")
    for line in listed.splitlines():
        commit, _, name = line.partition("\t")
        found.update({name: commit} if name in found else {})
    there = [name for name in refs if found[name]]
    if there:
        words = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc")
        git(root, "fetch", *words, "--", remote, *there, environ=environ, timeout_seconds=FETCH_SECONDS)
    for name in there:
        if _commit(root, found[name], environ) != found[name]:
            raise ToolFailed(f"'{name}' was moved at '{remote}' while it was fetched: run it again")
    return found


def _commit(root: Path, name: str, environ: Mapping[str, str]) -> str:
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return git(root, *words, environ=environ, expected=(0, 1, 128)).text.strip()


def _newest(root: Path, name: str, one: str, other: str, environ: Mapping[str, str]) -> str:
    if not one or not other or one == other:
        return one or other
    for old, new in ((one, other), (other, one)):
        if git(root, "merge-base", "--is-ancestor", old, new, environ=environ, expected=(0, 1)).code == 0:
            return new
    short = name.removeprefix("refs/heads/")
    raise InputError(
        f"'{short}' has commits here that the remote does not have, and the other way round: "
        f"'git update-ref -d {name}' drops those that are here alone"
    )


def _entries(root: Path, commit: str, paths: Iterable[str], environ: Mapping[str, str]) -> dict[str, Entry]:
    """What is at the paths; a path of a folder gives the folder, not what is in it."""
    if not commit:
        return {}
    words = ("--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--")
    found = {}
    for line in git(root, *words, *paths, environ=environ).text.split("\0"):
        fields, tab, path = line.partition("\t")
        if tab:
            found[path] = Entry(*fields.split())
    return found


def _note(root: Path, notes: str, commit: str, environ: Mapping[str, str]) -> str:
    """The note of a commit; git spreads many notes over folders named after the first digits."""
    if not notes or not commit:
        return ""
    for line in git(root, "ls-tree", "-r", "-z", notes, environ=environ).text.split("\0"):
        fields, _, path = line.partition("\t")
        if re.sub("/", "", path) == commit:
            return git(root, "cat-file", "blob", fields.split()[2], environ=environ).text
    return ""
