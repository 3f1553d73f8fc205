"""`status k8s`: the app's state, compared with what was rendered; `logs k8s`: the logs of its pods.

Changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler.deploy.doctor import kubectl, require
from jvbundler.deploy.execution import Execution, execute, execute_all
from jvbundler.deploy.kubernetes import commands
from jvbundler.deploy.kubernetes.live import (
    Object,
    at,
    complaints_of,
    containers,
    gitops_owner,
    health_of,
    is_ready,
    metadata,
    objects_of,
    pod_troubles,
    revision,
    warnings_of,
)
from jvbundler.deploy.kubernetes.workload import Workload
from jvbundler.deploy.operation import Operation
from jvbundler.values.problem import ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.kubernetes.commands import LogOptions


class Status(NamedTuple):
    """`problems` say why the app is not healthy, one line each; empty if all is well."""

    fields: dict[str, Any]
    problems: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        return {"healthy": not self.problems, "problems": list(self.problems), **self.fields}


def statuses(workload: Workload, execution: Execution) -> Iterator[Status]:
    """The app's state, once per iteration. Raises ToolFailed if the cluster cannot be asked."""
    require([kubectl(execution.environ)])
    while True:
        yield status(workload, execution)


def status(workload: Workload, execution: Execution) -> Status:
    listed = execute(commands.list_status(workload), execution)
    found = objects_of(listed)
    unread = complaints_of(listed) if listed.code else ""
    if listed.code and not found:
        raise ToolFailed(f"the cluster could not be asked\n{unread}")
    warnings = warnings_of(
        objects_of(execute(commands.list_warnings(workload), execution)), [workload.deployment]
    )
    deployment = next((o for o in kind(found, "Deployment")), None)
    healthy, health = False, "nothing is deployed"
    if deployment:
        healthy, health = health_of(execute(commands.health(workload), execution))
    owner = gitops_owner(deployment) if deployment else None
    pods = list(kind(found, "Pod"))
    fields: dict[str, Any] = {
        "context": workload.context,
        "namespace": workload.namespace,
        "deployment": workload.deployment,
        "revision": revision(deployment),
        "managed_by": owner.system if owner else "",
        "replicas": replicas(deployment),
        "image": {"rendered": workload.image, "running": running_image(deployment)},
        "pods": [pod_fields(pod) for pod in pods],
        "volumes": [volume_fields(o) for o in kind(found, "PersistentVolumeClaim")],
        "autoscaler": [autoscaler_fields(o) for o in kind(found, "HorizontalPodAutoscaler")],
        "addresses": list(addresses(found)),
        "health": health,
        "warnings": warnings,
        "not_readable": unread,
    }
    return Status(fields, tuple(troubles(deployment, fields, healthy=healthy)))


IN_CLUSTER = " (in the cluster)"
NO_ADDRESS = "<no address yet>"


def kind(objects: Iterable[Object], name: str) -> Iterator[Object]:
    return (o for o in objects if o.get("kind") == name)


def replicas(deployment: Object | None) -> dict[str, int]:
    status = at(deployment, "status") or {}
    return {
        "desired": int(at(deployment, "spec", "replicas") or 0),
        "updated": int(status.get("updatedReplicas") or 0),
        "ready": int(status.get("readyReplicas") or 0),
        "available": int(status.get("availableReplicas") or 0),
    }


def running_image(deployment: Object | None) -> str:
    first = (at(deployment, "spec", "template", "spec", "containers") or [{}])[0]
    return str(first.get("image", ""))


def pod_fields(pod: Object) -> dict[str, Any]:
    return {
        "name": metadata(pod).get("name"),
        "phase": at(pod, "status", "phase"),
        "ready": is_ready(pod),
        "node": at(pod, "spec", "nodeName") or "",
        "restarts": sum(int(status.get("restartCount") or 0) for status in containers(pod)),
        "reasons": list(pod_troubles(pod)),
        "image_ids": sorted(
            {str(status.get("imageID")) for status in containers(pod) if status.get("imageID")}
        ),
    }


