"""kubectl's commands for one environment. Every one names its context and namespace; none creates an object
that is not in the rendered manifest, but the pull secret that deploy.yaml asks for, and the Secrets of
`--create-secrets`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jvbundler.deploy.command import NO_LIMIT, Command, SecretData
from jvbundler.deploy.kubernetes.workload import Workload, kubectl
from jvbundler.deploy.secrets import Holder, keys_argv
from jvbundler.values.artifact import ObjectName

MANAGER = "jvbundler"
SCALING_MANAGER = f"{MANAGER}-scaling"
MANAGED_BY = f"app.kubernetes.io/managed-by={MANAGER}"
READ_SECONDS = 60.0
# Placeholder in a dry run for the revision that only the cluster knows.
UNKNOWN_REVISION = "REVISION"
APPLY_SECONDS = 300.0
# The kinds that we render, by names that are unique among API groups. Pods and ReplicaSets are the
# Deployment's.
OWN_KINDS = (
    "deployments.apps",
    "cronjobs.batch",
    "services",
    "configmaps",
    "serviceaccounts",
    "persistentvolumeclaims",
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "horizontalpodautoscalers.autoscaling",
    "poddisruptionbudgets.policy",
)
STATUS_KINDS = (
    "deployments.apps",
    "replicasets.apps",
    "pods",
    "services",
    "persistentvolumeclaims",
    "ingresses.networking.k8s.io",
    "horizontalpodautoscalers.autoscaling",
)


def inspect(workload: Workload) -> Command:
    names = (
        f"deployment.apps/{workload.deployment}",
        *(f"configmap/{name}" for name in workload.config_maps()),
    )
    argv = kubectl(workload, "get", *names, "--ignore-not-found", "--show-managed-fields", "--output=json")
    return Command(argv, "see what runs, and who manages it", timeout_seconds=READ_SECONDS)


def inspect_objects(workload: Workload, objects: Iterable[ObjectName]) -> tuple[Command, ...]:
    """One command for each namespace that has some of them."""
    return tuple(
        Command(
            (
                *("kubectl", "--context", workload.context, "--namespace", place, "get"),
                *map(str, names),
                *("--ignore-not-found", "--show-managed-fields", "--output=json"),
            ),
            "see who owns the fields of each object",
            timeout_seconds=READ_SECONDS,
        )
        for place, names in _by_namespace(workload, objects).items()
    )


def _by_namespace(workload: Workload, names: Iterable[ObjectName]) -> dict[str, list[ObjectName]]:
    places: dict[str, list[ObjectName]] = {}
    for name in names:
        places.setdefault(name.namespace or workload.namespace, []).append(name)
    return places


def release_fields(workload: Workload, objects: str) -> Command:
    """An apply of objects with nothing but their names: the server removes us as an owner of their fields."""
    words = ("apply", "--server-side", f"--field-manager={MANAGER}", "--filename=-")
    argv = kubectl(workload, *words, namespaced=not workload.spans)
    return Command(
        argv, "let go of the fields of each object", timeout_seconds=APPLY_SECONDS, stdin_text=objects
    )


def pull_secret(workload: Workload) -> tuple[Command, ...]:
    """From the user's docker credentials, through standard input: no argv and no file of ours holds them."""
    if not workload.pull_secret:
        return ()
    make = kubectl(
        workload,
        *("create", "secret", "generic", workload.pull_secret),
        *("--type=kubernetes.io/dockerconfigjson", "--from-file=.dockerconfigjson=/dev/stdin"),
        *("--dry-run=client", "--output=yaml"),
    )
    reason = f"write the pull secret '{workload.pull_secret}' of {workload.pull_registry}"
    made = Command(make, reason, timeout_seconds=READ_SECONDS, stdin_registry=workload.pull_registry)
    argv = kubectl(workload, "apply", "--server-side", f"--field-manager={MANAGER}", "--filename=-")
    return (Command(argv, reason, timeout_seconds=READ_SECONDS, stdin_of=made),)


def secret_keys(holder: Holder) -> Command:
    """1 where we may not look: a Secret may be there all the same."""
    reason = f"see which keys the Secret '{holder.name}' has"
    return Command(keys_argv(holder), reason, expected=(0, 1), timeout_seconds=READ_SECONDS)


