"""The subcommands `k8s` of deploy, status, logs, rollback and destroy."""

from __future__ import annotations

import os
import time
from typing import Any

import click

from jvbundler.cli import handoff, options
from jvbundler.cli.kubernetes_deploy import deploy
from jvbundler.cli.kubernetes_text import status_lines
from jvbundler.cli.progress import Progress
from jvbundler.cli.terminal import Terminal
from jvbundler.values.printable import printable

WATCH_SECONDS = 2.0

_CLUSTER = (
    click.option(
        "--context", default="", metavar="NAME", help="kubectl context.  [default: kubernetes.context]"
    ),
    click.option(
        "--namespace", default="", metavar="NAME", help="Namespace.  [default: kubernetes.namespace]"
    ),
)
_READING = (*handoff.reading, *_CLUSTER)


def _target(context: str, namespace: str, given: dict[str, Any], timeout: int = 0) -> tuple[Any, Any]:
    from jvbundler.workflow.kubernetes_target import kubernetes_target, namespace_assignment

    release = handoff.load(**given, target="kubernetes", more=namespace_assignment(namespace))
    return release, kubernetes_target(release, context=context, timeout_seconds=timeout)


@click.command("k8s", epilog="Example: jvbundler status k8s -e prod --watch")
@handoff.together(*_READING, handoff.json_option)
@click.option("--watch", is_flag=True, help="Show it again every 2 s, until Ctrl-C.")
@options.talking
@click.pass_obj
def status(
    terminal: Terminal, /, *, context: str, namespace: str, as_json: bool, watch: bool, **given: Any
) -> int:
    """Show how the app in the cluster is; exit 1 if it is not healthy, or not what was rendered."""
    from jvbundler.workflow.doctor import kubectl, require
    from jvbundler.workflow.status_kubernetes import status as read_status

    release, target = _target(context, namespace, given)
    require([kubectl()])
    quiet = Progress(terminal, json=True)
    running = handoff.execution(release, quiet, verbose=False)
    while True:
        found = read_status(target, running)
        if as_json:
            handoff.print_json(found.document())
        else:
            click.echo("\n".join(map(printable, status_lines(found))))
        if not watch:
            return 1 if found.problems else 0
        time.sleep(WATCH_SECONDS)
        click.echo("---")


@click.command("k8s", epilog="Example: jvbundler logs k8s -e prod --follow --since 10m")
@handoff.together(*_READING, handoff.dry_run_option)
@click.option("--pod", default="", metavar="NAME", help="Only this pod.  [default: all pods of the app]")
@click.option("-f", "--follow", is_flag=True, help="Show new lines as they come.")
@click.option("--tail", type=int, default=-1, metavar="N", help="Only the last N lines of each container.")
@click.option("--since", default="", metavar="TIME", help="Only lines of the last 30s, 10m, 2h.")
@click.option("--previous", is_flag=True, help="Show the containers' former run, after a crash.")
@options.talking
@click.pass_obj
def logs(
    terminal: Terminal,
    /,
    *,
    context: str,
    namespace: str,
    dry_run: bool,
    pod: str,
    follow: bool,
    tail: int,
    since: str,
    previous: bool,
    **given: Any,
) -> int:
    """Show the logs of all pods of the app, each line with its pod."""
    from jvbundler.command import script
    from jvbundler.plan.kubernetes import logs_plan
    from jvbundler.workflow.doctor import kubectl, require
    from jvbundler.workflow.execute import execute_all

    release, target = _target(context, namespace, given)
    plan = logs_plan(target, pod=pod, follow=follow, tail=tail, since=since, previous=previous)
    if dry_run:
        click.echo(script(plan), nl=False)
        return 0
    require([kubectl()])
    execute_all(plan, handoff.execution(release, Progress(terminal), verbose=False))
    return 0


