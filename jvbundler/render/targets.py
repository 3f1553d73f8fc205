"""The targets by name: a target is a module with `render(project, overrides)`, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from jvbundler.project.model import Project
    from jvbundler.values.artifact import Artifact

    Render = Callable[[Project, Path | None], Iterable[Artifact]]

# Imported when they are used: a render does not pay for the targets that are not enabled.
TARGETS = {
    "docker": "jvbundler.render.docker",
    "lambda": "jvbundler.render.lambda_.target",
    "kubernetes": "jvbundler.render.kubernetes.target",
    "gitops": "jvbundler.render.gitops",
}


def render_target(name: str, project: Project, overrides: Path | None = None) -> list[Artifact]:
    """All artifacts of one target, sorted by path; none if no environment has it enabled."""
    if not any(_is_enabled(name, environment.settings) for environment in project.environments):
        return []
    render = cast("Render", import_module(TARGETS[name]).render)
    return sorted(render(project, overrides), key=lambda artifact: artifact.path)


def _is_enabled(name: str, settings: Mapping[str, Any]) -> bool:
    """A target without a section of its name decides for itself."""
    return bool(settings.get(name, {}).get("enabled", True))
