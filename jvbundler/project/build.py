"""Source and App → Project: the one place where settings that derive from others are worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jvbundler.project.model import BASE, Environment, Project, Secret, slug
from jvbundler.project.schema import check, unknown_empty_keys
from jvbundler.project.variables import (
    DERIVED,
    REQUIRED_SECRETS,
    Platform,
    listed_nodes,
    listed_secrets,
    misplaced_secrets,
    secret,
    split_secrets,
    storage_paths,
    storage_root,
    written_variables,
)
from jvbundler.values.node import Node
from jvbundler.values.problem import Problem

if TYPE_CHECKING:
    from jvbundler.app.model import App
    from jvbundler.generated.settings import Settings
    from jvbundler.source.load import Source

DEFAULT_ENVIRONMENT = "default"


def build_project(source: Source, app: App) -> tuple[Project | None, tuple[Problem, ...]]:
    """The project, or None and the problems that keep it from being one. A problem is told once.

    Without `environments` there is one, called `default`.
    """
    roots = {BASE: source.base, **(source.environments or {DEFAULT_ENVIRONMENT: source.base})}
    built: list[Environment] = []
    problems: dict[Problem, None] = {}
    for name, root in roots.items():
        environment, found = build_environment(name, root, app)
        removals = unknown_empty_keys(source.overlays[name]) if name in source.overlays else ()
        problems.update(dict.fromkeys([*found, *removals]))
        if environment is not None and not removals:
            built.append(environment)
    if len(built) < len(roots):
        return None, tuple(problems)
    return Project(app=app, file=source.file, base=built[0], environments=tuple(built[1:])), tuple(problems)


def build_environment(name: str, root: Node, app: App) -> tuple[Environment | None, tuple[Problem, ...]]:
    settings, problems = check(root)
    if settings is None:
        return None, problems
    app_name = settings["app"]["name"] or app.id
    instance = slug(app_name) or "app"
    suffix = "" if name in (BASE, DEFAULT_ENVIRONMENT) else f"-{name}"
    lambda_part = platform_part("lambda", root, settings, app, instance, suffix)
    kubernetes_part = platform_part("kubernetes", root, settings, app, instance, suffix)
    platform = settings["image"]["build"]["platform"]
    version = settings["app"]["version"] or app.version
    environment = Environment(
        name=name,
        node=root,
        settings=settings,
        app_name=app_name,
        app_version=version,
        description=settings["app"]["description"] or app.description,
        instance=instance,
        qualified_name=instance + suffix,
        image_name=settings["image"]["name"] or instance,
        image_tag=settings["image"]["tag"] or tag(version),
        namespace=settings["kubernetes"]["namespace"] or instance,
        function_name=settings["lambda"]["function"]["name"] or f"{instance}{suffix}",
        stack_name=settings["lambda"]["stack_name"] or f"{instance}{suffix}",
        server_port=settings["server"]["port"],
        platforms=(platform,) if isinstance(platform, str) else tuple(platform),
        lambda_variables=lambda_part[0],
        kubernetes_variables=kubernetes_part[0],
        lambda_secrets=lambda_part[1],
        kubernetes_secrets=kubernetes_part[1],
    )
    return environment, (
        *problems,
        *lambda_part[2],
        *kubernetes_part[2],
        *misplaced_secrets(root),
    )


def tag(version: str) -> str:
    """A version as an image tag: `+` of a local version is not allowed there."""
    return version.replace("+", "_") or "latest"


def platform_part(
    platform: Platform, root: Node, settings: Settings, app: App, instance: str, suffix: str
) -> tuple[dict[str, str], tuple[Secret, ...], tuple[Problem, ...]]:
    """The platform's plain variables, its secrets, and the secrets that are written out."""
    listed = listed_secrets(settings)
    plain, secret_nodes, problems = split_secrets(written_variables(root, platform), list(listed))
    outliving = storage_root(settings, platform)
    variables = (
        {**storage_paths(outliving, {**dict(app.configured), **plain}), **plain} if outliving else plain
    )
    names = sorted({*listed, *secret_nodes, *REQUIRED_SECRETS})
    nodes = {**listed_nodes(root), **secret_nodes}
    places = {
        name: nodes[name].key_place or nodes[name].place if name in nodes else root.place for name in names
    }
    secrets = tuple(
        secret(name, listed.get(name, DERIVED), places[name], settings, instance, instance + suffix)
        for name in names
    )
    return dict(sorted(variables.items())), secrets, tuple(problems)
