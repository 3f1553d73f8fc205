"""Names, labels and annotations: what every object has. Knows no single kind."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from jvbundler.project.model import Environment

# The limit of a label's value and of a Service's name (RFC 1035).
NAME_LIMIT = 63

# No sync of Argo CD or Flux deletes an object with these; nor is one that has left the manifest a difference.
KEEP = {
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}
# Flux would take a literal `${` in the object for a variable of its own.
SUBSTITUTE = "kustomize.toolkit.fluxcd.io/substitute"


def name_with(base: str, suffix: str = "", prefix: str = "", limit: int = NAME_LIMIT) -> str:
    """A derived name; if too long, it is cut and gets a digest of the whole, so that it stays unique."""
    whole = f"{prefix}{base}{suffix}"
    if len(whole) <= limit:
        return whole
    tail = f"-{hashlib.sha256(whole.encode()).hexdigest()[:8]}{suffix}"
    return whole[: limit - len(tail)].rstrip("-") + tail


def service_name(environment: Environment) -> str:
    """The instance; the name of a Service, unlike all others, must not begin with a digit."""
    instance = environment.instance
    return instance if instance[0].isalpha() else name_with(instance, prefix="app-")


def files_name(environment: Environment) -> str:
    return name_with(environment.instance, "-files")


def label_value(text: str) -> str:
    """A version as a label's value, which allows fewer characters than versions do."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)[:NAME_LIMIT].strip("_.-")


def selector(environment: Environment) -> dict[str, str]:
    """What never changes in the life of a Deployment, whose selector is immutable."""
    return {
        "app.kubernetes.io/name": environment.instance,
        "app.kubernetes.io/instance": environment.instance,
    }


def pod_labels(environment: Environment) -> dict[str, str]:
    version = label_value(environment.app_version)
    return {
        **selector(environment),
        **({"app.kubernetes.io/version": version} if version else {}),
        **environment.settings["kubernetes"]["labels"],
        **environment.settings["kubernetes"]["deployment"]["pod"]["labels"],
        **selector(environment),
    }


def labels(environment: Environment) -> dict[str, str]:
    version = label_value(environment.app_version)
    return {
        **selector(environment),
        **({"app.kubernetes.io/version": version} if version else {}),
        "app.kubernetes.io/managed-by": "jvbundler",
        **environment.settings["kubernetes"]["labels"],
        **selector(environment),
    }


def metadata(
    environment: Environment, name: str, *annotations: dict[str, str], why: str = ""
) -> dict[str, Any]:
    """What `metadata.yaml.j2` reads, and the selector; later annotations win, `why` explains them."""
    merged: dict[str, str] = {**environment.settings["kubernetes"]["annotations"]}
    for more in annotations:
        merged.update(more)
    return {
        "name": name,
        "labels": labels(environment),
        "annotations": merged,
        "annotations_why": why,
        "selector": selector(environment),
    }
