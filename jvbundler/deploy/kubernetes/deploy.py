"""`deploy k8s`: render, build, push, check, apply, wait, prune; and why pods do not become ready."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.doctor import Check, kubectl_checks
from jvbundler.deploy.execution import Execution, execute, execute_all, secret_values
from jvbundler.deploy.image import push
from jvbundler.deploy.image.commands import ImageOptions
from jvbundler.deploy.image.push import ImageSteps, image_names
from jvbundler.deploy.kubernetes import commands
from jvbundler.deploy.kubernetes.gitops import pulled, pulled_by
from jvbundler.deploy.kubernetes.live import (
    Facts,
    Live,
    as_applied,
    containers,
    health_of,
    held_replicas,
    is_ready,
    look,
    look_commands,
    metadata,
    objects_of,
    pod_troubles,
    revision,
    warnings_of,
    was_undone,
)
from jvbundler.deploy.kubernetes.secrets import (
    Secrets,
    fill_commands,
    look_at_secrets,
    needed_secrets,
    refusal,
)
from jvbundler.deploy.kubernetes.workload import Workload, workload_of
from jvbundler.deploy.operation import Operation, Ran, Session, carry_out, run_confirmed
from jvbundler.deploy.release import check_unchanged
from jvbundler.runner import Completed, masked
from jvbundler.values.problem import InputError, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jvbundler.deploy.command import Command
    from jvbundler.deploy.release import Release

# Further pods usually fail for the same reason.
_PODS_SHOWN = 3


class Deployed(NamedTuple):
    """What a deployment did; `health` is empty if nothing was applied."""

    image: str
    deleted: tuple[str, ...] = ()
    health: str = ""


class DeployOptions(NamedTuple):
    """`force` deploys over Argo CD or Flux, `force_conflicts` over fields that others set."""

    image: ImageSteps = ImageSteps(build=False, push=False, options=ImageOptions())
    apply: bool = True
    render: bool = False
    diff: bool = False
    force: bool = False
    force_conflicts: bool = False
    delete_data: bool = False
    rollback_on_failure: bool = False
    create_secrets: bool = False


def deploy(release: Release, workload: Workload, options: DeployOptions, session: Session) -> Deployed:
    """Raises ToolFailed with the reasons if the new pods do not become ready, InputError for what belongs
    to a GitOps controller, OutputRefused for files that are not what deploy.yaml says.
    """
    release = push.using(release, options.image)
    environ = session.execution.environ

    def work() -> Deployed:
        before = push.plan(
            release, options.image, push.look(release, options.image, environ), render=options.render
        )
        if not options.apply:
            return _built(run_confirmed(before, release, session), workload, options)
        if options.diff:
            # The changes can be shown only once the files exist: making them is an operation of its own.
            ran = run_confirmed(before, release, session)
            return _apply(ran.release, workload, options, session, Operation(()))
        return _apply(release, workload, options, session, before)

    return carry_out(workload.place, session, partial(checks, release, workload, options, environ), work)


def dry_run(release: Release, workload: Workload, options: DeployOptions) -> tuple[Operation, ...]:
    """What would run, as far as that is known offline; refuses what a deployment refuses."""
    release = push.using(release, options.image)
    before = push.plan(release, options.image, None, render=options.render)
    if not options.apply:
        return (before,)
    operation = plan(workload, options, None, Secrets(needed_secrets(release, workload))).after(
        (), pulled_notes(release)
    )
    if options.diff:
        shows = (commands.dry_run(workload), commands.show_diff(workload))
        return (before, operation._replace(looks=(*operation.looks, *shows)))
    return (operation.after(before.commands, before.notes),)


def checks(
    release: Release, workload: Workload, options: DeployOptions, environ: Mapping[str, str]
) -> tuple[Check, ...]:
    """What has to be there before the first change."""
    release = push.using(release, options.image)
    cluster = kubectl_checks(workload.context, workload.namespace, environ) if options.apply else ()
    return (*push.checks(release, options.image, environ), *cluster)


def _built(ran: Ran, workload: Workload, options: DeployOptions) -> Deployed:
    if options.image.push:
        return Deployed(workload_of(ran.release, context=workload.context).image)
    return Deployed(", ".join(image_names(ran.release, options.image.options)))


def _apply(
    release: Release, workload: Workload, options: DeployOptions, session: Session, before: Operation
) -> Deployed:
    """Read the cluster's state, and carry out what follows from it, after the commands of `before`."""
    facts = look(workload, session.execution, "deploy", force=options.force)
    secrets = look_at_secrets(release, workload, session.execution, create=options.create_secrets)
    if secrets.missing and not options.create_secrets:
        raise InputError(refusal(release.environment.name, secrets.missing))
    if options.diff:
        _show_diff(release, workload, options, facts, session.execution)
    notes = (*before.notes, *pulled_notes(release))
    operation = plan(workload, options, facts, secrets).after(before.commands, notes)
    ran = run_confirmed(
        operation,
        release,
        session,
        read=partial(_read, workload),
        explain=partial(_explained, workload, facts.live, operation, session),
    )
    _, words = health_of(ran.results["health"])
    image = workload_of(ran.release, context=workload.context).image
    return Deployed(image, operation.goes, words)


