"""The command `handover`: what `deploy k8s` applied becomes Argo CD's or Flux's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.commands.kubernetes.options import Cluster, cluster_options
from jvbundler.cli.printer import echo_line, echo_lines
from jvbundler.cli.release_options import (
    Common,
    common_options,
    dry_run_option,
    json_option,
    together,
    yes_option,
)
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import (
    ask_first,
    print_json,
    print_script,
    reported,
    require_terminal_if_protected,
    session,
)

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.operation import Operation

EPILOG = """\b
Examples:
  jvbundler handover flux -e prod
  jvbundler handover argocd apps/support -e prod --dry-run
"""


@click.command("handover", epilog=EPILOG)
@click.argument("system", type=click.Choice(["argocd", "flux"]), metavar="argocd|flux")
@together(common_options, cluster_options, dry_run_option, yes_option, json_option, options.loudness)
@options.talking
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    system: str,
    common: Common,
    cluster: Cluster,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Leave an app that `deploy k8s` applied to Argo CD or Flux, once that has applied it too.

    Until then, both own its fields, and what is removed from the repository stays in the cluster, although
    Argo CD says Synced and Flux says Ready.
    """
    from jvbundler.deploy.kubernetes import handover as verb

    release, workload = cluster.workload(common)
    if dry_run:
        return print_script(verb.dry_run(release, workload, system), as_json=as_json)
    name = verb.SYSTEMS[system][0]
    to_do = f"leave it to {name}"
    require_terminal_if_protected(release, to_do, yes=yes)
    progress = Progress(terminal, json=as_json)
    ask = ask_first(release, to_do, yes=yes)

    def confirm(operation: Operation) -> None:
        if operation.goes:
            title = "only we set these fields, so they go:"
            echo_lines([title, *(f"  {line}" for line in operation.goes)], err=True)
        ask(operation)

    with reported(progress, "handover", "run 'jvbundler handover' again: it goes on from there"):
        done = verb.handover(release, workload, system, session(release, common, progress, confirm))
    if progress.json:
        result = {"objects": list(done.stays), "removed": list(done.goes)}
        print_json({"ok": True, **result, "notes": progress.notes, "steps": progress.steps})
    elif done.stays:
        echo_line(f"{len(done.stays)} objects are {name}'s alone")
    else:
        echo_line(f"nothing to do: all of it is {name}'s alone")
    return 0
