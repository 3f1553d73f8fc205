"""What a kubelet tells of a pod: from the pod and the ConfigMaps and Secrets that are there to its status.

The beginning of an image's tag says what becomes of its container: `no-such…` is never pulled, `crashing…`
ends again and again, `unready…` runs but does not answer, and `forbidding…` is ready, but answers 403 for its
health. A reference to a ConfigMap or a Secret that is not there keeps a container from starting, as it does
in a cluster. The words are those of Kubernetes 1.36: pkg/kubelet/kuberuntime, pkg/kubelet/images.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, NamedTuple

Object = dict[str, Any]
# Seconds until a container that starts is ready, and until a Job's has ended.
READY_AFTER = 1.0
DONE_AFTER = 2.0


class Configuration(NamedTuple):
    """The keys of each ConfigMap and Secret, by kind, namespace and name."""

    keys: dict[tuple[str, str, str], frozenset[str]]


class Trouble(NamedTuple):
    """Why a container does not run: the reason and the message of its `waiting`, and those of an event."""

    reason: str
    message: str
    event: tuple[str, str]


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def age(stamp: str) -> float:
    begun = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return time.time() - begun.timestamp()


def behaviour(pod: Object) -> str:
    """How the pod's first container behaves."""
    return _behaviour(pod["spec"]["containers"][0])


def _behaviour(container: Object) -> str:
    tag = str(container["image"]).partition("@")[0].rpartition("/")[2].partition(":")[2]
    known = ("no-such", "crashing", "unready", "forbidding")
    return next((word for word in known if tag.startswith(word)), "")


def trouble_of(pod: Object, container: Object, configuration: Configuration) -> Trouble | None:
    """Why the container cannot start, or None."""
    if _behaviour(container) == "no-such":
        image = container["image"]
        cause = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": not found'
        if age(pod["metadata"]["creationTimestamp"]) < 3:
            return Trouble("ErrImagePull", cause, ("Failed", f'Failed to pull image "{image}": {cause}'))
        words = f'Back-off pulling image "{image}"'
        return Trouble("ImagePullBackOff", f"{words}: ErrImagePull: {cause}", ("BackOff", words))
    missing = next(_missing_references(pod, container, configuration), "")
    if missing:
        return Trouble("CreateContainerConfigError", missing, ("Failed", f"Error: {missing}"))
    return None


def _missing_references(pod: Object, container: Object, configuration: Configuration) -> Iterator[str]:
    namespace = pod["metadata"]["namespace"]
    for kind, reference, key in _references(container):
        found = configuration.keys.get((kind, namespace, reference["name"]))
        if reference.get("optional"):
            continue
        if found is None:
            yield f'{kind.lower()} "{reference["name"]}" not found'
        elif key and key not in found:
            yield f"couldn't find key {key} in {kind} {namespace}/{reference['name']}"


def _references(container: Object) -> Iterator[tuple[str, Object, str]]:
    kinds = {"ConfigMap": "configMap", "Secret": "secret"}
    for kind, field in kinds.items():
        for source in container.get("envFrom") or []:
            if f"{field}Ref" in source:
                yield kind, source[f"{field}Ref"], ""
        for variable in container.get("env") or []:
            reference = (variable.get("valueFrom") or {}).get(f"{field}KeyRef")
            if reference:
                yield kind, reference, str(reference["key"])


