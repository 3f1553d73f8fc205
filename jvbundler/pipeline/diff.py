"""`diff`: compile, render, and compare with what is committed, with a git revision, or two environments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jvbundler.diff.compare import compare
from jvbundler.diff.model import Change, Difference, RiskKind
from jvbundler.output.lockfile import read_lock
from jvbundler.output.paths import content
from jvbundler.pipeline.render import render_app
from jvbundler.pipeline.request import AppFolder, Outcome, Request, Selection, environment_of
from jvbundler.values.artifact import Artifact

# Two environments exist side by side: neither is deployed over the other.
_OF_A_DEPLOYMENT: tuple[RiskKind, ...] = (
    "immutable field",
    "replacement",
    "data loss",
    "outage",
    "restart",
)


def diff_app(app: AppFolder, request: Request, *, revision: str = "") -> Outcome:
    """What a render would change: in the output folder as it is, or, with `revision`, as git has it there.

    Raises InputError for what keeps the app from being rendered and for an unknown revision.
    """
    rendered = render_app(app, request)
    wanted = {artifact.path: artifact.text for artifact in rendered.artifacts}
    files = before(app.output, revision, wanted)
    old = {path: _text(data) for path, data in files.items() if request.selection.covers(path)}
    versus = f"{app.output}/ at {revision}" if revision else f"{app.output}/"
    difference = Difference(compare(old, wanted), f"{versus} -> a render now")
    return Outcome(app, rendered.compiled.problems, difference=difference, roots=rendered.roots)


def diff_environments(app: AppFolder, request: Request, *, environments: tuple[str, str]) -> Outcome:
    """How the second environment differs from the first, as both would be rendered."""
    selection = Selection(request.selection.targets, environments)
    rendered = render_app(app, request._replace(selection=selection))
    old, new = (of_environment(rendered.artifacts, name) for name in environments)
    changes = tuple(_without_deploy_risks(change) for change in compare(old, new))
    difference = Difference(changes, " -> ".join(environments))
    return Outcome(app, rendered.compiled.problems, difference=difference, roots=rendered.roots)


def _without_deploy_risks(change: Change) -> Change:
    """The change without the risks of deploying it."""
    return change._replace(risks=tuple(r for r in change.risks if r.kind not in _OF_A_DEPLOYMENT))


def of_environment(artifacts: Iterable[Artifact], name: str) -> dict[str, str]:
    """The files of this environment alone, with `*` for its name in their paths."""
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


def before(output: Path, revision: str, wanted: Iterable[str]) -> dict[str, bytes]:
    if not revision:
        return in_folder(output, wanted)
    from jvbundler.diff.revision import at_revision

    return at_revision(output, revision, wanted)


def in_folder(output: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """Our files in the output folder, and what is in the place of our other files."""
    if not output.exists():
        return {}
    lock = read_lock(output)
    paths = sorted({*wanted, *(lock.files if lock else ())})
    return {path: data for path in paths if (data := content(output, path)) is not None}


def _text(data: bytes) -> str:
    """Line ends that git changed on checkout do not count."""
    return data.replace(b"\r\n", b"\n").decode("utf-8", "replace")
