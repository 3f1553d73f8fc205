"""The subcommand `deploy k8s`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import options
from jvbundler.cli.commands.kubernetes.options import Cluster, cluster_options
from jvbundler.cli.printer import echo_line, echo_lines
from jvbundler.cli.release_options import (
    Common,
    ImageChoice,
    common_options,
    dry_run_option,
    image_options,
    json_option,
    pods_timeout_option,
    render_option,
    together,
    verbose_option,
    yes_option,
)
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import (
    Confirm,
    confirm_protected,
    confirm_question,
    print_json,
    print_script,
    reported,
    require_terminal_if_protected,
    session,
)

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.kubernetes.deploy import Deployed
    from jvbundler.deploy.operation import Operation
    from jvbundler.deploy.release import Release

EPILOG = """\b
Examples:
  jvbundler deploy k8s -e dev --all
  jvbundler deploy k8s -e prod --diff
  jvbundler deploy k8s -e prod --dry-run
"""


@click.command("k8s", epilog=EPILOG)
@together(common_options, cluster_options)
@click.option("--all", "everything", is_flag=True, help="Build, push and apply.")
@click.option("--build", is_flag=True, help="Build the image.")
@click.option("--push", is_flag=True, help="Push the image, and record its digest in deploy.yaml.")
@click.option("--apply", "apply_", is_flag=True, help="Apply the manifest; the default without other steps.")
@click.option("--diff", is_flag=True, help="Show the changes before they are applied.")
@click.option(
    "--delete-data", is_flag=True, help="Also delete volume claims that the manifest no longer has."
)
@click.option("--force", is_flag=True, help="Go on even if Argo CD or Flux manages the Deployment.")
@click.option("--force-conflicts", is_flag=True, help="Take over fields that somebody else set.")
@click.option(
    "--rollback-on-failure/--no-rollback-on-failure",
    default=None,
    help="Roll back if the pods do not become ready.  [default: if CI is set]",
)
@click.option(
    "--create-secrets",
    is_flag=True,
    help="Create missing Secrets from environment variables.",
)
@pods_timeout_option
@together(render_option, dry_run_option, yes_option, verbose_option, json_option, image_options)
@options.talking
@click.pass_obj
def deploy(
    terminal: Terminal,
    /,
    *,
    common: Common,
    cluster: Cluster,
    image: ImageChoice,
    everything: bool,
    build: bool,
    push: bool,
    apply_: bool,
    diff: bool,
    delete_data: bool,
    force: bool,
    force_conflicts: bool,
    rollback_on_failure: bool | None,
    create_secrets: bool,
    timeout: int,
    render: bool,
    dry_run: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Apply the rendered manifest, wait for the pods, and delete what it no longer has.

    Missing files are rendered first; out-of-date ones are refused without --render. --env, --set
    and --namespace render this environment with their values.
    """
    from jvbundler.deploy.image.push import ImageSteps
    from jvbundler.deploy.kubernetes import deploy as verb

    release, workload = cluster.workload(common, timeout)
    wanted = verb.DeployOptions(
        image=ImageSteps(everything or build, everything or push, image.options(common, "kubernetes")),
        apply=everything or apply_ or not (build or push),
        render=render,
        diff=diff,
        force=force,
        force_conflicts=force_conflicts,
        delete_data=delete_data,
        rollback_on_failure=bool(os.environ.get("CI"))
        if rollback_on_failure is None
        else rollback_on_failure,
        create_secrets=create_secrets,
    )
    if dry_run:
        return print_script(*verb.dry_run(release, workload, wanted))
    require_terminal_if_protected(release, "deploy to it", yes=yes)
    progress = Progress(terminal, json=as_json)
    advice = "'jvbundler status k8s' shows what runs; deploying again goes on from there"
    with reported(progress, "deploy", advice):
        run = session(release, common, progress, _asking(release, yes=yes), verbose=verbose)
        done = verb.deploy(release, workload, wanted, run)
    _print(progress, done)
    return 0


def _asking(release: Release, *, yes: bool) -> Confirm:
    """After a diff, asks the user at a terminal; a pipeline has confirmed already."""

    def confirm(operation: Operation) -> None:
        if release.is_protected:
            confirm_protected(release, "deploy to it", yes=yes)
        elif operation.question and sys.stdin.isatty():
            confirm_question(operation.question, yes=yes)

    return confirm


def _print(progress: Progress, done: Deployed) -> None:
    result: dict[str, Any] = {"image": done.image, "deleted": list(done.deleted), "health": done.health}
    if progress.json:
        print_json({"ok": True, **result, "notes": progress.notes, "steps": progress.steps})
        return
    echo_line(f"image: {done.image}")
    echo_lines(f"deleted: {name}" for name in done.deleted)
    if done.health:
        echo_line(f"health: {done.health}")
