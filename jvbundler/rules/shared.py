"""Rules about what both platforms must agree on: variables, secrets, the port, the image."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from jvbundler.project.model import Environment, Platform, path_of
from jvbundler.project.variables import DEVELOPMENT, MODE, PLATFORM_PATHS
from jvbundler.rules.rule import (
    PLATFORM_TITLES,
    Finding,
    Path,
    app_variables,
    container_port,
    is_true,
    plain_variables,
    platforms,
    rule,
    runs_jvagent,
    secret_names,
    variable_path,
    written_or,
)
from jvbundler.rules.storage import STORAGE_PATHS
from jvbundler.source.images import SECTIONS
from jvbundler.source.wording import closest
from jvbundler.values.node import find
from jvbundler.values.packaged import packaged_text

if TYPE_CHECKING:
    from jvbundler.app.model import App

# What one platform needs and the other does not know.
OF_ONE_PLATFORM = (
    "AWS_",
    "FORWARDED_ALLOW_IPS",
    "JVSPATIAL_DEFERRED_",
    "JVSPATIAL_EVENTBRIDGE_",
    "JVSPATIAL_SCHEDULER_",
    "KUBERNETES_",
    "LAMBDA_",
)
OTHER: dict[Platform, Platform] = {"lambda": "kubernetes", "kubernetes": "lambda"}
EVERYWHERE = ("0.0.0.0", "::")
# The addresses whose `x-forwarded-for` and `x-forwarded-proto` uvicorn believes.
TRUSTED = "FORWARDED_ALLOW_IPS"


@rule(
    "JVB501",
    "warning",
    title="Variable on one platform only",
    source="jvbundler: both platforms run the same image and app",
)
def one_sided_variable(environment: Environment, app: App) -> Iterator[Finding]:
    """The app has a variable or secret on one platform and not on the other, so it behaves differently
    there. Write it under the top-level `environment`, or set it to `null` under the other platform's
    environment to say that this is meant. Storage paths and what belongs to one platform (`AWS_…`) are not
    checked."""
    if len(list(platforms(environment))) < 2:
        return
    for platform, other in OTHER.items():
        names = {*plain_variables(environment, platform), *secret_names(environment, platform)}
        missing = names - {*plain_variables(environment, other), *secret_names(environment, other)}
        for name in sorted(missing):
            there = (*PLATFORM_PATHS[other], name)
            said = find(environment.node, there) is not None
            if not said and name not in STORAGE_PATHS and not name.startswith(OF_ONE_PLATFORM):
                message = f"{PLATFORM_TITLES[platform]} has '{name}', {PLATFORM_TITLES[other]} does not"
                hint = f"move it to the top-level 'environment', or set {path_of(there)}: null"
                path = variable_path(environment, platform, name, PLATFORM_PATHS[platform])
                yield Finding(path, message, hint)


@rule(
    "JVB502",
    "warning",
    title="Variable that is plain on one platform and secret on the other",
    source="jvbundler: a value is a secret on both platforms or on none",
)
def plain_and_secret(environment: Environment, app: App) -> Iterator[Finding]:
    """One platform takes the variable from its store of secrets, the other has it in plain text in a
    rendered file: either it is not a secret, or it is published."""
    if len(list(platforms(environment))) < 2:
        return
    for platform, other in OTHER.items():
        both = plain_variables(environment, platform).keys() & secret_names(environment, other)
        for name in sorted(both):
            here, there = PLATFORM_TITLES[platform], PLATFORM_TITLES[other]
            message = f"'{name}' is plain text on {here} and a secret on {there}"
            path = variable_path(environment, platform, name, PLATFORM_PATHS[platform])
            yield Finding(path, message, f"list {name} under 'secrets', or write it in plain text for both")


@rule(
    "JVB512",
    "warning",
    title="Misspelt variable of the framework",
    source="jvagent and jvspatial: the names in the sources of all their releases (schemas/variables.json)",
)
def misspelt_variable(environment: Environment, app: App) -> Iterator[Finding]:
    """No release of jvagent or jvspatial reads a variable of this name, but one of a similar name: the
    setting has no effect. For a variable that your own code reads, choose a name without `JVSPATIAL_` and
    `JVAGENT_`."""
    written = {
        name: platform
        for platform in platforms(environment)
        for name in (*plain_variables(environment, platform), *secret_names(environment, platform))
        if name.startswith(("JVSPATIAL_", "JVAGENT_"))
    }
    unknown = written.keys() - known_variables() if written else ()
    for name in sorted(unknown):
        near = closest(name, known_variables(), cutoff=0.85)
        if near:
            path = variable_path(environment, written[name], name, PLATFORM_PATHS[written[name]])
            yield Finding(path, f"neither jvagent nor jvspatial reads '{name}'", f"did you mean '{near}'?")


@rule(
    "JVB514",
    "warning",
    title="Development setting in what is deployed",
    source="jvagent 0.1.7, action/interact/response_builder.py and cli/server_config.py",
)
def development_setting(environment: Environment, app: App) -> Iterator[Finding]:
    """Unless `JVSPATIAL_ENVIRONMENT` is `production`, jvagent answers a message with all that it knows of it:
    actions, directives, events, usage. `JVSPATIAL_DEBUG` logs what users write, and
    `JVSPATIAL_GRAPH_ENDPOINT_ENABLED` serves the app's whole graph to administrators. They belong in `.env`,
    which is not in the image. app.yaml sets the last two as well, by `development.debug` and
    `api.graph_endpoint_enabled`."""
    places = dict(app.configured_at)
    found: dict[str, Finding] = {}
    for platform in platforms(environment):
        variables = app_variables(environment, app, platform)
        for name, meaning in DEVELOPMENT.items():
            value = variables.get(name, "").strip()
            is_wrong = value.lower() not in ("", "production") if name == MODE else is_true(value)
            if is_wrong:
                path = variable_path(environment, platform, name, ())
                wanted = "production" if name == MODE else '"false"'
                hint = f"set {name}: {wanted}"
                found[name] = Finding(path or places[name], f"{name} is '{value}': {meaning}", hint)
    yield from found.values()


@cache
def known_variables() -> frozenset[str]:
    import json

    return frozenset(json.loads(packaged_text("schemas/variables.json")))


@rule(
    "JVB504",
    "warning",
    title="Server that listens where nothing connects",
    source="jvagent 0.1.7: JVAGENT_HOST, JVAGENT_PORT; Lambda Web Adapter: AWS_LWA_PORT",
)
def listens_elsewhere(environment: Environment, app: App) -> Iterator[Finding]:
    """Port and health path come from `server.port` and `server.health_path`: the image, the adapter, probes
    and the Service all follow them. A variable with another value moves one of them away from the rest.
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
    "JVB337",
    "warning",
    title="Clients that pass for the server's own",
    source="uvicorn, proxy_headers.py; jvspatial 0.0.17, api/deferred_invoke_route.py; run for real",
)
def trusts_everybody(environment: Environment, app: App) -> Iterator[Finding]:
    """`/api/_internal/deferred`, jvspatial's route for tasks, takes requests of 127.0.0.1 without a password,
    as those of the Lambda Web Adapter. Whose request it is, uvicorn reads in `x-forwarded-for`, if the sender
    is in `FORWARDED_ALLOW_IPS`. With `*` a client can write `127.0.0.1` there. On Lambda every request comes
    from the adapter, so that a list without 127.0.0.1 makes the adapter's of all of them. Leave the variable
    out there: uvicorn believes 127.0.0.1 by itself. On Kubernetes name the network of your proxies."""
    found: dict[Path, Finding] = {}
    for platform in platforms(environment):
        value = plain_variables(environment, platform).get(TRUSTED)
        if value is None:
            continue
        addresses = [address.strip() for address in value.split(",")]
        path = variable_path(environment, platform, TRUSTED, PLATFORM_PATHS[platform])
        is_shared = path[0] == "environment" and environment.settings["kubernetes"]["enabled"]
        hint = "name your proxies' network, such as 10.244.0.0/16"
        if platform == "lambda":
            hint = f"move it under {'.'.join(PLATFORM_PATHS['kubernetes'])}" if is_shared else "remove it"
        if any(address == "*" or address.endswith("/0") for address in addresses):
            message = f"{TRUSTED} lets any client claim to be 127.0.0.1, and start deferred tasks"
            found.setdefault(path, Finding(path, message, hint))
        elif platform == "lambda" and not any(address.startswith("127.") for address in addresses):
            message = f"{TRUSTED} lacks 127.0.0.1: on Lambda any client can then start deferred tasks"
            found.setdefault(path, Finding(path, message, hint))
    yield from found.values()


