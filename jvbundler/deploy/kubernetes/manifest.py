"""A release → the target of kubectl's commands: names and objects, read from the manifest that is applied."""

from __future__ import annotations

from jvbundler.deploy.image.commands import registry_of
from jvbundler.deploy.kubernetes.live import Object, at, name_of
from jvbundler.deploy.kubernetes.workload import ObjectName, Target
from jvbundler.deploy.release import Release
from jvbundler.errors import InputError
from jvbundler.tools.manifest import documents

# kubectl ends the wait after Kubernetes itself has given the rollout up, so that the reason is Kubernetes'.
_BEYOND_DEADLINE_SECONDS = 60


def manifest_path(release: Release) -> str:
    return f"kubernetes/rendered/{release.environment.name}/manifest.yaml"


def kubernetes_target(release: Release, *, context: str = "", timeout_seconds: int = 0) -> Target:
    """Raises InputError where no context is named: kubectl's current one is nobody's decision."""
    environment = release.environment
    settings = environment.settings["kubernetes"]
    context = context or settings["context"]
    if not context:
        raise InputError(
            "which cluster? set 'kubernetes.context' in deploy.yaml or give --context; "
            "'kubectl config get-contexts -o name' lists them"
        )
    path = manifest_path(release)
    items = [document.value for document in documents(path, release.text(path))[0]]
    objects = tuple(name_of(item) for item in items)
    deployment: Object = next((i for i in items if i.get("kind") == "Deployment"), {})
    service = next((o.name for o in objects if o.kind == "Service"), environment.instance)
    image = str((at(deployment, "spec", "template", "spec", "containers") or [{}])[0].get("image", ""))
    registry = settings["registry"]
    return Target(
        context=context,
        namespace=environment.namespace,
        manifest=release.path(path),
        deployment=name_of(deployment).name or environment.instance,
        service=service,
        instance=environment.instance,
        health_path=environment.settings["server"]["health_path"],
        image=image,
        objects=objects,
        creates_namespace=any(o.kind == "Namespace" and o.name == environment.namespace for o in objects),
        spans=spans(objects, environment.namespace),
        rollout_seconds=timeout_seconds
        or settings["deployment"]["progress_deadline_seconds"] + _BEYOND_DEADLINE_SECONDS,
        pull_secret=registry["secret_name"] if registry["create_secret"] else "",
        pull_registry=registry_of(f"{registry['url']}/image") if registry["create_secret"] else "",
    )


def spans(objects: tuple[ObjectName, ...], namespace: str) -> bool:
    return any(o.namespace not in ("", namespace) for o in objects)


def namespace_assignment(namespace: str) -> tuple[tuple[str, str], ...]:
    """`--namespace` as the key of deploy.yaml that it replaces: the manifest names the namespace, too."""
    import json

    return (("kubernetes.namespace", json.dumps(namespace)),) if namespace else ()
