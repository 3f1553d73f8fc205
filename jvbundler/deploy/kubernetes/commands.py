"""kubectl's commands for one environment. Every one names its context and namespace; none creates an object
that is not in the rendered manifest, but the pull secret that deploy.yaml asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jvbundler.deploy.command import NO_LIMIT, Command
from jvbundler.deploy.kubernetes.workload import ObjectName, Target, kubectl

MANAGER = "jvbundler"
MANAGED_BY = f"app.kubernetes.io/managed-by={MANAGER}"
READ_SECONDS = 60.0
# Stands in a dry run for the revision that only the cluster knows.
UNKNOWN_REVISION = "REVISION"
APPLY_SECONDS = 300.0
# What we render, by the names that no other group shares. Pods and ReplicaSets are the Deployment's.
OWN_KINDS = (
    "deployments.apps",
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


def deploy_plan(target: Target, *, diff: bool = False) -> tuple[Command, ...]:
    """All that a deployment does when nothing is in its way; what is read decides about the rest."""
    return (
        inspect(target),
        dry_run(target),
        *((show_diff(target),) if diff else ()),
        *pull_secret(target),
        apply(target),
        wait(target),
        list_owned(target),
        health(target),
    )


def inspect(target: Target) -> Command:
    names = (f"deployment.apps/{target.deployment}", *(f"configmap/{name}" for name in target.config_maps()))
    argv = kubectl(target, "get", *names, "--ignore-not-found", "--show-managed-fields", "--output=json")
    return Command(argv, "see what runs, and who manages it", timeout_seconds=READ_SECONDS)


def pull_secret(target: Target) -> tuple[Command, ...]:
    """From the user's docker credentials, by standard input: no argv and no file of ours holds them."""
    if not target.pull_secret:
        return ()
    make = kubectl(
        target,
        *("create", "secret", "generic", target.pull_secret),
        *("--type=kubernetes.io/dockerconfigjson", "--from-file=.dockerconfigjson=/dev/stdin"),
        *("--dry-run=client", "--output=yaml"),
    )
    reason = f"write the pull secret '{target.pull_secret}' of {target.pull_registry}"
    made = Command(make, reason, timeout_seconds=READ_SECONDS, stdin_registry=target.pull_registry)
    argv = kubectl(target, "apply", "--server-side", f"--field-manager={MANAGER}", "--filename=-")
    return (Command(argv, reason, timeout_seconds=READ_SECONDS, stdin_of=made),)


def dry_run(target: Target, *, force: bool = False) -> Command:
    """The server's word on every object before the first one changes: schema, permissions, conflicts.

    In a namespace that the manifest is about to create, the server cannot say; the caller looks at code 1.
    """
    expected = (0, 1) if target.creates_namespace else (0,)
    argv = _apply(target, "--dry-run=server", force=force)
    reason = "have the server check every object, without a change"
    return Command(argv, reason, expected=expected, timeout_seconds=APPLY_SECONDS)


def show_diff(target: Target, *, force: bool = False) -> Command:
    words = ("diff", "--server-side", f"--field-manager={MANAGER}", *_forced(force=force))
    argv = kubectl(target, *words, f"--filename={target.manifest}", namespaced=not target.spans)
    reason = "show what changes"
    return Command(argv, reason, expected=(0, 1), timeout_seconds=APPLY_SECONDS, live=True)


def apply(target: Target, *, force: bool = False) -> Command:
    reason = (
        "apply the manifest, and take back the fields that a rollback set" if force else "apply the manifest"
    )
    return Command(_apply(target, force=force), reason, timeout_seconds=APPLY_SECONDS)


def _apply(target: Target, *words: str, force: bool) -> tuple[str, ...]:
    options = ("--server-side", f"--field-manager={MANAGER}", *_forced(force=force), *words)
    return kubectl(target, "apply", *options, f"--filename={target.manifest}", namespaced=not target.spans)


def _forced(*, force: bool) -> tuple[str, ...]:
    return ("--force-conflicts",) if force else ()


def list_owned(target: Target, kinds: Sequence[str] = OWN_KINDS) -> Command:
    """The objects with our labels; kubectl's own `--prune` misses kinds, and knows no exception."""
    argv = kubectl(
        target,
        *("get", ",".join(kinds), f"--selector={MANAGED_BY},app.kubernetes.io/instance={target.instance}"),
        "--output=json",
    )
    reason = "look for objects of ours that the manifest no longer has"
    # 1: a kind that we may not list. The others are there all the same.
    return Command(argv, reason, expected=(0, 1), timeout_seconds=READ_SECONDS)