def create_namespace(workload: Workload) -> tuple[Command, ...]:
    """What the manifest creates, before it does: a Secret needs it."""
    if not workload.creates_namespace:
        return ()
    make = kubectl(
        workload,
        *("create", "namespace", workload.namespace, "--dry-run=client", "--output=yaml"),
        namespaced=False,
    )
    reason = f"make the namespace '{workload.namespace}' for the Secret"
    made = Command(make, reason, timeout_seconds=READ_SECONDS)
    words = ("apply", "--server-side", f"--field-manager={MANAGER}", "--filename=-")
    argv = kubectl(workload, *words, namespaced=False)
    return (Command(argv, reason, timeout_seconds=READ_SECONDS, stdin_of=made),)


def fill_secret(workload: Workload, data: SecretData) -> Command:
    """A patch leaves the keys alone that are there; an apply would own them."""
    words = ("patch", "secret", data.name, "--type=merge", "--patch-file=/dev/stdin")
    argv = kubectl(workload, *(words if data.is_there else ("create", "--filename=-")))
    reason = f"{'add to' if data.is_there else 'make'} the Secret '{data.name}'"
    return Command(argv, reason, timeout_seconds=READ_SECONDS, stdin_secret=data)


def dry_run(workload: Workload, *, force: bool = False) -> Command:
    """The server's verdict on every object before the first change: schema, permissions, conflicts.

    In a namespace that the manifest is about to create, the server cannot say: that is exit code 1 as well.
    """
    expected = (0, 1) if workload.creates_namespace else (0,)
    argv = _apply(workload, "--dry-run=server", force=force)
    reason = "have the server check every object without changing it"
    return Command(argv, reason, expected=expected, timeout_seconds=APPLY_SECONDS, role="check")


def show_diff(workload: Workload, *, force: bool = False) -> Command:
    words = ("diff", "--server-side", f"--field-manager={MANAGER}", *_forced(force=force))
    argv = kubectl(workload, *words, f"--filename={workload.manifest}", namespaced=not workload.spans)
    reason = "show the changes"
    return Command(argv, reason, expected=(0, 1), timeout_seconds=APPLY_SECONDS, live=True)


def apply(workload: Workload, *, force: bool = False) -> Command:
    reason = (
        "apply the manifest, and take over the fields that were set since" if force else "apply the manifest"
    )
    return Command(_apply(workload, force=force), reason, timeout_seconds=APPLY_SECONDS, role="apply")


def keep_replicas(workload: Workload, count: int) -> tuple[Command, ...]:
    """Another field manager takes over the number of pods: it outlasts the apply that no longer has it, and
    the autoscaler changes it from there.
    """
    part = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": workload.deployment, "namespace": workload.namespace},
        "spec": {"replicas": count},
    }
    words = ("apply", "--server-side", f"--field-manager={SCALING_MANAGER}", "--filename=-")
    reason = f"keep {count} pods until the autoscaler decides"
    argv = kubectl(workload, *words)
    return (Command(argv, reason, timeout_seconds=READ_SECONDS, stdin_text=json.dumps(part)),)


def _apply(workload: Workload, *words: str, force: bool) -> tuple[str, ...]:
    options = ("--server-side", f"--field-manager={MANAGER}", *_forced(force=force), *words)
    return kubectl(
        workload, "apply", *options, f"--filename={workload.manifest}", namespaced=not workload.spans
    )


def _forced(*, force: bool) -> tuple[str, ...]:
    return ("--force-conflicts",) if force else ()


def list_owned(workload: Workload, kinds: Sequence[str] = OWN_KINDS) -> Command:
    """The objects with our labels; kubectl's own `--prune` misses kinds, and allows no exceptions."""
    argv = kubectl(
        workload,
        *("get", ",".join(kinds), f"--selector={MANAGED_BY},app.kubernetes.io/instance={workload.instance}"),
        "--output=json",
    )
    reason = "look for our objects that the manifest no longer has"
    # 1: a kind that we may not list. The others are listed anyway.
    return Command(argv, reason, expected=(0, 1), timeout_seconds=READ_SECONDS)


def delete(workload: Workload, names: Iterable[ObjectName], reason: str) -> tuple[Command, ...]:
    """One command for each namespace that objects are deleted from."""
    return tuple(
        Command(
            (
                *("kubectl", "--context", workload.context, "--namespace", place),
                "delete",
                "--ignore-not-found",
                *map(str, them),
            ),
            reason,
            timeout_seconds=APPLY_SECONDS,
        )
        for place, them in _by_namespace(workload, names).items()
    )


