"""`render`: compile, render, write. And `--check`: compile, render, compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jvbundler.artifact import Artifact
from jvbundler.errors import InputError
from jvbundler.output.drift import Drift, drift
from jvbundler.output.write import WriteResult, keep_nothing, write_output
from jvbundler.render import readme
from jvbundler.render.targets import TARGETS, render_target
from jvbundler.workflow.compile import Compiled, compile_project
from jvbundler.workflow.inputs import inputs_digest
from jvbundler.workflow.options import Options, output_path
from jvbundler.workflow.selection import Selection

if TYPE_CHECKING:
    from jvbundler.project.model import Project

# What is used as it is; everything else explains it or is the source of it.
_APPLIED = ("Dockerfile", "template.yaml", "manifest.yaml")


@dataclass(frozen=True, slots=True)
class Rendered:
    """An app's artifacts: those that were selected, in the order of their paths."""

    compiled: Compiled
    artifacts: tuple[Artifact, ...]


def render_app(
    app_root: Path,
    shown_as: str,
    options: Options,
    *,
    selection: Selection,
    templates: Path | None,
    strict: bool = False,
) -> Rendered:
    """Raises InputError with all problems; with `strict`, a warning is one of them."""
    if templates is not None and not templates.is_dir():
        raise InputError(f"--templates: '{templates}' is not a folder")
    compiled = compile_project(app_root, shown_as, options, selection.environments)
    if strict and compiled.problems:
        raise InputError(problems=compiled.problems)
    artifacts = render_artifacts(compiled.project, templates)
    return Rendered(compiled, tuple(a for a in artifacts if selection.covers(a.path)))


def render_artifacts(project: Project, templates: Path | None = None) -> list[Artifact]:
    """All files of all targets, and the README about them, by path."""
    artifacts = [artifact for name in TARGETS for artifact in render_target(name, project, templates)]
    return sorted([*artifacts, readme.render(project, templates)], key=lambda artifact: artifact.path)


def write_rendered(
    rendered: Rendered, output: Path, *, selection: Selection, templates: Path | None, force: bool
) -> WriteResult:
    """Put the artifacts into the output folder, and leave what was not selected as it is."""
    compiled = rendered.compiled
    app = compiled.project.app
    inputs = "" if selection else inputs_digest(app.root, compiled.source, app.jvagent_version, templates)
    return write_output(
        output,
        rendered.artifacts,
        force=force,
        protected=[app.root],
        inputs=inputs,
        keep=selection.leaves_out if selection else keep_nothing,
    )


def drift_of(rendered: Rendered, output: Path, *, selection: Selection) -> Drift:
    return drift(output, rendered.artifacts, keep=selection.leaves_out if selection else keep_nothing)


def applied(artifacts: Iterable[Artifact]) -> Iterator[Artifact]:
    """The files that are built, deployed or applied, without those that only lead up to them."""
    for artifact in artifacts:
        name = artifact.path.rsplit("/", 1)[-1]
        if name in _APPLIED or artifact.path.startswith("gitops/"):
            yield artifact


__all__ = ["Drift", "Rendered", "WriteResult", "applied", "drift_of", "output_path", "render_app"]
