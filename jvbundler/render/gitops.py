"""The gitops target: the objects that make Argo CD or Flux pull the flat manifest of an environment."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jvbundler.project.gitops import fitting_timeout, flux_url, revision_of, suffix_of, systems
from jvbundler.project.model import Environment, Project
from jvbundler.render.text.templating import render as render_template
from jvbundler.values.artifact import Artifact

# Where the output is if neither deploy.yaml nor a git work tree tells.
OUTPUT = "deploy"
_OF_ITS_OWN = {"argocd": "gitops/argocd.yaml.j2", "flux": "gitops/flux.yaml.j2"}
# Argo CD finds an app of a fleet by its folder (fleet.py).
_OF_FLEET = {"flux": "gitops/flux-of-fleet.yaml.j2"}


def render(project: Project, overrides: Path | None = None) -> Iterator[Artifact]:
    for environment in project.environments:
        if not environment.settings["kubernetes"]["enabled"]:
            continue
        of_fleet = environment.settings["gitops"]["fleet"]["enabled"]
        templates = _OF_FLEET if of_fleet else _OF_ITS_OWN
        for system in systems(environment):
            if system in templates:
                text = render_template(templates[system], context(project, environment), overrides)
                yield Artifact(f"gitops/{system}/{environment.name}.yaml", text)


def context(project: Project, environment: Environment) -> dict[str, Any]:
    gitops = environment.settings["gitops"]
    flux = gitops["flux"]
    kind, revision = revision_of(environment)
    return {
        "config": project.config_name,
        "environment": environment.name,
        "name": name_of(project, environment),
        "fleet": gitops["fleet"]["name"] + suffix_of(environment),
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


def name_of(project: Project, environment: Environment) -> str:
    """In a fleet the folder gives it: no two apps have one, and Argo CD knows nothing else of an app."""
    if environment.settings["gitops"]["fleet"]["enabled"]:
        return project.folder + suffix_of(environment)
    return environment.qualified_name


def folder(project: Project, environment: Environment) -> str:
    """The output's folder in the repository, as deploy.yaml says or as the git work tree shows."""
    return environment.settings["gitops"]["path"] or project.repository_path or OUTPUT
