"""The subcommand `deploy k8s`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import handoff, options
from jvbundler.cli.progress import Progress
from jvbundler.cli.terminal import Terminal

if TYPE_CHECKING:
    from jvbundler.command import Command
    from jvbundler.plan.image import ImageOptions
    from jvbundler.plan.kubernetes import Target
    from jvbundler.workflow.release import Release

EPILOG = """\b
Examples:
  jvbundler deploy k8s -e dev --all
  jvbundler deploy k8s -e prod --diff
  jvbundler deploy k8s -e prod --dry-run
"""


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
@click.option("--force", is_flag=True, help="Even where Argo CD or Flux manages the Deployment.")
@click.option("--force-conflicts", is_flag=True, help="Take over fields that somebody else set.")
@click.option(
    "--rollback-on-failure/--no-rollback-on-failure",
    default=None,
    help="Go back where the pods do not become ready.  [default: where CI is set]",
)
@click.option("--timeout", type=int, default=0, metavar="SECONDS", help="How long to wait for the pods.")
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
    from jvbundler.workflow.deploy_kubernetes import DeployOptions
    from jvbundler.workflow.kubernetes_target import kubernetes_target, namespace_assignment

    image = handoff.image_options_of(given["app"], **{k: given.pop(k) for k in IMAGE_KEYS})
    rollback = given.pop("rollback_on_failure")
    wanted = DeployOptions(
        diff=given.pop("diff"),
        force=given.pop("force"),
        force_conflicts=given.pop("force_conflicts"),
        delete_data=given.pop("delete_data"),
        rollback_on_failure=bool(os.environ.get("CI")) if rollback is None else rollback,
    )
    release = handoff.load(**given, target="kubernetes", more=namespace_assignment(namespace))
    target = kubernetes_target(release, context=context, timeout_seconds=timeout)
    steps = Steps(everything, build, push, apply_)
    render = render or bool(release.options.assignments)
    if dry_run:
        from jvbundler.command import script

        click.echo(script(whole_plan(release, target, steps, image, diff=wanted.diff)), nl=False)
        return 0
    progress = Progress(terminal, json=as_json)
    advice = "'jvbundler status k8s' shows what runs; deploying again goes on from there"
    with handoff.told(progress, "deploy", advice):
        result = run(release, target, steps, image, wanted, progress, render=render, yes=yes, verbose=verbose)
    if as_json:
        handoff.print_json({"ok": True, **result, "steps": progress.steps})
    else:
        click.echo("\n".join(f"{name}: {value}" for name, value in result.items() if value))
    return 0


IMAGE_KEYS = (
    "builder",
    "cache_from",
    "cache_to",
    "tags",
    "latest",
    "registry_user_env",
    "registry_password_env",
)


class Steps:
    """Which of build, push and apply were asked for."""

    def __init__(self, everything: bool, build: bool, push: bool, apply: bool) -> None:
        self.push = everything or push
        # A push builds, from the cache where the image was built before.
        self.build = (everything or build) and not self.push
        self.apply = everything or apply or not (build or push)


def whole_plan(
    release: Release, target: Target, steps: Steps, image: ImageOptions, *, diff: bool
) -> tuple[Command, ...]:
    """What would run, as far as it is known without asking anybody."""
    from jvbundler.command import Command
    from jvbundler.plan.kubernetes import deploy_plan
    from jvbundler.workflow.image import image_plan
    from jvbundler.workflow.release import is_rendered, refuse_drift, render_command

    plan: list[Command] = []
    if not is_rendered(release):
        plan.append(render_command(release, "nothing is rendered yet"))
    elif not release.options.assignments:
        refuse_drift(release)
    else:
        plan.append(render_command(release, "render with the values of the command line"))
    if steps.build or steps.push:
        plan += image_plan(release, image, push=steps.push)
    if steps.push:
        plan.append(render_command(release, "note the digest as image.digest in deploy.yaml, and render"))
    if steps.apply:
        plan += deploy_plan(target, diff=diff)
    return tuple(plan)


def run(
    release: Release,
    target: Target,
    steps: Steps,
    image: ImageOptions,
    wanted: Any,
    progress: Progress,
    *,
    render: bool,
    yes: bool,
    verbose: bool,
) -> dict[str, Any]:
    from dataclasses import replace

    from jvbundler.workflow.deploy_kubernetes import deploy as apply
    from jvbundler.workflow.doctor import docker_checks, kubectl_checks, require
    from jvbundler.workflow.image import build_image, push_image
    from jvbundler.workflow.kubernetes_target import kubernetes_target
    from jvbundler.workflow.release import only_deployment, require_current

    if release.is_protected and not yes:
        handoff.require_terminal(f"environment '{release.environment.name}' is protected: deploy to it")
    with only_deployment(target.place, os.environ):
        builds = steps.build or steps.push
        require(
            [
                *(docker_checks(builder=image.builder) if builds else ()),
                *(kubectl_checks(target.context, target.namespace) if steps.apply else ()),
            ]
        )
        require_current(release, render=render)
        if builds:
            require_current(replace(release, target="docker"), render=render)
        if builds or not wanted.diff:
            handoff.confirm_protected(release, "deploy to it", yes=yes)
        result: dict[str, Any] = {}
        running = handoff.execution(release, progress, verbose=verbose)
        if steps.build:
            result["image"] = ", ".join(build_image(release, running, image))
        if steps.push:
            release = push_image(release, running, image)
            target = kubernetes_target(
                release, context=target.context, timeout_seconds=target.rollout_seconds
            )
            running = handoff.execution(release, progress, verbose=verbose)
            result["image"] = target.image
        if not steps.apply:
            return result

        def agree() -> None:
            if not wanted.diff or yes:
                return
            if release.is_protected and not builds:
                handoff.confirm_protected(release, "deploy to it", yes=yes)
            elif sys.stdin.isatty():
                handoff.confirm("deploy this", yes=yes)

        done = apply(target, wanted, running, progress.note, agree)
        result |= {"image": target.image, "pruned": ", ".join(map(str, done.pruned)), "health": done.health}
        return result
