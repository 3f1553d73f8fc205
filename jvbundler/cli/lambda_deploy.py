"""The command `deploy lambda`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import handoff, lambda_options
from jvbundler.cli.handoff import together
from jvbundler.cli.progress import Progress
from jvbundler.cli.terminal import Terminal

if TYPE_CHECKING:
    from jvbundler.workflow.deploy_lambda import Deployed, DeployOptions
    from jvbundler.workflow.release import Release

EPILOG = """\b
Examples:
  jvbundler deploy lambda -e prod
  jvbundler deploy lambda -e prod --update --diff
  jvbundler deploy lambda -e dev --dry-run
  jvbundler deploy lambda --parameter SubnetIds=subnet-1,subnet-2 \\
      --parameter SecurityGroupIds=sg-1

\b
Secrets come from environment variables of the same names, and go to AWS in a
file that only you can read. One that is not set keeps its deployed value.
"""

step_options = together(
    click.option("--all", "all_steps", is_flag=True, help="Repository, image and stack; the default."),
    click.option("--build", is_flag=True, help="Build the image and push it: the same as --push."),
    click.option("--push", is_flag=True, help="Build the image and push it, without the stack."),
    click.option("--update", is_flag=True, help="Deploy the stack, with an image that was pushed before."),
    click.option("--create-api", is_flag=True, help="The same as --update: the API is part of the stack."),
    click.option("--diff", is_flag=True, help="Show the change set, and ask before it is carried out."),
    click.option("--builder", default="", metavar="NAME", help="The docker buildx builder to use."),
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
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for the app to answer at its health path; 0 does not ask.",
    ),
)


@click.command("lambda", epilog=EPILOG)
@lambda_options.release_options
@step_options
@lambda_options.timeout_option(2400.0, "How long the stack may take.")
@handoff.render_option
@handoff.dry_run_option
@handoff.yes_option
@handoff.verbose_option
@handoff.json_option
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
    builder: str,
    parameters: tuple[str, ...],
    health_seconds: float,
    timeout_seconds: float,
    render: bool,
    dry_run: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Deploy APP (default: this folder) to AWS Lambda: its ECR repository, its image, its stack.

    The rendered files are handed to aws, docker and sam as they are.
    """
    from jvbundler.plan.image import ImageOptions
    from jvbundler.workflow.deploy_lambda import DeployOptions

    is_all = all_steps or not (build or push or update or create_api)
    release = lambda_options.load(**chosen)
    wanted = DeployOptions(
        push=is_all or build or push,
        update=is_all or update or create_api,
        diff=diff,
        image=ImageOptions(builder=builder),
        parameters=lambda_options.pairs("--parameter", parameters),
        timeout_seconds=timeout_seconds,
        health_seconds=health_seconds,
    )
    if dry_run:
        return _tell_plan(release, wanted)
    handoff.confirm_protected(release, "deploy", yes=yes)
    if diff and not yes:
        handoff.require_terminal("carry out the changes")
    progress = Progress(terminal, json=as_json)
    # Values of the command line are in no file yet, so they are rendered first.
    render = render or bool(release.options.assignments)
    deployed = _deploy(release, wanted, progress, render=render, yes=yes, verbose=verbose)
    return _tell(deployed, progress)


def _tell_plan(release: Release, wanted: DeployOptions) -> int:
    from jvbundler.command import script
    from jvbundler.workflow.deploy_lambda import offline_plan

    click.echo(script(offline_plan(release, wanted)), nl=False)
    return 0


def _deploy(
    release: Release, wanted: DeployOptions, progress: Progress, *, render: bool, yes: bool, verbose: bool
) -> Deployed:
    from jvbundler.workflow.deploy_lambda import Conversation, deploy
    from jvbundler.workflow.release import only_deployment, require_current

    execution = handoff.execution(release, progress, verbose=verbose)
    conversation = Conversation(
        note=progress.note,
        show=lambda text: click.echo(text, err=True),
        agree=lambda question: yes or click.confirm(question, err=True),
    )
    settings = release.environment.settings["lambda"]
    what = f"lambda {settings['region']} {release.environment.stack_name}"
    with only_deployment(what, execution.environ):
        require_current(release, render=render)
        try:
            return deploy(release, execution, wanted, conversation)
        except KeyboardInterrupt:
            advice = "CloudFormation goes on with what it has begun: 'jvbundler status lambda' shows it"
            handoff.tell_interruption(progress, "deploy", advice)
            raise


def _tell(deployed: Deployed, progress: Progress) -> int:
    """Exit code 1 where the app does not answer; the stack is deployed all the same."""
    if progress.json:
        handoff.print_json(
            {
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
