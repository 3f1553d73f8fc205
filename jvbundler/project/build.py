"""Source and App → Project: the only place where derived settings are worked out.

So are the requirements of the image: the same list for the Dockerfile and for requirements.lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.app.jvagent_release import reaches
from jvbundler.app.pip.requirements_lock import lock_digest
from jvbundler.app.variables import framework_extras
from jvbundler.project.model import BASE, Environment, Platform, Project, Secret, slug
from jvbundler.project.schema import Checked, Reported, check, unknown_empty_keys
from jvbundler.project.variables import (
    DERIVED,
    REQUIRED_SECRETS,
    contradictions,
    listed_nodes,
    listed_secrets,
    misplaced_secrets,
    secret,
    sources,
    split_variables,
    storage_paths,
    storage_root,
    variables_with_secrets,
    written_variables,
)
from jvbundler.source.interpolate import secret_names_in
from jvbundler.values.node import Node
from jvbundler.values.problem import Problem

if TYPE_CHECKING:
    from jvbundler.app.model import App
    from jvbundler.generated.settings import Settings
    from jvbundler.source.load import Source

DEFAULT_ENVIRONMENT = "default"


def roots(source: Source) -> dict[str, Node]:
    """The top level, under BASE, and each environment; without `environments` there is one, `default`."""
    return {BASE: source.base, **(source.environments or {DEFAULT_ENVIRONMENT: source.base})}


def checked_roots(source: Source) -> dict[str, Checked]:
    """The result of the schema check of each root."""
    reported: Reported = {}
    base = check(source.base, reported)
    environments = {name: check(root, reported) for name, root in source.environments.items()}
    return {BASE: base, **(environments or {DEFAULT_ENVIRONMENT: base})}


def build_project(
    source: Source, app: App, checked: Mapping[str, Checked] | None = None
) -> tuple[Project | None, tuple[Problem, ...]]:
    """The project, or None and the problems that keep it from being one. Each problem is reported once.

    `checked` is the result of the schema check, where it is known already.
    """
    checked = checked or checked_roots(source)
    built: list[Environment] = []
    problems: dict[Problem, None] = {}
    for name, root in roots(source).items():
        settings, found = checked[name]
        removals = unknown_empty_keys(source.overlays[name]) if name in source.overlays else ()
        problems.update(dict.fromkeys([*found, *removals]))
        if settings is not None:
            environment, more = build_environment(name, root, settings, app)
            problems.update(dict.fromkeys(more))
            built.append(environment)
    if len(built) < len(checked):
        return None, tuple(problems)
    images = source.images.path if source.images.exists else ""
    base, *environments = built
    project = Project(app, source.file, base, tuple(environments), images=images)
    return project, tuple(problems)


def build_environment(
    name: str, root: Node, settings: Settings, app: App
) -> tuple[Environment, tuple[Problem, ...]]:
    """The environment built from valid settings, and the problems of its secrets."""
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
        lambda_variables=lambda_part.variables,
        kubernetes_variables=kubernetes_part.variables,
        lambda_secrets=lambda_part.secrets,
        kubernetes_secrets=kubernetes_part.secrets,
        lambda_composed=lambda_part.composed,
        kubernetes_composed=kubernetes_part.composed,
    )
    return environment, (*lambda_part.problems, *kubernetes_part.problems, *misplaced_secrets(root))


def tag(version: str) -> str:
    """A version as an image tag: `+` of a local version is not allowed there."""
    return version.replace("+", "_") or "latest"


# For pods that CronJobs send ticks to. The scheduler inside the app would start the same tasks. The route of
# Lambda's deferred tasks takes a request for one from loopback where a forwarding header says so.
TICKED = {"JVSPATIAL_DEFERRED_INVOKE_DISABLED": "true", "JVSPATIAL_SCHEDULER_ENABLED": "false"}
# The first jvspatial that takes a deferred task from the adapter only where it is told to; the ones before it
# do not know the variable, and refuse it where JVSPATIAL_STRICT_ENV_ALLOWLIST is set.
ASKS_LOOPBACK = "0.1.0"


class PlatformPart(NamedTuple):
    """The part of an environment that is specific to a platform."""

    variables: dict[str, str]
    secrets: tuple[Secret, ...]
    composed: dict[str, tuple[str, ...]]
    problems: tuple[Problem, ...]


def platform_part(
    platform: Platform, root: Node, settings: Settings, app: App, instance: str, suffix: str
) -> PlatformPart:
    """The platform's variables and secrets, and what is wrong with them."""
    listed = listed_secrets(settings)
    written = written_variables(root, platform)
    split = split_variables(written, listed)
    outliving = storage_root(settings, platform)
    paths = storage_paths(outliving, {**dict(app.configured), **split.plain}) if outliving else {}
    parts: dict[str, Node] = {
        part: written[name] for name, text in split.composed.items() for part in secret_names_in(text)
    }
    names = sorted({*listed, *split.secret, *parts, *REQUIRED_SECRETS} - split.composed.keys())
    nodes = {**parts, **listed_nodes(root), **split.secret}
    places = {
        name: nodes[name].key_place or nodes[name].place if name in nodes else root.place for name in names
    }
    handed_from = sources(split, listed)
    secrets = tuple(
        secret(
            name,
            handed_from.get(name, name),
            listed.get(name, DERIVED),
            places[name],
            settings,
            instance,
            instance + suffix,
        )
        for name in names
    )
    problems = (*split.problems, *contradictions(split, listed, written))
    variables = dict(sorted({**derived_variables(platform, settings, app), **paths, **split.plain}.items()))
    return PlatformPart(variables, secrets, split.composed, problems)


