"""The subcommand `deploy k8s`."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.commands.kubernetes.options import Cluster, cluster_options
from jvbundler.cli.deployment import TO_DEPLOY, Deployment, Done, Running, running_options
from jvbundler.cli.release_options import (
    Common,
    ImageChoice,
    common_options,
    image_options,
    pods_timeout_option,
    together,
)
from jvbundler.cli.session import Confirm, confirm_protected, confirm_question
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.kubernetes.deploy import Deployed
    from jvbundler.deploy.operation import Operation, Session
    from jvbundler.deploy.release import Release

TO_DEPLOY_ANYWAY = "deploy it from here all the same"
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
@click.option("--force", is_flag=True, help="Go on even if Argo CD or Flux pulls it.")
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
@together(running_options, options.loudness, image_options)
@options.talking
def deploy(
    *,
    common: Common,
    cluster: Cluster,
    image: ImageChoice,
    running: Running,
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
    timeout: int | None,
) -> Deployment:
    """Apply the rendered manifest, wait for the pods, and delete what it no longer has.

    Missing files are rendered first; out-of-date ones are refused without --render. --env, --set
    and --namespace render this environment with their values.
    """
    from jvbundler.deploy.image.push import ImageSteps
    from jvbundler.deploy.kubernetes import deploy as verb

    release, workload = cluster.workload(common, timeout)
    applies = everything or apply_ or not (build or push)
    pulled = verb.pulled_notes(release) if applies and not force else ()
    if pulled and not (running.dry_run or sys.stdin.isatty()):
        raise InputError(f"{pulled[0]}; there is no terminal to ask on: '--force' deploys anyway")
    wanted = verb.DeployOptions(
        image=ImageSteps(everything or build, everything or push, image.options(common, "kubernetes")),
        apply=applies,
        render=running.render,
        diff=diff,
        force=force,
        force_conflicts=force_conflicts,
        delete_data=delete_data,
        rollback_on_failure=bool(os.environ.get("CI"))
        if rollback_on_failure is None
        else rollback_on_failure,
        create_secrets=create_secrets,
    )

    def run(session: Session) -> Done:
        return _done(verb.deploy(release, workload, wanted, session))

    return Deployment(
        "k8s",
        release,
        common,
        running,
        plan=partial(verb.dry_run, release, workload, wanted),
        checks=partial(verb.checks, release, workload, wanted),
        run=run,
        confirming=partial(_asking, release, yes=running.yes, is_pulled=bool(pulled)),
        advice="'jvbundler status k8s' shows what runs; deploying again goes on from there",
    )


def _asking(release: Release, is_protected: bool, *, yes: bool, is_pulled: bool) -> Confirm:
    """After a diff, or where another system deploys, asks the user at a terminal; a pipeline has confirmed
    already.
    """

    def confirm(operation: Operation) -> None:
        if is_protected:
            confirm_protected(release, TO_DEPLOY, yes=yes)
        elif is_pulled:
            confirm_question(TO_DEPLOY_ANYWAY, yes=yes)
        elif operation.question and sys.stdin.isatty():
            confirm_question(operation.question, yes=yes)

    return confirm


def _done(deployed: Deployed) -> Done:
    lines = (f"image: {deployed.image}", *(f"deleted: {name}" for name in deployed.deleted))
    health = (f"health: {deployed.health}",) if deployed.health else ()
    document = {"image": deployed.image, "deleted": list(deployed.deleted), "health": deployed.health}
    return Done(True, document, (*lines, *health))