def plan(workload: Workload, options: DeployOptions, facts: Facts | None, secrets: Secrets) -> Operation:
    """Check, apply, wait, and delete what the manifest no longer has; after a diff, the check was made."""
    forced = is_forced(workload, options, facts)
    orphans = facts.orphans if facts else ()
    kept = () if options.delete_data else commands.data_objects(orphans)
    gone = [name for name in orphans if name not in kept]
    count = _pods_to_keep(workload, facts)
    return Operation(
        (
            *(() if options.diff else (commands.dry_run(workload, force=forced),)),
            *fill_commands(workload, secrets, create=options.create_secrets),
            *commands.pull_secret(workload),
            *(commands.keep_replicas(workload, count) if count else ()),
            commands.apply(workload, force=forced),
            commands.wait(workload),
            # Only now: what the old pods used stays until the new ones are ready, and through a rollback.
            *commands.delete(workload, gone, "delete what the manifest no longer has"),
            commands.health(workload),
        ),
        goes=tuple(map(str, gone)),
        stays=tuple(map(str, kept)),
        looks=(*look_commands(workload), *map(commands.secret_keys, secrets.holders)),
        on_failure=_way_back(workload, facts) if options.rollback_on_failure else (),
        notes=(
            *secrets.notes,
            *_notes(
                facts,
                tuple(map(str, kept)),
                delete_data=options.delete_data,
                autoscaled=workload.is_autoscaled,
            ),
        ),
        question=_question(count) if options.diff else "",
    )


def pulled_notes(release: Release) -> tuple[str, ...]:
    """What is said before an environment is deployed that has `gitops` enabled."""
    systems = pulled_by(release.environment)
    return (pulled(systems, release.environment.name),) if systems else ()


def _pods_to_keep(workload: Workload, facts: Facts | None) -> int:
    """How many run where the autoscaler is new, else 0: a field that its only owner no longer sets is unset,
    and the server's default is one pod.
    """
    count = held_replicas(facts.live.deployment) if facts else 0
    return count if workload.is_autoscaled and count > 1 else 0


def _question(kept: int) -> str:
    """What the diff cannot show is said with it."""
    return f"deploy this, with {kept} pods where the diff has one" if kept else "deploy this"


def is_forced(workload: Workload, options: DeployOptions, facts: Facts | None) -> bool:
    """Whether fields of others are taken over: on request, or those that we set by another name, in a
    rollback or for an autoscaler that the manifest no longer has.
    """
    if options.force_conflicts or facts is None:
        return options.force_conflicts
    deployment = facts.live.deployment
    kept = held_replicas(deployment, commands.SCALING_MANAGER) and not workload.is_autoscaled
    return was_undone(deployment) or bool(kept)


def _way_back(workload: Workload, facts: Facts | None) -> tuple[Command, ...]:
    """The configuration first: the pods of the previous revision read it when they start."""
    if facts is None:
        return commands.undo_and_wait(workload, commands.UNKNOWN_REVISION)
    former, objects = revision(facts.live.deployment), as_applied(facts.live.config_maps)
    if not former:
        return ()
    restore = (commands.restore(workload, objects),) if objects else ()
    return (*restore, *commands.undo_and_wait(workload, former))


def _notes(
    facts: Facts | None, kept: tuple[str, ...], *, delete_data: bool, autoscaled: bool
) -> tuple[str, ...]:
    if facts is None:
        data = "with their data" if delete_data else "but no data"
        kept_pods = (
            "if the autoscaler is new, a step before the apply keeps the number of pods until it decides"
        )
        return (
            *([kept_pods] if autoscaled else []),
            f"after the wait, objects that the manifest no longer has are deleted, if any, {data}",
        )
    return (
        *([f"not every kind could be listed: {facts.unlisted}"] if facts.unlisted else []),
        *([f"kept, as it holds data: {', '.join(kept)} (--delete-data deletes it)"] if kept else []),
    )


