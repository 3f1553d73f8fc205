"""The state of a cluster as values: objects, owners, conditions. Changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from jvbundler.deploy.command import Command
from jvbundler.deploy.execution import Execution, execute
from jvbundler.deploy.kubernetes import commands
from jvbundler.deploy.kubernetes.gitops import Owner, Verb, owner_of, refusal
from jvbundler.deploy.kubernetes.workload import Workload
from jvbundler.runner import Completed
from jvbundler.values.artifact import ObjectName
from jvbundler.values.problem import InputError, ToolFailed

Object = dict[str, Any]

REVISION = "deployment.kubernetes.io/revision"
# `kubectl rollout undo` has no field manager of its own: the server takes the program's name, which version
# managers may turn into `kubectl.1.32`. Hand edits have other names (kubectl-edit, kubectl-patch).
_UNDONE_BY = re.compile(r"kubectl(?:-rollout|\.[0-9.]+|\.exe)?\Z")

# A line that kubectl writes to its log, in the form of k8s.io/klog.
_LOGGED = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\] ")


class Live(NamedTuple):
    """What runs: the Deployment (None before the first deployment) and its ConfigMaps."""

    deployment: Object | None
    config_maps: tuple[Object, ...]


class Facts(NamedTuple):
    """What a deployment and a deletion depend on. `orphans` are our objects that the manifest no longer has.

    `unlisted` is kubectl's message about kinds that may not be listed.
    """

    live: Live
    orphans: tuple[ObjectName, ...]
    unlisted: str = ""


def look_commands(workload: Workload) -> tuple[Command, ...]:
    """The commands with which `look` reads the facts."""
    return (commands.inspect(workload), commands.list_owned(workload))


def look(workload: Workload, execution: Execution, verb: Verb, *, force: bool) -> Facts:
    """Raises InputError for what Argo CD or Flux manages, unless `force` is given."""
    inspect, list_owned = look_commands(workload)
    live = look_managed(workload, inspect, execution, verb, force=force)
    listed = execute(list_owned, execution)
    unlisted = complaints_of(listed) if listed.code else ""
    return Facts(live, tuple(orphans(objects_of(listed), workload)), unlisted)


def look_managed(
    workload: Workload, inspect: Command, execution: Execution, verb: Verb, *, force: bool
) -> Live:
    """What runs; InputError if it is not ours to change."""
    live = live_state(execute(inspect, execution))
    owner = gitops_owner(live.deployment) if live.deployment else None
    if owner and not force:
        raise InputError(refusal(owner, verb, workload.deployment, workload.manifest))
    return live


def objects_of(done: Completed) -> list[Object]:
    """The objects that `kubectl get --output=json` printed: a list, one, or none."""
    text = done.text.strip()
    if not text:
        return []
    try:
        document = json.loads(text)
    except ValueError:
        words = text.splitlines()[0][:200]
        raise ToolFailed(f"'{' '.join(done.argv[:1])}' printed something other than JSON: {words}") from None
    if not isinstance(document, dict):
        raise ToolFailed("'kubectl' printed JSON that is not a Kubernetes object")
    items = document.get("items") if str(document.get("kind", "")).endswith("List") else [document]
    return [item for item in items or [] if isinstance(item, dict)]


def complaints_of(done: Completed) -> str:
    """What kubectl says in the end: once, though it repeats itself for each kind, and without its own log."""
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    said = [line for line in lines if not _LOGGED.match(line)]
    return "\n".join(dict.fromkeys(said or lines))


def live_state(done: Completed) -> Live:
    found = objects_of(done)
    deployments = [o for o in found if o.get("kind") == "Deployment"]
    maps = tuple(o for o in found if o.get("kind") == "ConfigMap")
    return Live(deployments[0] if deployments else None, maps)


def name_of(item: Object) -> ObjectName:
    meta = metadata(item)
    group, slash, _ = str(item.get("apiVersion", "")).partition("/")
    return ObjectName(
        group if slash else "",
        str(item.get("kind", "")),
        str(meta.get("name", "")),
        str(meta.get("namespace", "")),
    )


def metadata(item: Object) -> Object:
    found = item.get("metadata")
    return found if isinstance(found, dict) else {}


def at(item: Any, *path: str) -> Any:
    """The value at `path`, or None if something on the way is missing."""
    for key in path:
        item = item.get(key) if isinstance(item, dict) else None
    return item


def gitops_owner(item: Object) -> Owner | None:
    return owner_of(metadata(item), {str(entry.get("manager", "")) for entry in managed_fields(item)})


def was_undone(deployment: Object | None) -> bool:
    """Whether `kubectl rollout undo` holds fields of the pod template: the next apply would conflict."""
    return any(
        _UNDONE_BY.match(str(entry.get("manager", "")))
        and entry.get("operation") == "Update"
        and not entry.get("subresource")
        and at(entry, "fieldsV1", "f:spec", "f:template") is not None
        for entry in managed_fields(deployment or {})
    )


def held_replicas(deployment: Object | None, manager: str = commands.MANAGER) -> int:
    """How many pods the Deployment has because this manager said so; 0 where the number is not its own."""
    held = any(
        entry.get("manager") == manager and at(entry, "fieldsV1", "f:spec", "f:replicas") is not None
        for entry in managed_fields(deployment or {})
    )
    return int(at(deployment, "spec", "replicas") or 0) if held else 0


def managed_fields(item: Object) -> list[Object]:
    entries = metadata(item).get("managedFields")
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def revision(deployment: Object | None) -> str:
    return str(at(deployment, "metadata", "annotations", REVISION) or "")


def as_applied(config_maps: Iterable[Object]) -> str:
    """A manifest that restores the ConfigMaps: what we set in them, without the server's fields."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                k: v for k, v in metadata(o).items() if k in ("name", "namespace", "labels", "annotations")
            },
            **{key: o[key] for key in ("data", "binaryData") if key in o},
        }
        for o in config_maps
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}) if items else ""


