"""The gitops target: the objects that make Argo CD or Flux pull the flat manifest of an environment."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jvbundler.project.gitops import fitting_timeout, flux_url, revision_of, systems
from jvbundler.project.model import Environment, Project
from jvbundler.render.text.templating import render as render_template
from jvbundler.values.artifact import Artifact

# Where the output is if neither deploy.yaml nor a git work tree tells.
OUTPUT = "deploy"


def render(project: Project, overrides: Path | None = None) -> Iterator[Artifact]:
    for environment in project.environments:
        if not environment.settings["kubernetes"]["enabled"]:
            continue
        for system in systems(environment):
            text = render_template(f"gitops/{system}.yaml.j2", context(project, environment), overrides)
            yield Artifact(f"gitops/{system}/{environment.name}.yaml", text)


def context(project: Project, environment: Environment) -> dict[str, Any]:
    gitops = environment.settings["gitops"]
    flux = gitops["flux"]
    kind, revision = revision_of(environment)
    return {
        "config": project.config_name,
        "environment": environment.name,
        "name": environment.qualified_name,
        "namespace": environment.namespace,
        "create_namespace": environment.settings["kubernetes"]["create_namespace"],
        "repo_url": gitops["repo_url"],
        "flux_url": flux_url(gitops["repo_url"]),
        "revision": gitops["revision"],
        "flux_ref": {kind: revision},
        "path": pulled_path(project, environment),
        "argocd": gitops["argocd"],
        "flux": {**flux, "timeout": flux["timeout"] or fitting_timeout(environment)},
    }


def pulled_path(project: Project, environment: Environment) -> str:
    """The folder of the flat manifest in the repository that it is pulled from."""
    return posixpath.normpath(f"{folder(project, environment)}/kubernetes/rendered/{environment.name}")


def folder(project: Project, environment: Environment) -> str:
    """The output's folder in the repository, as deploy.yaml says or as the git work tree shows."""
    return environment.settings["gitops"]["path"] or project.repository_path or OUTPUT