def wait(workload: Workload) -> Command:
    name = f"deployment.apps/{workload.deployment}"
    argv = kubectl(workload, "rollout", "status", name, f"--timeout={workload.rollout_seconds}s")
    # kubectl ends by itself first, and says why.
    limit = workload.rollout_seconds + READ_SECONDS
    return Command(argv, "wait until the new pods are ready", timeout_seconds=limit, waits=True, role="wait")


def health(workload: Workload) -> Command:
    """The health path through the Service, via the API server's proxy: needs no pod and no open port."""
    service = f"/api/v1/namespaces/{workload.namespace}/services/{workload.service}:http/proxy"
    path = f"{service}{workload.health_path}"
    argv = kubectl(workload, "get", "--raw", path, "--request-timeout=20s")
    reason = f"ask for {workload.health_path} through the Service"
    return Command(argv, reason, expected=(0, 1), timeout_seconds=READ_SECONDS, role="health")


def forward(workload: Workload) -> Command:
    """A free port of this machine that leads to a pod of the Service; kubectl says which."""
    argv = kubectl(workload, "port-forward", f"service/{workload.service}", ":http", "--address=127.0.0.1")
    return Command(argv, "open a port to the Service", timeout_seconds=NO_LIMIT)


def undo(workload: Workload, revision: str) -> Command:
    name = f"deployment.apps/{workload.deployment}"
    argv = kubectl(workload, "rollout", "undo", name, f"--to-revision={revision}")
    words = "the previous revision" if revision == UNKNOWN_REVISION else f"revision {revision}"
    return Command(argv, f"go back to {words}", timeout_seconds=READ_SECONDS)


def restore(workload: Workload, objects: str) -> Command:
    """Apply objects as they were before, with the same manager: the next deployment has no conflict."""
    argv = kubectl(workload, "apply", "--server-side", f"--field-manager={MANAGER}", "--filename=-")
    reason = "restore the previous configuration (ConfigMap)"
    return Command(argv, reason, timeout_seconds=READ_SECONDS, stdin_text=objects)


def list_status(workload: Workload) -> Command:
    argv = kubectl(
        workload, "get", ",".join(STATUS_KINDS), f"--selector={workload.selector}", "--output=json"
    )
    return Command(argv, "read the app's objects", expected=(0, 1), timeout_seconds=READ_SECONDS)


def list_warnings(workload: Workload) -> Command:
    argv = kubectl(workload, "get", "events", "--field-selector=type=Warning", "--output=json")
    return Command(argv, "read recent warnings", expected=(0, 1), timeout_seconds=READ_SECONDS)


def log_tail(workload: Workload, pod: str, container: str, *, previous: bool) -> Command:
    words = ("logs", pod, f"--container={container}", "--tail=20", *(("--previous",) if previous else ()))
    reason = f"read the end of the log of {pod}"
    return Command(kubectl(workload, *words), reason, expected=(0, 1), timeout_seconds=READ_SECONDS)


class LogOptions(NamedTuple):
    """Which lines: those of one `pod` or of all pods of the app; `tail` -1 is all of them."""

    pod: str = ""
    follow: bool = False
    tail: int = -1
    since: str = ""
    previous: bool = False


def logs(workload: Workload, options: LogOptions) -> Command:
    """Each line with its pod."""
    whose = (options.pod,) if options.pod else (f"--selector={workload.selector}", "--max-log-requests=100")
    argv = kubectl(
        workload,
        *("logs", *whose, "--all-containers", "--prefix", f"--tail={options.tail}"),
        *((f"--since={options.since}",) if options.since else ()),
        *(("--follow",) if options.follow else ()),
        *(("--previous",) if options.previous else ()),
    )
    limit = NO_LIMIT if options.follow else 600
    return Command(argv, "show the logs", timeout_seconds=limit, live=True)


def history(workload: Workload) -> Command:
    argv = kubectl(workload, "get", "replicasets.apps", f"--selector={workload.selector}", "--output=json")
    return Command(argv, "read the previous revisions", timeout_seconds=READ_SECONDS)


def undo_and_wait(workload: Workload, revision: str) -> tuple[Command, ...]:
    return (undo(workload, revision), wait(workload))


def data_objects(objects: Iterable[ObjectName]) -> tuple[ObjectName, ...]:
    """The objects that hold data, or the rest with them: they are deleted only if the user says so."""
    return tuple(o for o in objects if o.kind in ("PersistentVolumeClaim", "Namespace"))