@click.command("k8s", epilog="Example: jvbundler rollback k8s -e prod --to-revision 4")
@handoff.together(
    *_READING, handoff.dry_run_option, handoff.yes_option, handoff.verbose_option, handoff.json_option
)
@click.option(
    "--to-revision",
    default="",
    metavar="N",
    help="Go to this revision of the Deployment.  [default: the former]",
)
@handoff.pods_timeout_option
@click.option("--force", is_flag=True, help="Go on even where Argo CD or Flux manages the Deployment.")
@options.talking
@click.pass_obj
def rollback(
    terminal: Terminal,
    /,
    *,
    context: str,
    namespace: str,
    dry_run: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
    to_revision: str,
    timeout: int,
    force: bool,
    **given: Any,
) -> int:
    """Go back to the former revision of the Deployment; its ConfigMap stays as it is.

    To go back with the configuration, deploy the commit that had it.
    """
    from jvbundler.command import script
    from jvbundler.plan.kubernetes import inspect, rollback_plan
    from jvbundler.workflow.doctor import kubectl_checks, require
    from jvbundler.workflow.release import only_deployment
    from jvbundler.workflow.rollback_kubernetes import rollback as go_back

    release, target = _target(context, namespace, given, timeout)
    if dry_run:
        click.echo(script((inspect(target), *rollback_plan(target, to_revision))), nl=False)
        return 0
    handoff.confirm_protected(release, "roll it back", yes=yes)
    progress = Progress(terminal, json=as_json)
    advice = "'jvbundler status k8s' shows what runs"
    with handoff.told(progress, "rollback", advice), only_deployment(target.place, os.environ):
        require(kubectl_checks(target.context, target.namespace))
        running = handoff.execution(release, progress, verbose=verbose)
        revision = go_back(target, running, to_revision, force=force)
    _tell(progress, {"revision": revision}, [f"revision {revision} of '{target.deployment}' runs"])
    return 0


@click.command("k8s", epilog="Example: jvbundler destroy k8s -e dev --delete-data")
@handoff.together(
    *_READING, handoff.dry_run_option, handoff.yes_option, handoff.verbose_option, handoff.json_option
)
@click.option("--delete-data", "--all", is_flag=True, help="Delete volume claims and the namespace, too.")
@click.option("--force", is_flag=True, help="Go on even where Argo CD or Flux manages the Deployment.")
@options.talking
@click.pass_obj
def destroy(
    terminal: Terminal,
    /,
    *,
    context: str,
    namespace: str,
    dry_run: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
    delete_data: bool,
    force: bool,
    **given: Any,
) -> int:
    """Delete the app's objects. Volume claims and the namespace stay, unless --delete-data."""
    from jvbundler.command import script
    from jvbundler.plan.kubernetes import destroy_plan
    from jvbundler.workflow.destroy_kubernetes import destroy as delete_all
    from jvbundler.workflow.destroy_kubernetes import stays
    from jvbundler.workflow.doctor import kubectl_checks, require
    from jvbundler.workflow.release import only_deployment

    release, target = _target(context, namespace, given)
    if dry_run:
        click.echo(script(destroy_plan(target, delete_data=delete_data)), nl=False)
        return 0
    kept = stays(target, delete_data=delete_data)
    goes = [str(o) for o in target.objects if str(o) not in kept]
    lines = ["goes:", *(f"  {name}" for name in goes), "stays:", *(f"  {name}" for name in kept)]
    click.echo("\n".join(map(printable, lines)), err=True)
    if release.is_protected:
        handoff.confirm_protected(release, "destroy it", yes=yes)
    else:
        handoff.confirm(f"delete it from namespace '{target.namespace}' of '{target.context}'", yes=yes)
    progress = Progress(terminal, json=as_json)
    advice = "'jvbundler destroy k8s' again deletes the rest"
    with handoff.told(progress, "destroy", advice), only_deployment(target.place, os.environ):
        require(kubectl_checks(target.context, target.namespace))
        running = handoff.execution(release, progress, verbose=verbose)
        delete_all(target, running, delete_data=delete_data, force=force)
    _tell(progress, {"deleted": goes, "kept": list(kept)}, [f"deleted {len(goes)} objects"])
    return 0


def _tell(progress: Progress, result: dict[str, Any], lines: list[str]) -> None:
    if progress.json:
        handoff.print_json({"ok": True, **result, "steps": progress.steps})
    else:
        click.echo("\n".join(map(printable, lines)))


COMMANDS = {"deploy": deploy, "status": status, "logs": logs, "rollback": rollback, "destroy": destroy}
