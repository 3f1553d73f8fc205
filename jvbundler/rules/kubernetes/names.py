"""Rules about names, labels, paths of mounts and references that the Kubernetes API would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.project.model import Environment
from jvbundler.rules.rule import Finding, Path, rule

if TYPE_CHECKING:
    from jvbundler.app.model import App

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z"
_SUBDOMAIN = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z"
_KEY = r"[-._A-Za-z0-9]{1,253}\Z"


def is_label_key(key: str) -> bool:
    """An optional DNS name of at most 253 characters and a slash, then a name of at most 63."""
    prefix, slash, name = key.rpartition("/")
    return bool(re.match(_NAME, name)) and (not slash or is_subdomain(prefix))


def is_label_value(value: str) -> bool:
    return value == "" or bool(re.match(_NAME, value))


def is_subdomain(name: str) -> bool:
    return len(name) <= 253 and bool(re.match(_SUBDOMAIN, name))


def label_maps(environment: Environment) -> Iterator[tuple[Path, dict[str, str]]]:
    kubernetes = environment.settings["kubernetes"]
    yield ("kubernetes", "labels"), kubernetes["labels"]
    yield ("kubernetes", "deployment", "pod", "labels"), kubernetes["deployment"]["pod"]["labels"]
    yield ("kubernetes", "node_selector"), kubernetes["node_selector"]


def annotation_maps(environment: Environment) -> Iterator[tuple[Path, dict[str, str]]]:
    kubernetes = environment.settings["kubernetes"]
    yield ("kubernetes", "annotations"), kubernetes["annotations"]
    yield ("kubernetes", "deployment", "pod", "annotations"), kubernetes["deployment"]["pod"]["annotations"]
    yield ("kubernetes", "service", "annotations"), kubernetes["service"]["annotations"]
    yield ("kubernetes", "ingress", "annotations"), kubernetes["ingress"]["annotations"]
    yield ("kubernetes", "persistence", "annotations"), kubernetes["persistence"]["annotations"]
    yield ("kubernetes", "service_account", "annotations"), kubernetes["service_account"]["annotations"]


@rule(
    "JVB440",
    "error",
    title="Label or annotation that Kubernetes refuses",
    source="Kubernetes, labels: names and values of at most 63 letters, digits, '-', '_', '.'",
)
def malformed_labels(environment: Environment, app: App) -> Iterator[Finding]:
    """A key is a name, with an optional DNS name and a slash before it. A label's value has at most 63
    characters, begins and ends with a letter or digit, and has no spaces; an annotation takes any value."""
    if not environment.settings["kubernetes"]["enabled"]:
        return
    for path, entries in (*label_maps(environment), *annotation_maps(environment)):
        for key in entries:
            if not is_label_key(key):
                hint = "use letters, digits, '-', '_', '.', as in example.com/team"
                yield Finding((*path, key), f"'{key}' is not a valid key of a label or annotation", hint)
    for path, entries in label_maps(environment):
        for key, value in entries.items():
            if not is_label_value(value):
                hint = "use at most 63 letters, digits, '-', '_', '.'; an annotation takes any text"
                yield Finding((*path, key), f"the value of label '{key}' is not allowed", hint)


@rule(
    "JVB441",
    "error",
    title="Name of a Secret that Kubernetes refuses",
    source="Kubernetes, object names: DNS subdomain of at most 253 characters; Secret keys: [-._a-zA-Z0-9]+",
)
def bad_secret_reference(environment: Environment, app: App) -> Iterator[Finding]:
    """The place of a secret in the cluster is the name of a Secret, lower case letters, digits, `-` and
    `.`, and a key in it."""
    if not environment.settings["kubernetes"]["enabled"]:
        return
    indexes = {
        (item if isinstance(item, str) else item["name"]): index
        for index, item in enumerate(environment.settings["secrets"])
    }
    for secret in environment.kubernetes_secrets:
        path: Path = ("secrets", indexes.get(secret.name, 0), "kubernetes")
        if not is_subdomain(secret.kubernetes_secret):
            message = f"'{secret.kubernetes_secret}' is not a valid name of a Secret"
            yield Finding((*path, "secret_name"), message, "use lower-case letters, digits, '-' and '.'")
        if not re.match(_KEY, secret.kubernetes_key):
            message = f"'{secret.kubernetes_key}' is not a valid key of a Secret"
            yield Finding((*path, "key"), message, "use letters, digits, '-', '_' and '.'")


@rule(
    "JVB435",
    "error",
    title="External secrets without a store",
    source="External Secrets Operator, ExternalSecret: secretStoreRef.name",
)
def no_store(environment: Environment, app: App) -> Iterator[Finding]:
    """An ExternalSecret copies from a SecretStore or ClusterSecretStore, which has to be named."""
    external = environment.settings["kubernetes"]["external_secrets"]
    if (
        environment.settings["kubernetes"]["enabled"]
        and external["enabled"]
        and not external["store"]["name"]
    ):
        path = ("kubernetes", "external_secrets", "enabled")
        message = "external secrets have no store"
        yield Finding(path, message, "set kubernetes.external_secrets.store.name")


@rule(
    "JVB437",
    "error",
    title="Two volumes at one path",
    source="Kubernetes API, Container: mountPath must be unique",
)
def mount_clash(environment: Environment, app: App) -> Iterator[Finding]:
    """The pods mount the volume, the files of `config_map`, your `extra_volume_mounts` and a writable
    `/tmp`, each at a path of its own."""
    if not environment.settings["kubernetes"]["enabled"]:
        return
    taken: set[str] = {"/tmp"}
    for path, folder in mounts(environment):
        if folder.rstrip("/") in taken:
            yield Finding(path, f"another volume is mounted at '{folder}'", "mount it elsewhere")
        taken.add(folder.rstrip("/"))


def mounts(environment: Environment) -> Iterator[tuple[Path, str]]:
    kubernetes = environment.settings["kubernetes"]
    if kubernetes["persistence"]["enabled"]:
        yield ("kubernetes", "persistence", "mount_path"), kubernetes["persistence"]["mount_path"]
    if kubernetes["config_map"]["enabled"] and kubernetes["config_map"]["data"]:
        yield ("kubernetes", "config_map", "mount_path"), kubernetes["config_map"]["mount_path"]
