"""The subcommand `deploy k8s`."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import handoff, options
from jvbundler.cli.progress import Progress
from jvbundler.cli.terminal import Terminal
from jvbundler.deploy.command import script

if TYPE_CHECKING:
    from jvbundler.deploy.image.commands import ImageOptions
    from jvbundler.deploy.kubernetes.deploy import Deployed
    from jvbundler.deploy.kubernetes.release import Steps, Wanted
    from jvbundler.deploy.release import Release

EPILOG = """\b
Examples:
  jvbundler deploy k8s -e dev --all
  jvbundler deploy k8s -e prod --diff
  jvbundler deploy k8s -e prod --dry-run
"""

DEPLOY_KEYS = ("diff", "force", "force_conflicts", "delete_data", "rollback_on_failure")


@click.command("k8s", epilog=EPILOG)
@handoff.together(*handoff.reading)
@click.option("--context", default="", metavar="NAME", help="kubectl context.  [default: kubernetes.context]")
@click.option("--namespace", default="", metavar="NAME", help="Namespace.  [default: kubernetes.namespace]")
@click.option("--all", "everything", is_flag=True, help="Build, push and apply.")
@click.option("--build", is_flag=True, help="Build the image.")
@click.option("--push", is_flag=True, help="Push the image, and note its digest in deploy.yaml.")
@click.option("--apply", "apply_", is_flag=True, help="Apply the manifest; the default without other steps.")
@click.option("--diff", is_flag=True, help="Show what changes before it does.")
@click.option(
    "--delete-data", is_flag=True, help="Delete volume claims that the manifest no longer has, too."
)
@click.option("--force", is_flag=True, help="Go on even where Argo CD or Flux manages the Deployment.")
@click.option("--force-conflicts", is_flag=True, help="Take over fields that somebody else set.")
@click.option(
    "--rollback-on-failure/--no-rollback-on-failure",
    default=None,
    help="Go back where the pods do not become ready.  [default: where CI is set]",
)
@handoff.pods_timeout_option
@handoff.together(
    handoff.render_option,
    handoff.dry_run_option,
    handoff.yes_option,
    handoff.verbose_option,
    handoff.json_option,
    *handoff.image_options,
)
@options.talking
@click.pass_obj
def deploy(
    terminal: Terminal,
    /,
    *,
    context: str,
    namespace: str,
    everything: bool,
    build: bool,
    push: bool,
    apply_: bool,
    render: bool,
    dry_run: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
    timeout: int,
    **given: Any,
) -> int:
    """Apply the rendered manifest, wait for the pods, and delete what it no longer has.

    Files that are missing are rendered first; out-of-date ones are refused without --render. --env, --set
    and --namespace render this environment with their values.
    """
    from jvbundler.deploy.kubernetes.manifest import kubernetes_target, namespace_assignment
    from jvbundler.deploy.kubernetes.release import Steps, deploy_release, whole_plan

    apply_ = apply_ or not (build or push)
    steps = Steps(build=everything or build, push=everything or push, apply=everything or apply_)
    image = handoff.image_options_of(given["app"], **{name: given.pop(name) for name in handoff.IMAGE_KEYS})
    choices = {name: given.pop(name) for name in DEPLOY_KEYS}
    release = handoff.load(**given, target="kubernetes", more=namespace_assignment(namespace))
    target = kubernetes_target(release, context=context, timeout_seconds=timeout)
    if dry_run:
        click.echo(script(whole_plan(release, target, steps, image, diff=choices["diff"])), nl=False)
        return 0
    if release.is_protected and not yes:
        handoff.require_terminal(f"environment '{release.environment.name}' is protected: deploy to it")
    progress = Progress(terminal, json=as_json)
    render = render or bool(release.options.assignments)
    wanted = _wanted(steps, image, choices, progress, render=render, yes=yes, verbose=verbose)
    advice = "'jvbundler status k8s' shows what runs; deploying again goes on from there"
    with handoff.told(progress, "deploy", advice):
        built, done = deploy_release(release, target, wanted)
    show(progress, built, done)
    return 0


def _wanted(
    steps: Steps,
    image: ImageOptions,
    choices: dict[str, Any],
    progress: Progress,
    *,
    render: bool,
    yes: bool,
    verbose: bool,
) -> Wanted:
    from jvbundler.deploy.kubernetes.deploy import DeployOptions
    from jvbundler.deploy.kubernetes.release import Wanted

    if choices["rollback_on_failure"] is None:
        choices = {**choices, "rollback_on_failure": bool(os.environ.get("CI"))}
    return Wanted(
        steps=steps,
        image=image,
        options=DeployOptions(**choices),
        render=render,
        execution=partial(handoff.execution, progress=progress, verbose=verbose),
        note=progress.note,
        agree=partial(agree, yes=yes),
    )


def agree(release: Release, after_diff: bool, *, yes: bool) -> None:
    if release.is_protected:
        handoff.confirm_protected(release, "deploy to it", yes=yes)
    elif after_diff and sys.stdin.isatty():
        handoff.confirm("deploy this", yes=yes)


def show(progress: Progress, image: str, done: Deployed | None) -> None:
    pruned = [str(name) for name in done.pruned] if done else []
    result: dict[str, Any] = {"image": image, "deleted": pruned, "health": done.health if done else ""}
    if progress.json:
        handoff.print_json({"ok": True, **result, "notes": progress.notes, "steps": progress.steps})
        return
    click.echo(f"image: {image}")
    if done:
        click.echo("".join(f"deleted: {name}\n" for name in pruned), nl=False)
        click.echo(f"health: {done.health}")