def derived_variables(platform: Platform, settings: Settings, app: App) -> dict[str, str]:
    """What the platform asks of jvspatial, unless deploy.yaml says otherwise."""
    if platform == "kubernetes":
        return TICKED if settings["proactive_ticks"] else {}
    if settings["lambda"]["deferred_tasks"] and reaches(app.jvspatial, ASKS_LOOPBACK):
        return {"JVSPATIAL_DEFERRED_INVOKE_ALLOW_LOOPBACK": "true"}
    return {}


def framework_requirements(project: Project) -> list[str]:
    """The framework, pinned, and the extras of jvspatial that the configuration of any environment needs."""
    pinned = f"jvagent=={project.app.jvagent_version}"
    extras = needed_extras(project)
    return [pinned, f"jvspatial[{','.join(extras)}]"] if extras else [pinned]


def image_requirements(project: Project) -> list[str]:
    """Every requirement of the image, as PEP 508 texts."""
    return [*framework_requirements(project), *(requirement.spec for requirement in project.app.requirements)]


def python_version(project: Project) -> str:
    """The image's Python; the predecessor's build argument counts as well."""
    image = project.base.settings["image"]
    return image["build"]["args"].get("PYTHON_VERSION", image["python_version"])


def image_digest(project: Project) -> str:
    """The digest of what a requirements.lock of this image must have been made from."""
    return lock_digest(
        image_requirements(project),
        python_version=python_version(project),
        jvagent_version=project.app.jvagent_version,
        platforms=project.base.platforms,
    )


def needed_extras(project: Project) -> list[str]:
    configured = dict(project.app.configured)
    extras: set[str] = set()
    for environment in project.environments:
        if environment.settings["lambda"]["enabled"]:
            secrets = dict.fromkeys(variables_with_secrets(environment, "lambda"), "secret")
            variables = {**configured, **environment.lambda_variables, **secrets}
            extras.update(framework_extras(variables, on_lambda=True))
        if environment.settings["kubernetes"]["enabled"]:
            secrets = dict.fromkeys(variables_with_secrets(environment, "kubernetes"), "secret")
            variables = {**configured, **environment.kubernetes_variables, **secrets}
            extras.update(framework_extras(variables, on_lambda=False))
    return sorted(extras)