def lacks_volume(pod: Object, configuration: Configuration) -> bool:
    """Whether a ConfigMap or a Secret that is mounted is not there: the pod then waits."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or []:
        for kind, field, name in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
            source = volume.get(field)
            needed = source and not source.get("optional")
            if needed and (kind, namespace, source.get(name)) not in configuration.keys:
                return True
    return False


def status_of(pod: Object, configuration: Configuration) -> Object | None:
    """The status that the pod has now; None if it stays as it is."""
    before = pod.get("status") or {}
    if before.get("phase") in ("Succeeded", "Failed"):
        return None
    started = before.get("startTime") or now()
    containers = pod["spec"]["containers"]
    waiting = age(_scheduled(pod)) < READY_AFTER or lacks_volume(pod, configuration)
    states = [_container(pod, c, configuration, started, waiting=waiting) for c in containers]
    ends = pod["spec"].get("restartPolicy", "Always") != "Always"
    done = ends and all("terminated" in state["state"] for state in states)
    pending = any("waiting" in state["state"] and not state["restartCount"] for state in states)
    ready = all(state["ready"] for state in states)
    status: Object = {
        "phase": "Succeeded" if done else "Pending" if pending else "Running",
        "startTime": started,
        "hostIP": "127.0.0.1",
        "containerStatuses": states,
        "conditions": list(_conditions(before, ready=ready, pending=pending)),
    }
    if pod["spec"].get("initContainers"):
        status["initContainerStatuses"] = [_ended(c, started) for c in pod["spec"]["initContainers"]]
    if not pending:
        status["podIP"] = before.get("podIP") or _address(pod)
        status["podIPs"] = [{"ip": status["podIP"]}]
    return status


def _scheduled(pod: Object) -> str:
    conditions = (pod.get("status") or {}).get("conditions") or []
    stamps = (c["lastTransitionTime"] for c in conditions if c["type"] == "PodScheduled")
    return str(next(stamps, pod["metadata"]["creationTimestamp"]))


def _container(
    pod: Object, container: Object, configuration: Configuration, started: str, *, waiting: bool
) -> Object:
    if waiting:
        return _state(container, {"waiting": {"reason": "ContainerCreating"}})
    trouble = trouble_of(pod, container, configuration)
    # A Secret that goes does not stop what runs.
    if trouble and not _has_run(pod, container):
        return _state(container, {"waiting": {"reason": trouble.reason, "message": trouble.message}})
    if _behaviour(container) == "crashing":
        return _crashed(pod, container, started)
    if pod["spec"].get("restartPolicy", "Always") != "Always" and age(started) > DONE_AFTER:
        return _ended(container, started)
    ready = _behaviour(container) != "unready"
    return _state(container, {"running": {"startedAt": started}}, ready=ready, started=True)


def _has_run(pod: Object, container: Object) -> bool:
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return any(s["name"] == container["name"] and "running" in s["state"] for s in statuses)


def _crashed(pod: Object, container: Object, started: str) -> Object:
    about, name = pod["metadata"], container["name"]
    where = f"container={name} pod={about['name']}_{about['namespace']}({about['uid']})"
    waiting = {"reason": "CrashLoopBackOff", "message": f"back-off 10s restarting failed {where}"}
    ended = {"exitCode": 1, "reason": "Error", "startedAt": started, "finishedAt": started}
    return {
        **_state(container, {"waiting": waiting}, restarts=2),
        "lastState": {"terminated": ended},
    }


def _ended(container: Object, started: str) -> Object:
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": started, "finishedAt": started}
    return _state(container, {"terminated": ended}, ready=True)


def _state(
    container: Object, state: Object, *, ready: bool = False, started: bool = False, restarts: int = 0
) -> Object:
    ran = "waiting" not in state or restarts > 0
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": container["image"] if ran else "",
        "restartCount": restarts,
        "ready": ready,
        "started": started,
        "state": state,
    }


def _conditions(before: Object, *, ready: bool, pending: bool) -> Iterator[Object]:
    values = {"Initialized": not pending, "ContainersReady": ready, "Ready": ready}
    former = {c["type"]: c for c in before.get("conditions") or []}
    for kind, is_true in values.items():
        state = "True" if is_true else "False"
        same = former.get(kind, {}).get("status") == state
        since = former[kind]["lastTransitionTime"] if same else now()
        # Without the reason of before, a patch would keep it.
        reason = None if is_true else "ContainersNotReady"
        yield {"type": kind, "status": state, "lastTransitionTime": since, "reason": reason}


def _address(pod: Object) -> str:
    number = int(pod["metadata"]["uid"].replace("-", "")[:6], 16)
    return f"10.244.{number >> 8 & 255}.{number & 255 or 1}"


def warnings_of(pod: Object, configuration: Configuration) -> Iterator[tuple[str, str]]:
    """Reason and message of the events that a kubelet reports of the pod as it is now."""
    about = pod["metadata"]
    for container in pod["spec"]["containers"]:
        trouble = trouble_of(pod, container, configuration)
        if trouble and not _has_run(pod, container):
            yield trouble.event
        elif _behaviour(container) == "crashing":
            where = f"{container['name']} in pod {about['name']}_{about['namespace']}({about['uid']})"
            yield "BackOff", f"Back-off restarting failed container {where}"


def log_lines(pod: Object, *, previous: bool) -> list[str]:
    """What the app has written: nobody wrote it, but it has the form of jvagent's."""
    if behaviour(pod) == "crashing":
        return ["INFO: Started server process [1]", "ModuleNotFoundError: No module named 'acme'"]
    if previous:
        return []
    return ["INFO: Application startup complete.", "INFO: Uvicorn running on http://0.0.0.0:8080"]


def health(pod: Object) -> tuple[int, str]:
    """The app's answer for its health: status and body."""
    answers = {
        "unready": (503, '{"status":"unhealthy"}'),
        "crashing": (502, "no answer"),
        "forbidding": (403, "RBAC: access denied"),
    }
    return answers.get(behaviour(pod), (200, '{"status":"healthy"}'))
