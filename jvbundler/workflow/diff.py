"""`diff`: compile, render, and compare with what is committed, with a git revision, or two environments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jvbundler.artifact import Artifact
from jvbundler.diff.compare import compare
from jvbundler.diff.model import Change, RiskKind
from jvbundler.errors import InputError, ToolFailed
from jvbundler.output.lock import LOCK, read_lock
from jvbundler.output.paths import content, is_safe
from jvbundler.problem import Problem
from jvbundler.workflow.options import Options
from jvbundler.workflow.render import render_app
from jvbundler.workflow.selection import Selection, environment_of

GIT_SECONDS = 60
# Two environments stand side by side: neither is deployed over the other.
_OF_A_DEPLOYMENT: tuple[RiskKind, ...] = (
    "immutable field",
    "replacement",
    "data loss",
    "outage",
    "restart",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """`versus` says in words what was compared, the old side first; `problems` are the render's warnings."""

    changes: tuple[Change, ...]
    versus: str
    problems: tuple[Problem, ...]


def diff_app(
    app_root: Path,
    shown_as: str,
    options: Options,
    *,
    selection: Selection,
    templates: Path | None,
    output: Path,
    revision: str = "",
) -> Difference:
    """What a render would change: in `output` as it is, or, with `revision`, as git has it there.

    Raises InputError for what keeps the app from being rendered and for an unknown revision.
    """
    rendered = render_app(
        app_root, shown_as, options, selection=selection, templates=templates, output=output
    )
    wanted = _texts(rendered.artifacts)
    old = at_revision(output, revision, wanted) if revision else in_folder(output, wanted)
    old = {path: text for path, text in old.items() if selection.covers(path)}
    versus = f"{output}/ at {revision}" if revision else f"{output}/"
    return Difference(compare(old, wanted), f"{versus} -> a render now", rendered.compiled.problems)


def diff_environments(
    app_root: Path,
    shown_as: str,
    options: Options,
    *,
    environments: tuple[str, str],
    targets: tuple[str, ...],
    templates: Path | None,
    output: Path,
) -> Difference:
    """How the second environment differs from the first, as both would be rendered."""
    selection = Selection(targets, environments)
    rendered = render_app(
        app_root, shown_as, options, selection=selection, templates=templates, output=output
    )
    old, new = (of_environment(rendered.artifacts, name) for name in environments)
    changes = tuple(_standing(change) for change in compare(old, new))
    return Difference(changes, " -> ".join(environments), rendered.compiled.problems)


def _standing(change: Change) -> Change:
    """The change without the risks of deploying it."""
    return replace(change, risks=tuple(r for r in change.risks if r.kind not in _OF_A_DEPLOYMENT))


def of_environment(artifacts: Iterable[Artifact], name: str) -> dict[str, str]:
    """The files that an environment has to itself, with `*` for its name in their paths."""
    return {
        _without(artifact.path, name): artifact.text
        for artifact in artifacts
        if environment_of(artifact.path) == name
    }


def _without(path: str, environment: str) -> str:
    parts = path.split("/")
    return "/".join(
        "*" if part == environment else "*.yaml" if part == f"{environment}.yaml" else part for part in parts
    )


def _texts(artifacts: Iterable[Artifact]) -> dict[str, str]:
    return {artifact.path: artifact.text for artifact in artifacts}


def in_folder(output: Path, wanted: Mapping[str, str]) -> dict[str, str]:
    """Our files in the output folder, and what stands where others of ours belong."""
    if not output.exists():
        return {}
    lock = read_lock(output)
    found: dict[str, str] = {}
    for path in sorted({*wanted, *(lock.files if lock else ())}):
        data = content(output, path)
        if data is not None:
            found[path] = _text(data)
    return found


def at_revision(output: Path, revision: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Our files as git has them at a revision, by the lock of that revision.

    InputError where the folder is in no repository or the revision is none of it; ToolFailed without git.
    """
    base = next(path for path in (output.absolute(), *output.absolute().parents) if path.is_dir())
    commit = _commit(base, revision)
    blobs = _blobs(base, commit, output.absolute().relative_to(base).as_posix())
    if LOCK in blobs:
        lock = _contents(base, {LOCK: blobs[LOCK]})[LOCK]
        ours = {*wanted, *_paths_of_lock(lock)}
    else:
        ours = {*wanted}
    return _contents(base, {path: blob for path, blob in blobs.items() if path in ours})


def _commit(base: Path, revision: str) -> str:
    from jvbundler.runner import run

    argv = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    done = run(argv, cwd=base, timeout_seconds=GIT_SECONDS, expected=(0, 1, 128))
    if done.code == 0:
        return done.text.strip()
    reason = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    hint = f": {reason}" if reason else " (a shallow clone has only the newest; 'git fetch' brings others)"
    raise InputError(f"'{revision}' is no revision of the git repository around '{base}'{hint}")


def _blobs(base: Path, commit: str, folder: str) -> dict[str, str]:
    """The ids of the ordinary files in a folder below `base`, by their paths in it."""
    from jvbundler.runner import run

    argv = ["git", "ls-tree", "-r", "-z", commit, "--", "." if folder == "." else f"{folder}/"]
    listed = run(argv, cwd=base, timeout_seconds=GIT_SECONDS).text
    prefix = "" if folder == "." else f"{folder}/"
    found: dict[str, str] = {}
    for entry in filter(None, listed.split("\0")):
        facts, _, path = entry.partition("\t")
        mode, kind, blob = facts.split()
        if kind == "blob" and mode.startswith("100"):
            found[path.removeprefix(prefix)] = blob
    return found


def _contents(base: Path, blobs: Mapping[str, str]) -> dict[str, str]:
    """The texts of blobs, by one process for all."""
    from jvbundler.runner import run

    if not blobs:
        return {}
    wanted = "".join(f"{blob}\n" for blob in blobs.values()).encode()
    out = run(["git", "cat-file", "--batch"], cwd=base, input=wanted, timeout_seconds=GIT_SECONDS).stdout
    found: dict[str, str] = {}
    for path in blobs:
        header, _, out = out.partition(b"\n")
        if not header.split()[-1].isdigit():
            raise ToolFailed(f"git has no content of '{path}': {header.decode('utf-8', 'replace')}")
        size = int(header.split()[-1])
        found[path], out = _text(out[:size]), out[size + 1 :]
    return found


def _paths_of_lock(text: str) -> list[str]:
    """What a lock lists; nothing for one that cannot be read, as it was then."""
    try:
        files = json.loads(text)["files"]
        return [path for path in files if is_safe(path)]
    except (ValueError, KeyError, TypeError):
        return []


def _text(data: bytes) -> str:
    """Line ends that git changed on checkout do not count."""
    return data.replace(b"\r\n", b"\n").decode("utf-8", "replace")