@rule(
    "JVB505",
    "warning",
    title="Image tag 'latest'",
    source="Kubernetes and Docker: a moving tag may name another image at every pull",
)
def moving_tag(environment: Environment, app: App) -> Iterator[Finding]:
    """Nobody can say which image runs, a rollback goes to the same tag, and a rollout happens only by
    chance. The rendered ECR repository has immutable tags, so `latest` can be pushed only once. The
    default tag is the app's version."""
    for platform in platforms(environment):
        if environment.tag(platform) == "latest" and not environment.digest(platform):
            own = (*SECTIONS[platform], "tag")
            path: Path = own if environment.own_image(platform)["tag"] else ("image", "tag")
            message = "the tag 'latest' does not say which image runs"
            yield Finding(path, message, "leave it out: it is then the app's version")


@rule(
    "JVB444",
    "warning",
    title="Image that no cluster can pull",
    source="Kubernetes, images: a name without a registry is one of Docker Hub's own library",
)
def image_without_registry(environment: Environment, app: App) -> Iterator[Finding]:
    """The image's name has no registry, so a cluster looks for it among Docker's own images, and finds
    nothing, or something else. Say where it is pushed: `kubernetes.registry.url`. For a cluster on your own
    machine that gets the image by another way (`kind load`, `minikube image load`), set
    `kubernetes.deployment.container.image_pull_policy: Never`."""
    if is_without_registry(environment):
        at = written_or(environment, ("image", "name"), ("kubernetes", "enabled"))
        message = f"no cluster can pull '{environment.kubernetes_image}': the name has no registry"
        yield Finding(at, message, "set kubernetes.registry.url, as in ghcr.io/acme")


def is_without_registry(environment: Environment) -> bool:
    """Whether the cluster has to pull the image, and cannot know where from."""
    kubernetes = environment.settings["kubernetes"]
    is_pulled = kubernetes["deployment"]["container"]["image_pull_policy"] != "Never"
    return kubernetes["enabled"] and is_pulled and "/" not in environment.kubernetes_repository
