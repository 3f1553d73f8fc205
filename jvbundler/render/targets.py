"""The targets by name: a target is a module with `render(project, overrides)`, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from jvbundler.artifact import Artifact
    from jvbundler.project.model import Project

    Render = Callable[[Project, Path | None], Iterable[Artifact]]

# Imported when they are used: a render of one target does not pay for the others.
TARGETS = {
    "docker": "jvbundler.render.docker",
    "lambda": "jvbundler.render.lambda_",
    "kubernetes": "jvbundler.render.kubernetes",
    "gitops": "jvbundler.render.gitops",
}


def render_target(name: str, project: Project, overrides: Path | None = None) -> list[Artifact]:
    """All artifacts of one target, sorted by path; none where no environment has it enabled."""
    render = cast("Render", import_module(TARGETS[name]).render)
    return sorted(render(project, overrides), key=lambda artifact: artifact.path)
