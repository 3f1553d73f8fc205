"""Rules about what the platforms, or the environments, must agree on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

from jvbundler.node import find
from jvbundler.project.model import Environment, Project, path_of
from jvbundler.project.variables import PLATFORM_PATHS, Platform
from jvbundler.rules.kubernetes import runs_jvagent
from jvbundler.rules.reading import (
    PLATFORM_TITLES,
    container_port,
    plain_variables,
    platforms,
    secret_names,
    variable_path,
    written_or,
)
from jvbundler.rules.rule import Finding, Path, project_rule, rule
from jvbundler.rules.storage import STORAGE_PATHS

if TYPE_CHECKING:
    from jvbundler.app.model import App

# What one platform needs and the other does not know.
OF_ONE_PLATFORM = ("AWS_", "LAMBDA_", "KUBERNETES_", "JVSPATIAL_EVENTBRIDGE_", "JVSPATIAL_DEFERRED_")
OTHER: dict[Platform, Platform] = {"lambda": "kubernetes", "kubernetes": "lambda"}
EVERYWHERE = ("0.0.0.0", "::")


@project_rule(
    "JVB114",
    "warning",
    title="Protected environment that is not declared",
    source="jvbundler: protected",
)
def undeclared_protected(project: Project) -> Iterator[Finding]:
    """`protected` names an environment that deploy.yaml does not have, so the one that was meant is not
    protected: `deploy`, `rollback` and `destroy` do not ask."""
    declared = [environment.name for environment in project.environments]
    for index, name in enumerate(project.base.settings["protected"]):
        if name not in declared:
            place = project.base.place("protected", index)
            yield Finding(place, f"there is no environment '{name}'", f"declared are: {', '.join(declared)}")


@rule(
    "JVB501",
    "warning",
    title="Variable on one platform only",
    source="jvbundler: both platforms run the same image and app",
)
def one_sided_variable(environment: Environment, app: App) -> Iterator[Finding]:
    """The app has a variable or secret on one platform and lacks it on the other, so it behaves differently
    there. Write it under the top-level `environment`, or set it to `null` under the other platform's
    environment to say that this is meant. Storage paths and what belongs to one platform (`AWS_…`) are not
    looked at."""
    if len(list(platforms(environment))) < 2:
        return
    for platform, other in OTHER.items():
        names = {*plain_variables(environment, platform), *secret_names(environment, platform)}
        missing = names - {*plain_variables(environment, other), *secret_names(environment, other)}
        for name in sorted(missing):
            there = (*PLATFORM_PATHS[other], name)
            said = find(environment.node, there) is not None
            if not said and name not in STORAGE_PATHS and not name.startswith(OF_ONE_PLATFORM):
                message = f"{PLATFORM_TITLES[platform]} has '{name}', {PLATFORM_TITLES[other]} has not"
                hint = f"move it to the top-level 'environment', or set {path_of(there)}: null"
                path = variable_path(environment, platform, name, PLATFORM_PATHS[platform])
                yield Finding(path, message, hint)


@rule(
    "JVB502",
    "warning",
    title="Variable that is plain here and secret there",
    source="jvbundler: a value is a secret on both platforms or on none",
)
def plain_and_secret(environment: Environment, app: App) -> Iterator[Finding]:
    """One platform takes the variable from its store of secrets, the other has it in clear in a rendered
    file: either the one hides nothing, or the other publishes it."""
    if len(list(platforms(environment))) < 2:
        return
    for platform, other in OTHER.items():
        both = plain_variables(environment, platform).keys() & secret_names(environment, other)
        for name in sorted(both):
            here, there = PLATFORM_TITLES[platform], PLATFORM_TITLES[other]
            message = f"'{name}' is plain text on {here} and a secret on {there}"
            path = variable_path(environment, platform, name, PLATFORM_PATHS[platform])
            yield Finding(path, message, f"list {name} under 'secrets', or write it plainly for both")


@rule(
    "JVB504",
    "warning",
    title="Server that listens where nobody asks",
    source="jvagent 0.1.7: JVAGENT_HOST, JVAGENT_PORT; Lambda Web Adapter: AWS_LWA_PORT",
)
def listens_elsewhere(environment: Environment, app: App) -> Iterator[Finding]:
    """Port and health path come from `server.port` and `server.health_path`: the image, the adapter, probes
    and the Service all follow them. A variable that says otherwise moves one of them away from the rest.
    `JVAGENT_HOST` must be 0.0.0.0, or only the container itself reaches the server."""
    for platform in platforms(environment):
        variables = plain_variables(environment, platform)
        for name, (wanted, setting) in expected_variables(environment, platform).items():
            written = variables.get(name, wanted)
            if written == wanted or (name == "JVAGENT_HOST" and written in EVERYWHERE):
                continue
            path = variable_path(environment, platform, name, PLATFORM_PATHS[platform])
            message = f"{name} is '{written}', but everything else expects '{wanted}'"
            yield Finding(path, message, "remove the variable" + (f", and set {setting}" if setting else ""))


def expected_variables(environment: Environment, platform: Platform) -> dict[str, tuple[str, str]]:
    """What the variables have to say, and the setting that they follow."""
    on_kubernetes = platform == "kubernetes"
    port = str(container_port(environment) if on_kubernetes else environment.server_port)
    expected: dict[str, tuple[str, str]] = {}
    if runs_jvagent(environment):
        expected |= {"JVAGENT_PORT": (port, "server.port"), "JVAGENT_HOST": ("0.0.0.0", "")}
    if not on_kubernetes:
        health = environment.settings["server"]["health_path"]
        expected["AWS_LWA_PORT"] = (port, "server.port")
        expected["AWS_LWA_READINESS_CHECK_PATH"] = (health, "server.health_path")
    return expected


@rule(
    "JVB505",
    "warning",
    title="Image tag 'latest'",
    source="Kubernetes and Docker: a tag that moves names another image at every pull",
)
def moving_tag(environment: Environment, app: App) -> Iterator[Finding]:
    """Nobody can say which image runs, a rollback goes to the same tag, and a rollout happens only by
    chance. The ECR repository that is made has immutable tags, where `latest` can be pushed once. The
    default tag is the app's version."""
    if (
        any(platforms(environment))
        and environment.image_tag == "latest"
        and not environment.settings["image"]["digest"]
    ):
        message = "the tag 'latest' does not say which image runs"
        yield Finding(("image", "tag"), message, "leave it out: it is then the app's version")


