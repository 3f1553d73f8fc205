"""`deploy k8s`: check, apply, prune, wait; and when the pods do not come up, say why and go back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from jvbundler.deploy.execution import Execution, execute, execute_all, secret_values
from jvbundler.deploy.kubernetes import commands as plan
from jvbundler.deploy.kubernetes.live import (
    Live,
    as_applied,
    containers,
    gitops_owner,
    is_ready,
    live_state,
    metadata,
    objects_of,
    orphans,
    pod_troubles,
    revision,
    warnings_of,
    was_undone,
)
from jvbundler.deploy.kubernetes.workload import ObjectName, Target
from jvbundler.errors import InputError, ToolFailed
from jvbundler.runner import masked

Note = Callable[[str], None]
# More pods fail for the same reason.
_PODS_SHOWN = 3


class Deployed(NamedTuple):
    """What a deployment did. `kept` are objects with data that the manifest no longer has."""

    target: Target
    pruned: tuple[ObjectName, ...]
    kept: tuple[ObjectName, ...]
    healthy: bool
    health: str


class DeployOptions(NamedTuple):
    """`force` deploys over Argo CD or Flux, `force_conflicts` over fields that others set."""

    diff: bool = False
    force: bool = False
    force_conflicts: bool = False
    delete_data: bool = False
    rollback_on_failure: bool = False


def deploy(
    target: Target, options: DeployOptions, execution: Execution, note: Note, agree: Callable[[], None]
) -> Deployed:
    """Deploy the rendered manifest. `agree` is called after the last look and before the first change.

    Raises ToolFailed with the reasons where the new pods do not become ready, InputError for what belongs
    to a GitOps controller.
    """
    live = live_state(execute(plan.inspect(target), execution), target)
    refuse_managed(live, target, force=options.force)
    forced = options.force_conflicts or was_undone(live.deployment)
    check_by_server(target, execution, forced=forced)
    if options.diff:
        execute(plan.show_diff(target, force=forced), execution)
    agree()
    execute_all(plan.pull_secret(target), execution)
    apply(target, execution, forced=forced)
    try:
        execute(plan.wait(target), execution)
    except ToolFailed as failure:
        raise after_failure(failure, live, target, options, execution, note) from None
    # Only now: what the old pods used stays until the new ones are there, and through a rollback.
    pruned, kept = prune(target, execution, note, delete_data=options.delete_data)
    healthy, words = ask_health(target, execution)
    return Deployed(target, pruned, kept, healthy, words)


def refuse_managed(live: Live, target: Target, *, force: bool) -> None:
    owner = gitops_owner(live.deployment) if live.deployment else ""
    if owner and not force:
        raise InputError(
            f"{owner} manages the Deployment '{target.deployment}': it would undo this, nothing was changed\n"
            f"  commit '{target.manifest}' to the repository that {owner} pulls; '--force' deploys anyway"
        )


def check_by_server(target: Target, execution: Execution, *, forced: bool) -> None:
    """Raise ToolFailed with the server's words, but for a namespace that comes with the manifest."""
    try:
        done = execute(plan.dry_run(target, force=forced), execution)
    except ToolFailed as failure:
        raise ToolFailed(f"{failure}{conflict_advice(str(failure))}") from None
    words = done.stderr.decode("utf-8", "replace")
    unknown = f'namespaces "{target.namespace}" not found'
    complaints = [line for line in words.splitlines() if "rror" in line and unknown not in line]
    if done.code and (complaints or unknown not in words):
        raise ToolFailed(f"the server refuses the manifest\n{words.strip()}{conflict_advice(words)}")


def apply(target: Target, execution: Execution, *, forced: bool) -> None:
    try:
        execute(plan.apply(target, force=forced), execution)
    except ToolFailed as failure:
        advice = "some of the objects may be applied: deploy again once the cause is gone"
        raise ToolFailed(f"{failure}{conflict_advice(str(failure))}\n{advice}") from None


def conflict_advice(words: str) -> str:
    if "conflict" not in words:
        return ""
    return "\nsomebody else set these fields: '--force-conflicts' takes them over"