def _show_diff(
    release: Release, workload: Workload, options: DeployOptions, facts: Facts, execution: Execution
) -> None:
    """The server's check of the manifest, and the changes, without making them."""
    reading = execution._replace(before=check_unchanged(release))
    forced = is_forced(workload, options, facts)
    check = commands.dry_run(workload, force=forced)
    try:
        _read(workload, check, execute(check, reading))
    except ToolFailed as failure:
        raise ToolFailed(f"{failure}{conflict_advice(str(failure))}") from None
    execute(commands.show_diff(workload, force=forced), reading)


def _read(workload: Workload, command: Command, done: Completed) -> None:
    """Raise ToolFailed if the server refuses the manifest; its own namespace may still be missing."""
    if command.role != "check" or not done.code:
        return
    words = done.stderr.decode("utf-8", "replace")
    unknown = f'namespaces "{workload.namespace}" not found'
    complaints = [line for line in words.splitlines() if "rror" in line and unknown not in line]
    if complaints or unknown not in words:
        raise ToolFailed(f"the server refuses the manifest\n{words.strip()}")


def _explained(
    workload: Workload,
    live: Live,
    operation: Operation,
    session: Session,
    command: Command,
    failure: ToolFailed,
) -> ToolFailed:
    """The failure with what to do about it."""
    if command.role == "check":
        return ToolFailed(f"{failure}{conflict_advice(str(failure))}")
    if command.role == "apply":
        advice = "some of the objects may be applied: deploy again once the cause is fixed"
        return ToolFailed(f"{failure}{conflict_advice(str(failure))}\n{advice}")
    if command.role == "wait":
        return _after_failed_wait(workload, revision(live.deployment), operation, session, failure)
    return failure


def conflict_advice(words: str) -> str:
    if "conflict" not in words:
        return ""
    return "\nsomebody else set these fields: '--force-conflicts' takes them over"


def _after_failed_wait(
    workload: Workload, former: str, operation: Operation, session: Session, failure: ToolFailed
) -> ToolFailed:
    """Show why, roll back if that is part of the operation, and report the state."""
    for line in failure_reasons(workload, session.execution):
        session.note(line)
    if not operation.on_failure:
        nowhere = "this was the first deployment: there is no revision to go back to"
        advice = f"'jvbundler rollback k8s' goes back to revision {former}" if former else nowhere
        return ToolFailed(f"{failure}\nthe new pods did not become ready; {advice}")
    try:
        execute_all(operation.on_failure, session.execution)
    except ToolFailed as second:
        return ToolFailed(f"{failure}\nand going back to revision {former} failed too:\n{second}")
    return ToolFailed(f"{failure}\nrevision {former} runs again")


def failure_reasons(workload: Workload, execution: Execution) -> list[str]:
    """What Kubernetes says about pods that are not ready, and the end of their logs. Never fails."""
    lines: list[str] = []
    try:
        pods = [
            o
            for o in objects_of(execute(commands.list_status(workload), execution))
            if o.get("kind") == "Pod"
        ]
        troubled = [pod for pod in pods if not is_ready(pod)]
        for pod in troubled[:_PODS_SHOWN]:
            name = str(metadata(pod).get("name"))
            lines += [f"  {name}: {trouble}" for trouble in pod_troubles(pod)]
            lines += log_ends(workload, pod, execution)
        events = objects_of(execute(commands.list_warnings(workload), execution))
        lines += [f"  {line}" for line in warnings_of(events, [workload.deployment])]
    except ToolFailed as failure:
        lines.append(f"  the reasons could not be read: {str(failure).splitlines()[0]}")
    # A log may repeat a secret from the operator's environment.
    secrets = secret_values(execution, commands.wait(workload))
    return [masked(line, secrets) for line in lines]


def log_ends(workload: Workload, pod: dict[str, object], execution: Execution) -> list[str]:
    """The last lines of each container that is not ready; those of its previous run if it was restarted."""
    name = str(metadata(pod).get("name"))
    lines: list[str] = []
    for status in containers(pod):
        if status.get("ready") or not (
            status.get("restartCount") or status.get("started") or status.get("lastState")
        ):
            continue
        restarted = bool(status.get("restartCount"))
        log = commands.log_tail(workload, name, str(status.get("name")), previous=restarted)
        done = execute(log, execution)
        said = done.text.splitlines() if done.code == 0 else []
        lines += [f"  {name}: log: {line}" for line in said]
    return lines