def orphans(owned: Iterable[Object], workload: Workload) -> list[ObjectName]:
    """Our objects that the manifest no longer has, without those that are deleted with their owner."""
    wanted = {(o.group, o.kind, o.name) for o in workload.objects if o.namespace in ("", workload.namespace)}
    names = [name_of(item) for item in owned if not metadata(item).get("ownerReferences")]
    return sorted(n for n in names if (n.group, n.kind, n.name) not in wanted)


def pod_troubles(pod: Object) -> Iterator[str]:
    """Why a pod is not ready, in Kubernetes' words: each container's state and how it last ended."""
    for condition in at(pod, "status", "conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield f"not scheduled: {condition.get('message') or condition.get('reason')}"
    for status in containers(pod):
        yield from _container_troubles(status)


def containers(pod: Object) -> list[Object]:
    both = (at(pod, "status", "initContainerStatuses") or [], at(pod, "status", "containerStatuses") or [])
    return [status for statuses in both for status in statuses]


def _container_troubles(status: Object) -> Iterator[str]:
    name = status.get("name")
    waiting = at(status, "state", "waiting")
    if waiting and waiting.get("reason") not in ("ContainerCreating", "PodInitializing"):
        yield f"{name}: {_reason(waiting)}"
    ended = at(status, "state", "terminated") or at(status, "lastState", "terminated")
    if ended and (ended.get("exitCode") or status.get("restartCount")):
        count = status.get("restartCount", 0)
        yield f"{name}: ended with exit code {ended.get('exitCode')} ({_reason(ended)}), {count} restarts"
    elif not status.get("ready") and at(status, "state", "running"):
        yield f"{name}: runs, but is not ready"


def _reason(state: Object) -> str:
    message = str(state.get("message") or "").strip().splitlines()
    return f"{state.get('reason')}: {message[0]}" if message else str(state.get("reason"))


def is_ready(pod: Object) -> bool:
    return any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in at(pod, "status", "conditions") or []
    )


def warnings_of(events: Iterable[Object], names: Iterable[str], most: int = 10) -> list[str]:
    """The latest warnings about objects whose names begin with one of `names`."""
    starts = tuple(names)
    about = [e for e in events if str(at(e, "involvedObject", "name") or "").startswith(starts) or not starts]
    about.sort(key=lambda e: str(e.get("lastTimestamp") or e.get("eventTime") or ""))
    return [
        f"{at(e, 'involvedObject', 'kind')}/{at(e, 'involvedObject', 'name')}: {e.get('reason')}: "
        f"{' '.join(str(e.get('message') or '').split())}"
        for e in about[-most:]
    ]


def health_of(done: Completed) -> tuple[bool, str]:
    """Whether the app is healthy, and its answer; where the request does not get through, that is unknown."""
    words = " ".join(done.stderr.decode("utf-8", "replace").split())
    if done.code == 0:
        return True, "answers"
    if 'cannot get resource "services/proxy"' in words:
        return True, "not known: you may not use the Service's proxy"
    if "orbidden" in words:
        # Neither the API server's own words nor the app's: a mesh in front of the app, or a proxy before the
        # API server.
        return True, f"not known: something between kubectl and the app refused the request: {words}"
    return False, words or "does not answer"
