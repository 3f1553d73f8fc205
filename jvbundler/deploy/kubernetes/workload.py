"""An environment on Kubernetes: where kubectl's commands act, and on which objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.values.artifact import ObjectName
from jvbundler.values.problem import InputError
from jvbundler.values.reference import registry_of

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release
    from jvbundler.values.artifact import Artifact

# kubectl stops waiting after Kubernetes itself has given up the rollout, so that the reason is Kubernetes'
# own.
_BEYOND_DEADLINE_SECONDS = 60


class Workload(NamedTuple):
    """Where an environment runs, and the names of what runs there. `manifest` is the rendered file's path.

    `spans` means that the manifest has objects of other namespaces too: kubectl then refuses `--namespace`,
    and each object in the file names its own.
    """

    context: str
    namespace: str
    manifest: str
    deployment: str
    service: str
    instance: str
    health_path: str
    image: str
    objects: tuple[ObjectName, ...]
    creates_namespace: bool = False
    is_autoscaled: bool = False
    spans: bool = False
    rollout_seconds: int = 660
    pull_secret: str = ""
    pull_registry: str = ""

    @property
    def selector(self) -> str:
        return f"app.kubernetes.io/name={self.instance},app.kubernetes.io/instance={self.instance}"

    @property
    def place(self) -> str:
        """What a deployment changes, and where: only one may at a time."""
        return f"'{self.deployment}' in namespace '{self.namespace}' of '{self.context}'"

    def config_maps(self) -> tuple[str, ...]:
        return tuple(
            o.name for o in self.objects if o.kind == "ConfigMap" and o.namespace in ("", self.namespace)
        )


def kubectl(workload: Workload, *words: str, namespaced: bool = True) -> tuple[str, ...]:
    place = ("--namespace", workload.namespace) if namespaced else ()
    return ("kubectl", "--context", workload.context, *place, *words)


def workload_of(release: Release, *, context: str = "", timeout_seconds: int = 0) -> Workload:
    """Raises InputError if no context is named: kubectl's current one was not chosen for this app."""
    environment = release.environment
    settings = environment.settings["kubernetes"]
    context = context or settings["context"]
    if not context:
        raise InputError(
            "which cluster? set 'kubernetes.context' in deploy.yaml or give --context; "
            "'kubectl config get-contexts -o name' lists them"
        )
    manifest = manifest_of(release)
    objects, registry = manifest.objects, settings["registry"]
    return Workload(
        context=context,
        namespace=environment.namespace,
        manifest=release.path(manifest.path),
        deployment=_first(objects, "Deployment") or environment.instance,
        service=_first(objects, "Service") or environment.instance,
        instance=environment.instance,
        health_path=environment.settings["server"]["health_path"],
        image=_image(release),
        objects=objects,
        creates_namespace=any(o.kind == "Namespace" and o.name == environment.namespace for o in objects),
        is_autoscaled=any(o.kind == "HorizontalPodAutoscaler" for o in objects),
        spans=any(o.namespace not in ("", environment.namespace) for o in objects),
        rollout_seconds=timeout_seconds
        or settings["deployment"]["progress_deadline_seconds"] + _BEYOND_DEADLINE_SECONDS,
        pull_secret=registry["secret_name"] if registry["create_secret"] else "",
        pull_registry=registry_of(environment.kubernetes_repository) if registry["create_secret"] else "",
    )


def manifest_of(release: Release) -> Artifact:
    return release.artifact(f"kubernetes/rendered/{release.environment.name}/manifest.yaml")


def _first(objects: tuple[ObjectName, ...], kind: str) -> str:
    return next((o.name for o in objects if o.kind == kind), "")


def _image(release: Release) -> str:
    """The image of the Deployment; it differs from that of deploy.yaml only if a patch changes it."""
    if not release.environment.settings["kubernetes"]["patches"]:
        return release.environment.kubernetes_image
    deployment = next((item for item in objects_in(release) if item["kind"] == "Deployment"), {})
    containers = deployment.get("spec", {}).get("template", {}).get("spec", {}).get("containers") or [{}]
    return str(containers[0].get("image", ""))


def objects_in(release: Release) -> list[dict[str, Any]]:
    """The objects of the manifest, in its order, as they are applied."""
    from jvbundler.checkers.manifest import documents

    found, _ = documents("", manifest_of(release).text)
    return [document.value for document in found if document.kind]


def namespace_assignment(namespace: str) -> tuple[tuple[str, str], ...]:
    """`--namespace` as the key of deploy.yaml that it replaces: the manifest names the namespace as well."""
    return (("kubernetes.namespace", json.dumps(namespace)),) if namespace else ()
