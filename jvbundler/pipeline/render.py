"""`render`: compile, render, write. And `--check`: compile, render, compare."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.files import reason
from jvbundler.output.lockfile import sha256
from jvbundler.output.paths import content
from jvbundler.output.write import WriteResult, keep_nothing, write_output
from jvbundler.pipeline.compile import Compiled, compile_project
from jvbundler.pipeline.inputs import Inputs, inputs_digest, read_inputs
from jvbundler.pipeline.request import AppFolder, Request, below, folder_name, repository_path
from jvbundler.render import readme
from jvbundler.render.targets import TARGETS, render_target
from jvbundler.rules.engine import without_waived
from jvbundler.rules.rendered import check_artifacts, check_output
from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import InputError, ordered

if TYPE_CHECKING:
    from pathlib import Path

    from jvbundler.output.drift import Drift
    from jvbundler.project.model import Project
    from jvbundler.render.fleet import Root
    from jvbundler.values.problem import Problem

# What is used as it is; everything else documents it or is its source.
_APPLIED = ("Dockerfile", "template.yaml", "manifest.yaml")


class Rendered(NamedTuple):
    """An app's artifacts: those that were selected, in the order of their paths.

    `roots` are the digests of what the app wants of its fleet, by their paths.
    """

    compiled: Compiled
    artifacts: tuple[Artifact, ...]
    roots: tuple[tuple[str, str], ...] = ()


def render_app(app: AppFolder, request: Request) -> Rendered:
    """What belongs in the app's output folder, which is read and not written.

    Raises InputError with all problems; if the request is strict, a warning is one of them.
    """
    _refuse_templates(request.templates)
    compiled = compile_project(app.root, app.shown_as, request.options, request.selection.environments)
    project = _placed(compiled.project, app)
    try:
        artifacts = render_artifacts(project, request.templates)
    except OSError as failure:
        # A render reads only templates; ours are readable.
        raise InputError(f"cannot read '{failure.filename}': {reason(failure)}") from failure
    found = ordered([*compiled.problems, *_problems_of_output(project, artifacts, app.output)])
    if any(request.strict or problem.is_error for problem in found):
        raise InputError(problems=found)
    selected = tuple(artifact for artifact in artifacts if request.selection.covers(artifact.path))
    return Rendered(compiled._replace(project=project, problems=found), selected, _roots(project, request))


def roots_of(app: AppFolder, request: Request) -> list[Root]:
    """The roots that the app wants of its fleet, as files. Raises InputError, as `render_app` does."""
    from jvbundler.render.fleet import render_roots

    compiled = compile_project(app.root, app.shown_as, request.options)
    return list(render_roots(_placed(compiled.project, app), request.templates))


def _placed(project: Project, app: AppFolder) -> Project:
    return project._replace(
        output=inside(app.root, app.output),
        repository_path=repository_path(app.output),
        folder=folder_name(app.root),
    )


def _roots(project: Project, request: Request) -> tuple[tuple[str, str], ...]:
    if not any(environment.settings["gitops"]["fleet"]["enabled"] for environment in project.environments):
        return ()
    from jvbundler.render.fleet import render_roots

    roots = [root.artifact for root in render_roots(project, request.templates)]
    return tuple((root.path, sha256(root.text.encode())) for root in roots)


def inside(app_root: Path, output: Path) -> str:
    """The output folder relative to the app, or an empty text if it is outside."""
    path = os.path.relpath(os.path.realpath(output), os.path.realpath(app_root))
    return "" if path.startswith("..") else path.replace(os.sep, "/")


def _problems_of_output(project: Project, artifacts: Iterable[Artifact], output: Path) -> Iterator[Problem]:
    """The problems that only the rendered files show, alone and compared with an earlier render."""

    def before(path: str) -> str | None:
        data = content(output, path) if os.path.isdir(output) else None  # noqa: PTH112
        return None if data is None else data.decode("utf-8", "replace")

    for problem in without_waived(project, check_artifacts(artifacts)):
        yield problem._replace(place=problem.place._replace(file=below(str(output), problem.place.file)))
    yield from without_waived(project, check_output(project, before))


def _refuse_templates(folder: Path | None) -> None:
    if folder is None:
        return
    if not os.path.isdir(folder):  # noqa: PTH112 (Path raises where it may not look)
        raise InputError(f"--templates: '{folder}' is not a folder")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InputError(f"--templates: cannot read '{folder}': permission denied")


def render_artifacts(project: Project, templates: Path | None = None) -> list[Artifact]:
    """All files of all targets, and the README about them, by path."""
    artifacts = [artifact for name in TARGETS for artifact in render_target(name, project, templates)]
    return sorted([*artifacts, readme.render(project, templates)], key=lambda artifact: artifact.path)


def write_rendered(
    rendered: Rendered, app: AppFolder, request: Request, inputs: Inputs | None = None
) -> WriteResult:
    """Put the artifacts into the output folder, and leave what was not selected as it is.

    `inputs` are those of the render, if they were read already.
    """
    return write_output(
        app.output,
        rendered.artifacts,
        force=request.force,
        protected=[app.root],
        inputs="" if request.selection else _digest(rendered.compiled, app, request, inputs),
        keep=_not_selected(request),
    )


def _digest(compiled: Compiled, app: AppFolder, request: Request, inputs: Inputs | None) -> str:
    inputs = inputs or read_inputs(app, request.templates)
    return inputs_digest(inputs, compiled.source, compiled.project.app.jvagent_version)


def drift_of(rendered: Rendered, app: AppFolder, request: Request) -> Drift:
    """How the output folder differs from the artifacts; what was not selected does not count."""
    from jvbundler.output.drift import drift

    return drift(app.output, rendered.artifacts, keep=_not_selected(request))


def _not_selected(request: Request) -> Callable[[str], bool]:
    return request.selection.leaves_out if request.selection else keep_nothing


def applied(artifacts: Iterable[Artifact]) -> Iterator[Artifact]:
    """The files that are built, deployed or applied, without their sources and documentation."""
    for artifact in artifacts:
        name = artifact.path.rsplit("/", 1)[-1]
        if name in _APPLIED or artifact.path.startswith("gitops/"):
            yield artifact