def volume_fields(claim: Object) -> dict[str, Any]:
    return {
        "name": metadata(claim).get("name"),
        "phase": at(claim, "status", "phase"),
        "size": at(claim, "status", "capacity", "storage")
        or at(claim, "spec", "resources", "requests", "storage"),
    }


def autoscaler_fields(scaler: Object) -> dict[str, Any]:
    stuck = [
        f"{c.get('type')}: {c.get('reason')}: {c.get('message')}"
        for c in at(scaler, "status", "conditions") or []
        if c.get("type") in ("AbleToScale", "ScalingActive") and c.get("status") == "False"
    ]
    return {
        "name": metadata(scaler).get("name"),
        "current": int(at(scaler, "status", "currentReplicas") or 0),
        "desired": int(at(scaler, "status", "desiredReplicas") or 0),
        "min": at(scaler, "spec", "minReplicas"),
        "max": at(scaler, "spec", "maxReplicas"),
        "problems": stuck,
    }


def addresses(objects: list[Object]) -> Iterator[str]:
    """Where the app answers: hosts of an Ingress, addresses of load balancers, the name in the cluster."""
    for ingress in kind(objects, "Ingress"):
        secure = {host for tls in at(ingress, "spec", "tls") or [] for host in tls.get("hosts") or []}
        for rule in at(ingress, "spec", "rules") or []:
            host = rule.get("host") or (list(_balancers(ingress)) or [NO_ADDRESS])[0]
            yield f"{'https' if host in secure else 'http'}://{host}"
    for service in kind(objects, "Service"):
        port = (at(service, "spec", "ports") or [{}])[0].get("port")
        for address in _balancers(service):
            yield f"http://{address}:{port}"
        host = f"{metadata(service).get('name')}.{metadata(service).get('namespace')}.svc"
        yield f"http://{host}:{port}{IN_CLUSTER}"


def address(workload: Workload, execution: Execution) -> str:
    """Where the app answers from outside. Raises ToolFailed if the cluster knows of no such place."""
    require([kubectl(execution.environ)])
    listed = execute(commands.list_status(workload), execution)
    found = [
        each for each in addresses(objects_of(listed)) if not each.endswith((IN_CLUSTER, f"//{NO_ADDRESS}"))
    ]
    if not found:
        raise ToolFailed(
            f"nothing outside the cluster leads to '{workload.deployment}': enable 'kubernetes.ingress', or "
            f"use 'kubectl port-forward'; 'jvbundler status k8s' shows what is there"
        )
    return found[0]


def _balancers(item: Object) -> Iterator[str]:
    for entry in at(item, "status", "loadBalancer", "ingress") or []:
        address = entry.get("hostname") or entry.get("ip")
        if address:
            yield str(address)


def troubles(deployment: Object | None, fields: dict[str, Any], *, healthy: bool) -> Iterator[str]:
    """Why the app is not healthy, or not what was rendered."""
    if deployment is None:
        yield f"there is no Deployment '{fields['deployment']}' in namespace '{fields['namespace']}'"
        return
    count = fields["replicas"]
    if count["ready"] < count["desired"] or count["updated"] < count["desired"]:
        yield f"{count['ready']} of {count['desired']} pods are ready, {count['updated']} are up to date"
    if not count["desired"]:
        yield "the Deployment is scaled to zero pods"
    for pod in fields["pods"]:
        yield from (f"{pod['name']}: {reason}" for reason in pod["reasons"] if not pod["ready"])
    image = fields["image"]
    if image["running"] != image["rendered"]:
        yield f"runs {image['running']}, but {image['rendered']} is rendered"
    yield from (
        f"volume claim '{v['name']}' is {v['phase']}" for v in fields["volumes"] if v["phase"] != "Bound"
    )
    for scaler in fields["autoscaler"]:
        yield from scaler["problems"]
    if not healthy:
        yield f"health: {fields['health']}"


def plan_logs(workload: Workload, options: LogOptions) -> Operation:
    return Operation((commands.logs(workload, options),))


def show_logs(operation: Operation, execution: Execution) -> None:
    require([kubectl(execution.environ)])
    execute_all(operation.commands, execution)
