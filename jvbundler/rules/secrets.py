"""Rules about secrets in places that project.variables does not check: they judge a name, never a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.project.model import Environment, Secret
from jvbundler.project.variables import REQUIRED_SECRETS
from jvbundler.rules.rule import Finding, Path, platforms, rule
from jvbundler.source.interpolate import secret_names_in
from jvbundler.values.node import Node, find
from jvbundler.values.secret_names import looks_secret

if TYPE_CHECKING:
    from jvbundler.app.model import App

POD: Path = ("kubernetes", "deployment", "pod")
# Maps whose keys the user chooses, and whose values are rendered as they are.
FREE_MAPS: tuple[Path, ...] = (
    ("image", "labels"),
    ("lambda", "tags"),
    ("kubernetes", "labels"),
    ("kubernetes", "annotations"),
    ("kubernetes", "config_map", "data"),
    ("kubernetes", "service", "annotations"),
    ("kubernetes", "ingress", "annotations"),
    ("kubernetes", "persistence", "annotations"),
    ("kubernetes", "service_account", "annotations"),
    (*POD, "labels"),
    (*POD, "annotations"),
)
# Objects of Kubernetes that the user wrote.
OBJECTS: tuple[Path, ...] = (
    (*POD, "init_containers"),
    (*POD, "extra_containers"),
    ("kubernetes", "extra_resources"),
    ("kubernetes", "patches"),
)
TAKE_IT = "take it from a Secret: valueFrom: {secretKeyRef: {name: …, key: …}}"


@rule(
    "JVB903",
    "error",
    title="Secret in a build argument, a label, a sidecar or an object",
    source="Docker: build arguments stay in the image's history; Kubernetes: manifests are committed",
)
def secret_by_name(environment: Environment, app: App) -> Iterator[Finding]:
    """A build argument whose name looks like a secret ends up in the Dockerfile and in the image's history,
    and so does a label or a key of the ConfigMap in the manifest. In containers, objects and patches of your
    own, a variable with such a name and a `Secret` with values count too. Use a build secret for the image,
    and `valueFrom` with a `secretKeyRef` in containers. The value is not repeated in the message."""
    for name, value in environment.settings["image"]["build"]["args"].items():
        if value and looks_secret(name):
            message = f"build argument '{name}' looks like a secret and would stay in the image"
            hint = "remove it, and pass the value as a build secret (docker build --secret)"
            yield Finding(("image", "build", "args", name), message, hint)
    for path in FREE_MAPS:
        yield from secret_entries(path, find(environment.node, path))
    for path in OBJECTS:
        written = find(environment.node, path)
        if written is not None:
            yield from secret_variables(path, written)


def secret_entries(path: Path, section: Node | None) -> Iterator[Finding]:
    entries = section.value if section is not None else None
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        if entry.value and not entry.secret and looks_secret(name):
            message = f"'{name}' looks like a secret and would be rendered"
            yield Finding(
                (*path, name), message, "remove it, and list the variable it is for under 'secrets'"
            )


def secret_variables(path: Path, node: Node) -> Iterator[Finding]:
    """Every `{name: …, value: …}` in a tree whose name looks like a secret, and every Secret with values."""
    value = node.value
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from secret_variables((*path, index), item)
    if not isinstance(value, dict):
        return
    name, given = value.get("name"), value.get("value")
    if name and given and given.value and looks_secret(str(name.value)):
        yield Finding(path, f"variable '{name.value}' looks like a secret and would be rendered", TAKE_IT)
    if "kind" in value and value["kind"].value == "Secret":
        for field in ("data", "stringData"):
            if field in value and value[field].value:
                message = f"the {field} of a Secret would be rendered"
                hint = "remove the object, and create it where it is needed: 'jvbundler secrets' shows how"
                yield Finding((*path, field), message, hint)
        return
    for key, child in value.items():
        yield from secret_variables((*path, key), child)


@rule(
    "JVB449",
    "warning",
    title="API version of External Secrets that operators no longer serve",
    source="External Secrets Operator: external-secrets.io/v1beta1 is not served from 0.17 on",
)
def unserved_external_secrets(environment: Environment, app: App) -> Iterator[Finding]:
    """The ExternalSecret is rendered as `v1beta1`, which operators from 0.17 on refuse. Every operator since
    0.16 serves `v1`, which is the default."""
    kubernetes = environment.settings["kubernetes"]
    external = kubernetes["external_secrets"]
    if kubernetes["enabled"] and external["enabled"] and external["api_version"].endswith("v1beta1"):
        message = "operators from 0.17 on do not serve external-secrets.io/v1beta1"
        path = ("kubernetes", "external_secrets", "api_version")
        yield Finding(path, message, "leave it out, or waive this while the operator is older")


@rule(
    "JVB513",
    "error",
    title="Secret that cannot be optional",
    source="Kubernetes: $(NAME) of a variable that is not set stays as it is; jvagent 0.1.7: its own secrets",
)
def cannot_be_optional(environment: Environment, app: App) -> Iterator[Finding]:
    """`optional: true` leaves a variable out where it has no value. jvagent does not start without its own
    secrets; a text that is composed of a missing one would be wrong, on Kubernetes literally `$(NAME)`; and
    a tick without its API key is refused."""
    ticking = {tick["api_key"] for tick in environment.settings["proactive_ticks"]}
    found: dict[str, tuple[Secret, str]] = {}
    for platform in platforms(environment):
        texts = {
            part: name
            for name, parts in environment.composed(platform).items()
            for part in secret_names_in(parts)
        }
        for secret in environment.secrets(platform):
            if not secret.optional:
                continue
            if secret.name in REQUIRED_SECRETS:
                found[secret.name] = secret, "jvagent does not start without it"
            elif secret.name in texts:
                found[secret.name] = secret, f"'{texts[secret.name]}' is composed of it"
            elif secret.name in ticking:
                found[secret.name] = secret, "a tick of 'proactive_ticks' needs it"
    for name, (secret, why) in sorted(found.items()):
        yield Finding(secret.place, f"'{name}' cannot be optional: {why}", "remove 'optional'")
