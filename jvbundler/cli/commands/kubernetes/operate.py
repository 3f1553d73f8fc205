"""The commands `status k8s`, `logs k8s`, `rollback k8s` and `destroy k8s`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import options
from jvbundler.cli.commands.kubernetes.options import Cluster, cluster_options
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import (
    Common,
    common_options,
    dry_run_option,
    json_option,
    pods_timeout_option,
    print_option,
    together,
    yes_option,
)
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.report.states import State, States
from jvbundler.cli.session import (
    ask_first,
    execution,
    open_address,
    print_json,
    print_script,
    reported,
    require_terminal_if_protected,
    session,
    show_lists,
)

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.execution import Execution
    from jvbundler.deploy.kubernetes.status import Status
    from jvbundler.deploy.kubernetes.workload import Workload
    from jvbundler.deploy.operation import Operation

WATCH_SECONDS = 2.0


@click.command("k8s", epilog="Example: jvbundler status k8s -e prod --watch")
@together(common_options, cluster_options, json_option)
@click.option("--watch", is_flag=True, help="Show it again every 2 s, until Ctrl-C.")
@options.talking
@click.pass_obj
def status(terminal: Terminal, /, *, common: Common, cluster: Cluster, as_json: bool, watch: bool) -> States:
    """Show the state of the app in the cluster; exit 1 if it is not healthy, or not what was rendered."""
    release, workload = cluster.workload(common)
    run = execution(release, common, Progress(terminal, json=True))
    return States("k8s", as_json, states(workload, run, watch=watch))


def states(workload: Workload, run: Execution, *, watch: bool) -> Iterator[State]:
    from jvbundler.deploy.kubernetes.status import statuses

    for found in statuses(workload, run):
        verdict = ("not healthy:", *(f"  {problem}" for problem in found.problems))
        yield State(
            found.document(),
            verdict if found.problems else ("healthy",),
            not found.problems,
            lines=tuple(status_lines(found)),
        )
        if not watch:
            return
        time.sleep(WATCH_SECONDS)


def status_lines(status: Status) -> Iterator[str]:
    """What is there, from the whole to its parts."""
    fields = status.fields
    count = fields["replicas"]
    where = f"{fields['namespace']} of {fields['context']}"
    yield f"{fields['deployment']} in {where}, revision {fields['revision'] or '-'}"
    if fields["managed_by"]:
        yield f"  managed by {fields['managed_by']}"
    yield f"  pods: {count['ready']} of {count['desired']} ready, {count['updated']} up to date"
    yield f"  image: {fields['image']['running'] or '-'}"
    for pod in fields["pods"]:
        yield from _pod_lines(pod)
    for volume in fields["volumes"]:
        yield f"  volume claim {volume['name']}: {volume['phase']}, {volume['size']}"
    for scaler in fields["autoscaler"]:
        span = f"{scaler['min']}..{scaler['max']}"
        yield f"  autoscaler: {scaler['current']} pods, wants {scaler['desired']} of {span}"
    for address in fields["addresses"]:
        yield f"  address: {address}"
    yield f"  health: {fields['health']}"
    for line in fields["warnings"]:
        yield f"  warning: {line}"
    if fields["not_readable"]:
        yield f"  not readable: {fields['not_readable']}"


def _pod_lines(pod: dict[str, Any]) -> Iterator[str]:
    state = "ready" if pod["ready"] else pod["phase"]
    restarts = f", {pod['restarts']} restarts" if pod["restarts"] else ""
    yield f"  {pod['name']}: {state}{restarts}{', on ' + pod['node'] if pod['node'] else ''}"
    yield from (f"    {reason}" for reason in pod["reasons"])


@click.command("k8s", epilog="Example: jvbundler logs k8s -e prod --follow --since 10m")
@together(common_options, cluster_options, dry_run_option)
@click.option("--pod", default="", metavar="NAME", help="Only this pod.  [default: all pods of the app]")
@click.option("-f", "--follow", is_flag=True, help="Show new lines as they come.")
@click.option("--tail", type=int, default=-1, metavar="N", help="Only the last N lines of each container.")
@click.option("--since", default="", metavar="TIME", help="Only lines of the last 30s, 10m, 2h.")
@click.option("--previous", is_flag=True, help="Show the containers' previous run, after a crash.")
@options.talking
@click.pass_obj
def logs(
    terminal: Terminal,
    /,
    *,
    common: Common,
    cluster: Cluster,
    dry_run: bool,
    pod: str,
    follow: bool,
    tail: int,
    since: str,
    previous: bool,
) -> int:
    """Show the logs of all pods of the app, each line with its pod."""
    from jvbundler.deploy.kubernetes.commands import LogOptions
    from jvbundler.deploy.kubernetes.status import plan_logs, show_logs

    release, workload = cluster.workload(common)
    operation = plan_logs(workload, LogOptions(pod, follow, tail, since, previous))
    if dry_run:
        return print_script(operation)
    show_logs(operation, execution(release, common, Progress(terminal)))
    return 0


@click.command("k8s", epilog="Example: jvbundler open k8s -e prod --print")
@together(common_options, cluster_options, print_option)
@options.talking
@click.pass_obj
def open_(terminal: Terminal, /, *, common: Common, cluster: Cluster, only_print: bool) -> int:
    """Print the address of the app's Ingress, or of its load balancer, and open it in the browser."""
    from jvbundler.deploy.kubernetes.status import address

    release, workload = cluster.workload(common)
    found = address(workload, execution(release, common, Progress(terminal, json=True)))
    return open_address(found, only_print=only_print)


