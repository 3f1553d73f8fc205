"""The root of a fleet: the one object of Argo CD or Flux that pulls all apps of a folder, per environment.

Every app of the fleet knows all of it, and so any of them gives the same text: nothing here lists apps. Argo
CD finds them by their folders, Flux by the Kustomization in the output of each (`gitops.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jvbundler.project.gitops import FleetPath, fleet_path, flux_url, revision_of, suffix_of, systems
from jvbundler.project.model import Environment, Project
from jvbundler.render.gitops import folder
from jvbundler.render.text.templating import render as render_template
from jvbundler.values.artifact import Artifact

# What of `gitops` is in the root, and so the same in all apps, beside the place of their outputs.
SHARED = {
    "argocd": ("namespace", "project", "destination_server", "automated", "prune", "self_heal", "cascade"),
    "flux": ("namespace", "source", "interval", "prune", "secret_name"),
}
_SHARED_BY_ALL = (("repo_url",), ("revision",), ("revision_kind",), ("fleet", "name"))


class Root(NamedTuple):
    """A root as an app wants it: what it is rendered to in the folder of the roots, and what decides it."""

    artifact: Artifact
    system: str
    environment: Environment
    path: FleetPath


def render_roots(project: Project, overrides: Path | None = None) -> Iterator[Root]:
    """Those of the app's environments that are part of a fleet."""
    for environment in project.environments:
        path = fleet_path(folder(project, environment), project.folder)
        if path is None or not is_in_fleet(environment):
            continue
        for system in systems(environment):
            text = render_template(f"fleet/{system}.yaml.j2", context(environment, path), overrides)
            yield Root(Artifact(f"{system}/{environment.name}.yaml", text), system, environment, path)


def is_in_fleet(environment: Environment) -> bool:
    settings = environment.settings
    return settings["kubernetes"]["enabled"] and settings["gitops"]["fleet"]["enabled"]


def context(environment: Environment, path: FleetPath) -> dict[str, Any]:
    gitops = environment.settings["gitops"]
    kind, revision = revision_of(environment)
    name = fleet_name(environment)
    rendered = f"kubernetes/rendered/{environment.name}"
    return {
        "environment": environment.name,
        "name": name,
        "list_name": f"{name}-apps",
        "repo_url": gitops["repo_url"],
        "flux_url": flux_url(gitops["repo_url"]),
        "revision": gitops["revision"],
        "flux_ref": {kind: revision},
        "path": f"{path.of('*')}{rendered}",
        "list_path": f"{path.of('*')}gitops/flux/{environment.name}.yaml",
        "argocd": gitops["argocd"],
        "flux": gitops["flux"],
        "application": {
            "name": f"{{{{ index .path.segments {path.above.count('/')} }}}}{suffix_of(environment)}",
            "path": "{{ .path.path }}",
            "project": go_text(gitops["argocd"]["project"]),
            "repo_url": go_text(gitops["repo_url"]),
            "revision": go_text(gitops["revision"]),
            "server": go_text(gitops["argocd"]["destination_server"]),
        },
    }


def fleet_name(environment: Environment) -> str:
    return environment.settings["gitops"]["fleet"]["name"] + suffix_of(environment)


def go_text(text: str) -> str:
    """As a Go template that gives this text."""
    return text.replace("{{", '{{ "{{" }}')


def shared_settings(root: Root) -> dict[tuple[str, ...], Any]:
    """What decides the root, by the keys of deploy.yaml below `gitops`."""
    gitops: dict[str, Any] = {**root.environment.settings["gitops"]}
    keys = (*_SHARED_BY_ALL, *((root.system, name) for name in SHARED[root.system]))
    found: dict[tuple[str, ...], Any] = {("path",): root.path.of("*").rstrip("/")}
    for key in keys:
        value: Any = gitops
        for name in key:
            value = value[name]
        found[key] = value
    return found