def prune(
    target: Target, execution: Execution, note: Note, *, delete_data: bool
) -> tuple[tuple[ObjectName, ...], tuple[ObjectName, ...]]:
    """Delete what the manifest no longer has; claims of volumes only with `delete_data`."""
    done = execute(plan.list_owned(target), execution)
    if done.code:
        note(f"not every kind could be looked at: {done.stderr.decode('utf-8', 'replace').strip()}")
    found = orphans(objects_of(done), target)
    kept = () if delete_data else plan.data_objects(found)
    gone = tuple(name for name in found if name not in kept)
    execute_all(plan.delete(target, gone, "delete what the manifest no longer has"), execution)
    if kept:
        note(f"kept, as it holds data: {', '.join(map(str, kept))} (--delete-data deletes it)")
    return gone, kept


def ask_health(target: Target, execution: Execution) -> tuple[bool, str]:
    """The health path's answer. Who may not use a Service's proxy cannot tell, and that is no failure."""
    done = execute(plan.health(target), execution)
    words = " ".join(done.stderr.decode("utf-8", "replace").split())
    if done.code == 0:
        return True, "answers"
    if "orbidden" in words:
        return True, "not known: you may not use the Service's proxy"
    return False, words or "does not answer"


def after_failure(
    failure: ToolFailed, live: Live, target: Target, options: DeployOptions, execution: Execution, note: Note
) -> ToolFailed:
    """Show why, go back if that was asked for, and say where things stand."""
    for line in failure_reasons(target, execution):
        note(line)
    former = revision(live.deployment)
    if not options.rollback_on_failure:
        advice = (
            f"'jvbundler rollback k8s' goes back to revision {former}"
            if former
            else "there is no revision to go back to"
        )
        return ToolFailed(f"{failure}\nthe new pods did not become ready; {advice}")
    if not former:
        return ToolFailed(f"{failure}\nthis was the first deployment: there is no revision to go back to")
    try:
        go_back(live, target, execution, former)
    except ToolFailed as second:
        return ToolFailed(f"{failure}\nand going back to revision {former} failed, too:\n{second}")
    return ToolFailed(f"{failure}\nrevision {former} runs again")


def go_back(live: Live, target: Target, execution: Execution, former: str) -> None:
    """The configuration first: the pods of the former revision read it when they start."""
    objects = as_applied(live.config_maps)
    if objects:
        execute(plan.restore(target, objects), execution)
    execute_all(plan.rollback_plan(target, former), execution)


def failure_reasons(target: Target, execution: Execution) -> list[str]:
    """What Kubernetes says about pods that are not ready, and the end of their logs. Never fails itself."""
    lines: list[str] = []
    try:
        pods = [o for o in objects_of(execute(plan.list_status(target), execution)) if o.get("kind") == "Pod"]
        troubled = [pod for pod in pods if not is_ready(pod)]
        for pod in troubled[:_PODS_SHOWN]:
            name = str(metadata(pod).get("name"))
            lines += [f"  {name}: {trouble}" for trouble in pod_troubles(pod)]
            lines += log_ends(target, pod, execution)
        events = objects_of(execute(plan.list_warnings(target), execution))
        lines += [f"  {line}" for line in warnings_of(events, [target.deployment])]
    except ToolFailed as failure:
        lines.append(f"  the reasons could not be read: {str(failure).splitlines()[0]}")
    # A log may repeat what the operator's environment knows as a secret.
    secrets = secret_values(execution, plan.wait(target))
    return [masked(line, secrets) for line in lines]


def log_ends(target: Target, pod: dict[str, object], execution: Execution) -> list[str]:
    """The last lines of each container that does not run well; of its former run, where it started again."""
    name = str(metadata(pod).get("name"))
    lines: list[str] = []
    for status in containers(pod):
        if status.get("ready") or not (
            status.get("restartCount") or status.get("started") or status.get("lastState")
        ):
            continue
        again = bool(status.get("restartCount"))
        done = execute(plan.log_tail(target, name, str(status.get("name")), previous=again), execution)
        said = done.text.splitlines() if done.code == 0 else []
        lines += [f"  {name}: log: {line}" for line in said]
    return lines
