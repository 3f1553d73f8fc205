"""The command `status k8s`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import options
from jvbundler.cli.commands.kubernetes.options import Cluster, cluster_options
from jvbundler.cli.printer import echo_line, echo_lines
from jvbundler.cli.release_options import Common, common_options, json_option, together
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import execution, print_json
from jvbundler.values.safe_text import printable

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.kubernetes.status import Status


WATCH_SECONDS = 2.0


@click.command("k8s", epilog="Example: jvbundler status k8s -e prod --watch")
@together(common_options, cluster_options, json_option)
@click.option("--watch", is_flag=True, help="Show it again every 2 s, until Ctrl-C.")
@options.talking
@click.pass_obj
def status(terminal: Terminal, /, *, common: Common, cluster: Cluster, as_json: bool, watch: bool) -> int:
    """Show how the app in the cluster is; exit 1 if it is not healthy, or not what was rendered."""
    from jvbundler.deploy.kubernetes.status import statuses

    release, workload = cluster.workload(common)
    silent = Progress(terminal, json=True)
    for found in statuses(workload, execution(release, common, silent)):
        if as_json:
            print_json(found.document())
        else:
            echo_lines(status_lines(found))
        if not watch:
            return 1 if found.problems else 0
        time.sleep(WATCH_SECONDS)
        echo_line("---")
    return 0


def status_lines(status: Status) -> Iterator[str]:
    """What there is first; the verdict last, where the eye ends up."""
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
    yield f"  health: {printable(fields['health'])}"
    for line in fields["warnings"]:
        yield f"  warning: {printable(line)}"
    if fields["not_readable"]:
        yield f"  not readable: {printable(fields['not_readable'])}"
    yield "healthy" if not status.problems else "not healthy:"
    yield from (f"  {printable(problem)}" for problem in status.problems)


def _pod_lines(pod: dict[str, Any]) -> Iterator[str]:
    state = "ready" if pod["ready"] else pod["phase"]
    restarts = f", {pod['restarts']} restarts" if pod["restarts"] else ""
    yield f"  {pod['name']}: {state}{restarts}{', on ' + pod['node'] if pod['node'] else ''}"
    yield from (f"    {printable(reason)}" for reason in pod["reasons"])
