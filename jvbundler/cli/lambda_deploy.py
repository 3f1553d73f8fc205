"""The command `deploy lambda`."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import handoff, lambda_options, options
from jvbundler.cli.progress import Progress
from jvbundler.cli.terminal import Terminal
from jvbundler.deploy.command import script
from jvbundler.deploy.release import only_deployment

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.deploy import Deployed, DeployOptions
    from jvbundler.deploy.release import Release

EPILOG = """\b
Examples:
  jvbundler deploy lambda -e dev --all
  jvbundler deploy lambda -e prod --diff
  jvbundler deploy lambda -e prod --dry-run
  jvbundler deploy lambda --parameter SubnetIds=subnet-1,subnet-2 \\
      --parameter SecurityGroupIds=sg-1

\b
Secrets come from environment variables of the same names, and go to AWS in a
file that only you can read. One that is not set keeps its deployed value.
"""

step_options = (
    click.option("--all", "all_steps", is_flag=True, help="Build, push and update."),
    click.option("--build", is_flag=True, help="Build the image."),
    click.option("--push", is_flag=True, help="Push the image, and note its digest in deploy.yaml."),
    click.option("--update", is_flag=True, help="Deploy the stack; the default without other steps."),
    click.option("--create-api", is_flag=True, help="The same as --update: the API is part of the stack."),
    click.option("--diff", is_flag=True, help="Show the change set, and ask before it is carried out."),
    click.option(
        "--parameter",
        "parameters",
        multiple=True,
        metavar="NAME=VALUE",
        help="A value that the template asks for; repeatable. Others keep their deployed value.",
    ),
    click.option(
        "--health-timeout",
        "health_seconds",
        type=click.FloatRange(min=0),
        default=120.0,
        show_default="120",
        metavar="SECONDS",
        help="How long to wait for the app to answer at its health path; 0 does not ask.",
    ),
    lambda_options.timeout_option(2400.0, "How long the stack may take."),
)


@click.command("lambda", epilog=EPILOG)
@handoff.together(
    *lambda_options.reading,
    *step_options,
    handoff.render_option,
    handoff.dry_run_option,
    handoff.yes_option,
    handoff.verbose_option,
    handoff.json_option,
    *handoff.image_options,
)
@options.talking
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    all_steps: bool,
    build: bool,
    push: bool,
    update: bool,
    create_api: bool,
    diff: bool,
    parameters: tuple[str, ...],
    health_seconds: float,
    timeout_seconds: float,
    render: bool,
    dry_run: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Deploy APP (default: this folder) to AWS Lambda: make sure of its ECR repository, deploy its stack.

    The first time, and whenever the app changed: --all, which builds and pushes its image before.
    """
    from jvbundler.deploy.lambda_.deploy import DeployOptions, offline_plan

    image = handoff.image_options_of(given["app"], **{name: given.pop(name) for name in handoff.IMAGE_KEYS})
    release = lambda_options.load(**given)
    wanted = DeployOptions(
        build=all_steps or build,
        push=all_steps or push,
        update=all_steps or update or create_api or not (build or push),
        diff=diff,
        # Values of the command line are in no file yet, so they are rendered first.
        render=render or bool(release.options.assignments),
        image=image,
        parameters=lambda_options.pairs("--parameter", parameters),
        timeout_seconds=timeout_seconds,
        health_seconds=health_seconds,
    )
    if dry_run:
        click.echo(script(offline_plan(release, wanted)), nl=False)
        return 0
    handoff.confirm_protected(release, "deploy to it", yes=yes)
    if diff and not yes:
        handoff.require_terminal("carry out the changes")
    progress = Progress(terminal, json=as_json)
    advice = "CloudFormation goes on with what it has begun: 'jvbundler status lambda' shows it"
    place = lambda_options.place(release)
    with handoff.told(progress, "deploy", advice), only_deployment(place, os.environ):
        deployed = _deploy(release, wanted, progress, yes=yes, verbose=verbose)
    return _tell(deployed, progress)


def _deploy(
    release: Release, wanted: DeployOptions, progress: Progress, *, yes: bool, verbose: bool
) -> Deployed:
    from jvbundler.deploy.lambda_.deploy import Conversation, deploy

    conversation = Conversation(
        note=progress.note,
        show=lambda text: click.echo(text, err=True),
        agree=lambda question: yes or click.confirm(question, err=True),
    )
    return deploy(
        release, wanted, partial(handoff.execution, progress=progress, verbose=verbose), conversation
    )


def _tell(deployed: Deployed, progress: Progress) -> int:
    """Exit code 1 where the app does not answer; the stack is deployed all the same."""
    if progress.json:
        handoff.print_json(
            {
                "ok": deployed.is_healthy,
                "stack": deployed.stack.name,
                "region": deployed.stack.region,
                "image": deployed.image,
                "changed": not deployed.is_dropped,
                "outputs": dict(deployed.outputs),
                "health": [{"url": a.url, "status": a.status, "error": a.error} for a in deployed.answers],
                "steps": progress.steps,
            }
        )
        return 0 if deployed.is_healthy else 1
    if deployed.is_dropped:
        progress.note("nothing was changed")
    lambda_options.tell_endpoints(deployed)
    for answer in deployed.answers:
        progress.note(f"{'healthy' if answer.is_healthy else 'deployed, but not healthy'}: {answer}")
    if not deployed.is_healthy:
        progress.note("to find out why: 'jvbundler logs lambda', or 'jvbundler rollback lambda'")
    return 0 if deployed.is_healthy else 1
