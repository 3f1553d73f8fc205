"""Rules about all environments together: one image, distinct names, something to render."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

from jvbundler.project.model import Environment, Project, path_of
from jvbundler.rules.rule import Finding, Path, platforms, project_rule, written_or
from jvbundler.source.images import KEY

if TYPE_CHECKING:
    pass


@project_rule(
    "JVB114",
    "warning",
    title="Protected environment that is not declared",
    source="jvbundler: protected",
)
def undeclared_protected(project: Project) -> Iterator[Finding]:
    """`protected` names an environment that deploy.yaml does not have, so the intended one is not
    protected: `deploy`, `rollback` and `destroy` do not ask."""
    declared = [environment.name for environment in project.environments]
    for index, name in enumerate(project.base.settings["protected"]):
        if name not in declared:
            place = project.base.place("protected", index)
            yield Finding(place, f"there is no environment '{name}'", f"declared: {', '.join(declared)}")


@project_rule(
    "JVB506",
    "error",
    title="Environment that needs another image",
    source="jvbundler: one Dockerfile, and so one image, for all environments",
)
def another_image(project: Project) -> Iterator[Finding]:
    """What shapes the image (`image`, except name, tag and digest, and `server`) is taken from the top
    level of deploy.yaml, as there is one Dockerfile. An environment with another value would not get
    it."""
    base = project.base.settings
    shaping = {"image": {**base["image"]}, "server": {**base["server"]}}
    for environment in project.environments:
        own = {"image": {**environment.settings["image"]}, "server": {**environment.settings["server"]}}
        for path in differing(shaping, own):
            if path[0] == "image" and path[1] in ("name", "tag", "digest"):
                continue
            shared = "one file of images" if path == KEY else "one Dockerfile"
            message = f"environment '{environment.name}' has its own {path_of(path)}, but there is {shared}"
            yield Finding(
                environment.place(*path), message, "write it at the top level, for all environments"
            )


def differing(one: dict[str, Any], other: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """The paths at which two maps differ, as deep as both are maps."""
    for key in sorted(one.keys() | other.keys()):
        first, second = one.get(key), other.get(key)
        if first == second:
            continue
        if isinstance(first, dict) and isinstance(second, dict):
            yield from differing(first, second, (*path, key))
        else:
            yield (*path, key)


@project_rule(
    "JVB507",
    "warning",
    title="No platform enabled",
    source="jvbundler: lambda.enabled and kubernetes.enabled are false by default",
)
def no_platform(project: Project) -> Iterator[Finding]:
    """Neither `lambda.enabled` nor `kubernetes.enabled` is true in any environment, so only a Dockerfile is
    rendered."""
    if not any(any(platforms(environment)) for environment in project.environments):
        message = "no platform is enabled, so only a Dockerfile is rendered"
        place = project.base.place()
        yield Finding(place, message, "set lambda.enabled: true or kubernetes.enabled: true")


@project_rule(
    "JVB510",
    "warning",
    title="Environments that overwrite each other",
    source="AWS: names are unique per account and region; Kubernetes: per cluster and namespace",
)
def shared_names(project: Project) -> Iterator[Finding]:
    """Two environments use the same name in the same place, so the second deployment fails or replaces the
    first. Leave the name out (it then ends in the environment's name), or say that the places differ:
    `lambda.account_id` or `lambda.region`, `kubernetes.context` or `kubernetes.namespace`."""
    for first, second in combinations(project.environments, 2):
        for path, name, what in (*shared_on_lambda(first, second), *shared_on_kubernetes(first, second)):
            message = f"environments '{first.name}' and '{second.name}' have the same {what}, '{name}'"
            hint = "give each its own, or use different accounts, regions, clusters or namespaces"
            yield Finding(second.place(*path), message, hint)


def shared_on_lambda(first: Environment, second: Environment) -> Iterator[tuple[Path, str, str]]:
    one, other = first.settings["lambda"], second.settings["lambda"]
    apart = (one["account_id"], one["region"]) != (other["account_id"], other["region"])
    if not (one["enabled"] and other["enabled"]) or apart:
        return
    if first.stack_name == second.stack_name:
        yield ("lambda", "stack_name"), first.stack_name, "stack"
    elif first.function_name == second.function_name:
        yield ("lambda", "function", "name"), first.function_name, "function"
    elif one["iam"]["role_name"] and one["iam"]["role_name"] == other["iam"]["role_name"]:
        yield ("lambda", "iam", "role_name"), one["iam"]["role_name"], "role"


def shared_on_kubernetes(first: Environment, second: Environment) -> Iterator[tuple[Path, str, str]]:
    """They are known to be in one cluster only if both name the same context."""
    one, other = first.settings["kubernetes"], second.settings["kubernetes"]
    shared = one["context"] and one["context"] == other["context"] and first.namespace == second.namespace
    if one["enabled"] and other["enabled"] and shared:
        path = written_or(second, ("kubernetes", "namespace"), ("kubernetes", "context"))
        yield path, first.namespace, "namespace"
