"""`diff`: compile, render, and compare with what is committed, with a git revision, or two environments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from jvbundler.diff.compare import compare
from jvbundler.diff.model import Change, RiskKind
from jvbundler.output.lockfile import read_lock
from jvbundler.output.paths import content
from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import Problem
from jvbundler.workflow.options import Options
from jvbundler.workflow.render import render_app
from jvbundler.workflow.selection import Selection, environment_of

# Two environments stand side by side: neither is deployed over the other.
_OF_A_DEPLOYMENT: tuple[RiskKind, ...] = (
    "immutable field",
    "replacement",
    "data loss",
    "outage",
    "restart",
)


class Difference(NamedTuple):
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
    files = before(output, revision, wanted)
    old = {path: _text(data) for path, data in files.items() if selection.covers(path)}
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
    return change._replace(risks=tuple(r for r in change.risks if r.kind not in _OF_A_DEPLOYMENT))


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


def before(output: Path, revision: str, wanted: Iterable[str]) -> dict[str, bytes]:
    if not revision:
        return in_folder(output, wanted)
    from jvbundler.diff.revision import at_revision

    return at_revision(output, revision, wanted)


def in_folder(output: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """Our files in the output folder, and what stands where others of ours belong."""
    if not output.exists():
        return {}
    lock = read_lock(output)
    paths = sorted({*wanted, *(lock.files if lock else ())})
    return {path: data for path in paths if (data := content(output, path)) is not None}


def _text(data: bytes) -> str:
    """Line ends that git changed on checkout do not count."""
    return data.replace(b"\r\n", b"\n").decode("utf-8", "replace")