def delete(target: Target, names: Iterable[ObjectName], reason: str) -> tuple[Command, ...]:
    """One command for each namespace that objects are deleted from."""
    places: dict[str, list[str]] = {}
    for name in names:
        places.setdefault(name.namespace or target.namespace, []).append(str(name))
    return tuple(
        Command(
            (
                *("kubectl", "--context", target.context, "--namespace", place),
                "delete",
                "--ignore-not-found",
                *them,
            ),
            reason,
            timeout_seconds=APPLY_SECONDS,
        )
        for place, them in places.items()
    )


def wait(target: Target) -> Command:
    name = f"deployment.apps/{target.deployment}"
    argv = kubectl(target, "rollout", "status", name, f"--timeout={target.rollout_seconds}s")
    # kubectl ends by itself first, and says why.
    limit = target.rollout_seconds + READ_SECONDS
    return Command(argv, "wait until the new pods are ready", timeout_seconds=limit, waits=True)


def health(target: Target) -> Command:
    """The health path through the Service, by the API server's proxy: no pod and no port is opened for it."""
    path = f"/api/v1/namespaces/{target.namespace}/services/{target.service}:http/proxy{target.health_path}"
    argv = kubectl(target, "get", "--raw", path, "--request-timeout=20s")
    reason = f"ask for {target.health_path} through the Service"
    return Command(argv, reason, expected=(0, 1), timeout_seconds=READ_SECONDS)


def undo(target: Target, revision: str) -> Command:
    name = f"deployment.apps/{target.deployment}"
    argv = kubectl(target, "rollout", "undo", name, f"--to-revision={revision}")
    words = "the former revision" if revision == UNKNOWN_REVISION else f"revision {revision}"
    return Command(argv, f"go back to {words}", timeout_seconds=READ_SECONDS)


def restore(target: Target, objects: str) -> Command:
    """Apply objects as they were before; the same manager, so that the next deployment meets no conflict."""
    argv = kubectl(target, "apply", "--server-side", f"--field-manager={MANAGER}", "--filename=-")
    reason = "restore the former configuration (ConfigMap)"
    return Command(argv, reason, timeout_seconds=READ_SECONDS, stdin_text=objects)


def list_status(target: Target) -> Command:
    argv = kubectl(target, "get", ",".join(STATUS_KINDS), f"--selector={target.selector}", "--output=json")
    return Command(argv, "read the app's objects", expected=(0, 1), timeout_seconds=READ_SECONDS)


def list_warnings(target: Target) -> Command:
    argv = kubectl(target, "get", "events", "--field-selector=type=Warning", "--output=json")
    return Command(argv, "read recent warnings", expected=(0, 1), timeout_seconds=READ_SECONDS)


def log_tail(target: Target, pod: str, container: str, *, previous: bool) -> Command:
    words = ("logs", pod, f"--container={container}", "--tail=20", *(("--previous",) if previous else ()))
    reason = f"read the end of the log of {pod}"
    return Command(kubectl(target, *words), reason, expected=(0, 1), timeout_seconds=READ_SECONDS)


def logs_plan(
    target: Target,
    *,
    pod: str = "",
    follow: bool = False,
    tail: int = -1,
    since: str = "",
    previous: bool = False,
) -> tuple[Command, ...]:
    """The logs of one pod or of all pods of the app, each line with its pod."""
    whose = (pod,) if pod else (f"--selector={target.selector}", "--max-log-requests=100")
    argv = kubectl(
        target,
        *("logs", *whose, "--all-containers", "--prefix", f"--tail={tail}"),
        *((f"--since={since}",) if since else ()),
        *(("--follow",) if follow else ()),
        *(("--previous",) if previous else ()),
    )
    return (Command(argv, "show the logs", timeout_seconds=NO_LIMIT if follow else 600, live=True),)


def history(target: Target) -> Command:
    argv = kubectl(target, "get", "replicasets.apps", f"--selector={target.selector}", "--output=json")
    return Command(argv, "read the former revisions", timeout_seconds=READ_SECONDS)


def rollback_plan(target: Target, revision: str) -> tuple[Command, ...]:
    return (undo(target, revision), wait(target))


def data_objects(objects: Iterable[ObjectName]) -> tuple[ObjectName, ...]:
    """What holds data, or everything else: it goes only where the user says so."""
    return tuple(o for o in objects if o.kind in ("PersistentVolumeClaim", "Namespace"))


def destroy_plan(target: Target, *, delete_data: bool) -> tuple[Command, ...]:
    kept = () if delete_data else data_objects(target.objects)
    # The namespace last: the objects in it go with it.
    gone = [o for o in target.objects if o not in kept and o.kind != "Namespace"]
    namespaces = [o for o in target.objects if o.kind == "Namespace" and o not in kept]
    return (
        *delete(
            target, reversed(gone), "delete the app's objects" if delete_data else "delete them, but no data"
        ),
        *delete(target, namespaces, "delete the namespace with all that is in it"),
    )