@project_rule(
    "JVB506",
    "error",
    title="Environment that needs another image",
    source="jvbundler: one Dockerfile, and so one image, for all environments",
)
def another_image(project: Project) -> Iterator[Finding]:
    """What shapes the image (`image`, except name, tag and digest, and `server`) is taken from the top
    level of deploy.yaml, for there is one Dockerfile. An environment with another value would not get
    it."""
    base = project.base.settings
    shaping = {"image": {**base["image"]}, "server": {**base["server"]}}
    for environment in project.environments:
        own = {"image": {**environment.settings["image"]}, "server": {**environment.settings["server"]}}
        for path in differing(shaping, own):
            if path[0] == "image" and path[1] in ("name", "tag", "digest"):
                continue
            message = (
                f"environment '{environment.name}' has its own {path_of(path)}, but there is one Dockerfile"
            )
            yield Finding(
                environment.place(*path), message, "write it at the top level, for all environments"
            )


def differing(one: dict[str, Any], other: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """The paths at which two maps differ, as deep as both are maps."""
    for key in sorted(one.keys() | other.keys()):
        first, second = one.get(key), other.get(key)
        if isinstance(first, dict) and isinstance(second, dict):
            yield from differing(first, second, (*path, key))
        elif first != second:
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


@rule(
    "JVB508",
    "error",
    title="GitOps without a repository",
    source="Argo CD Application: spec.source.repoURL; Flux source: spec.url",
)
def no_repository(environment: Environment, app: App) -> Iterator[Finding]:
    """Argo CD and Flux pull the output from a repository, which has to be named: both refuse an object
    without its address."""
    gitops = environment.settings["gitops"]
    if not environment.settings["kubernetes"]["enabled"] or gitops["repo_url"]:
        return
    for tool, enabled in (("argocd", gitops["argocd"]["enabled"]), ("flux", gitops["flux"]["enabled"])):
        if enabled:
            hint = "set gitops.repo_url, as in https://git.example.com/acme/gitops.git"
            yield Finding(("gitops", tool, "enabled"), "there is no repository to pull from", hint)


@project_rule(
    "JVB509",
    "warning",
    title="GitOps without Kubernetes",
    source="jvbundler: Argo CD and Flux apply the manifests of Kubernetes",
)
def gitops_without_kubernetes(project: Project) -> Iterator[Finding]:
    """`gitops.argocd` or `gitops.flux` is enabled, but Kubernetes is so in no environment: nothing is
    rendered for them."""
    if any(environment.settings["kubernetes"]["enabled"] for environment in project.environments):
        return
    for environment in project.environments:
        for tool, enabled in (
            ("argocd", environment.settings["gitops"]["argocd"]["enabled"]),
            ("flux", environment.settings["gitops"]["flux"]["enabled"]),
        ):
            if enabled:
                place = environment.place("gitops", tool, "enabled")
                yield Finding(place, "there are no manifests for it to apply", "set kubernetes.enabled: true")


@project_rule(
    "JVB510",
    "warning",
    title="Environments that overwrite each other",
    source="AWS: names are unique per account and region; Kubernetes: per cluster and namespace",
)
def shared_names(project: Project) -> Iterator[Finding]:
    """Two environments use one name in one place, so that the second deployment fails or replaces the
    first. Leave the name out (it then ends in the environment's name), or say that the places differ:
    `lambda.account_id` or `lambda.region`, `kubernetes.context` or `kubernetes.namespace`."""
    for first, second in combinations(project.environments, 2):
        for path, name, what in (*shared_on_lambda(first, second), *shared_on_kubernetes(first, second)):
            message = f"environments '{first.name}' and '{second.name}' have one {what}, '{name}'"
            hint = "give each its own, or put them into different accounts, regions, clusters or namespaces"
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
    """Only a context that both name says that they are in one cluster."""
    one, other = first.settings["kubernetes"], second.settings["kubernetes"]
    shared = one["context"] and one["context"] == other["context"] and first.namespace == second.namespace
    if one["enabled"] and other["enabled"] and shared:
        path = written_or(second, ("kubernetes", "namespace"), ("kubernetes", "context"))
        yield path, first.namespace, "namespace"