@click.command("k8s", epilog="Example: jvbundler rollback k8s -e prod --to-revision 4")
@together(common_options, cluster_options, dry_run_option, yes_option, json_option, options.loudness)
@click.option(
    "--to-revision",
    default="",
    metavar="N",
    help="Go to this revision of the Deployment.  [default: the previous one]",
)
@pods_timeout_option
@click.option("--force", is_flag=True, help="Go on even if Argo CD or Flux manages the Deployment.")
@options.talking
@click.pass_obj
def rollback(
    terminal: Terminal,
    /,
    *,
    common: Common,
    cluster: Cluster,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    to_revision: str,
    timeout: int | None,
    force: bool,
) -> int:
    """Go back to the previous revision of the Deployment; its ConfigMap stays as it is.

    To go back with the configuration, deploy the commit that had it.
    """
    from jvbundler.deploy.kubernetes import rollback as verb

    release, workload = cluster.workload(common, timeout)
    if dry_run:
        return print_script(verb.plan(workload, to_revision), as_json=as_json)
    require_terminal_if_protected(release, "roll it back", yes=yes)
    progress = Progress(terminal, json=as_json)
    asking = ask_first(release, "roll it back", yes=yes)
    with reported(progress, "rollback", "'jvbundler status k8s' shows what runs"):
        run = session(release, common, progress, asking)
        revision = verb.rollback(release, workload, run, wanted=to_revision, force=force)
    _print(progress, {"revision": revision}, f"revision {revision} of '{workload.deployment}' runs")
    return 0


@click.command("k8s", epilog="Example: jvbundler destroy k8s -e dev --delete-data")
@together(common_options, cluster_options, dry_run_option, yes_option, json_option, options.loudness)
@click.option("--delete-data", "--all", is_flag=True, help="Delete volume claims and the namespace too.")
@click.option("--force", is_flag=True, help="Go on even if Argo CD or Flux manages the Deployment.")
@options.talking
@click.pass_obj
def destroy(
    terminal: Terminal,
    /,
    *,
    common: Common,
    cluster: Cluster,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    delete_data: bool,
    force: bool,
) -> int:
    """Delete the app's objects. Volume claims and the namespace stay without --delete-data."""
    from jvbundler.deploy.kubernetes import destroy as verb

    release, workload = cluster.workload(common)
    if dry_run:
        return print_script(verb.plan(workload, None, delete_data=delete_data), as_json=as_json)
    progress = Progress(terminal, json=as_json)
    ask = ask_first(release, "destroy it", yes=yes)

    def confirm(operation: Operation) -> None:
        show_lists(operation)
        ask(operation)

    with reported(progress, "destroy", "run 'jvbundler destroy k8s' again to delete the rest"):
        run = session(release, common, progress, confirm)
        done = verb.destroy(release, workload, run, delete_data=delete_data, force=force)
    result = {"deleted": list(done.goes), "kept": list(done.stays)}
    _print(progress, result, f"deleted {len(done.goes)} objects")
    return 0


def _print(progress: Progress, result: dict[str, Any], line: str) -> None:
    if progress.json:
        print_json({"ok": True, **result, "steps": progress.steps})
    else:
        echo_line(line)
