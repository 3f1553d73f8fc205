"""The command `deploy lambda`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.commands.lambda_.options import (
    STACK_SECONDS,
    Names,
    name_options,
    pairs,
    stack_timeout_option,
)
from jvbundler.cli.deployment import TO_DEPLOY, Deployment, Done, Running, running_options
from jvbundler.cli.printer import echo_lines
from jvbundler.cli.release_options import Common, ImageChoice, common_options, image_options, together
from jvbundler.cli.session import Confirm, confirm_protected, confirm_question

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.deploy import Deployed
    from jvbundler.deploy.operation import Operation, Session
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
file that only you can read. An unset one keeps its deployed value.
"""

step_options = (
    click.option("--all", "everything", is_flag=True, help="Build, push and update."),
    click.option("--build", is_flag=True, help="Build the image."),
    click.option("--push", is_flag=True, help="Push the image, and record its digest in deploy.yaml."),
    click.option(
        "--update",
        cls=options.Option,
        also=("--create-api",),
        is_flag=True,
        help="Deploy the stack; the default without other steps.",
    ),
    click.option("--diff", is_flag=True, help="Show the change set, and ask before executing it."),
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
        help="How long to wait for the app to answer at its health path; 0 skips the check.",
    ),
    stack_timeout_option("How long the stack may take."),
)


@click.command("lambda", epilog=EPILOG)
@together(common_options, name_options, *step_options, running_options, options.loudness, image_options)
@options.talking
def deploy(
    *,
    common: Common,
    names: Names,
    image: ImageChoice,
    running: Running,
    everything: bool,
    build: bool,
    push: bool,
    update: bool,
    diff: bool,
    parameters: tuple[str, ...],
    health_seconds: float,
    timeout: int | None,
) -> Deployment:
    """Deploy APP (default: this folder) to AWS Lambda: create its ECR repository if needed, then its stack.

    The first time, and whenever the app changed, use --all, which first builds and pushes its image.
    """
    from jvbundler.deploy.image.push import ImageSteps
    from jvbundler.deploy.lambda_ import deploy as verb

    release = names.release(common)
    wanted = verb.DeployOptions(
        image=ImageSteps(everything or build, everything or push, image.options(common, "lambda")),
        update=everything or update or not (build or push),
        diff=diff,
        render=running.render,
        parameters=pairs("--parameter", parameters),
        timeout_seconds=timeout or STACK_SECONDS,
        health_seconds=health_seconds,
    )

    def run(session: Session) -> Done:
        return _done(verb.deploy(release, wanted, session))

    return Deployment(
        "lambda",
        release,
        common,
        running,
        plan=partial(verb.dry_run, release, wanted),
        checks=partial(verb.checks, release, wanted),
        run=run,
        confirming=partial(_asking, release, yes=running.yes),
        advice="CloudFormation continues what it has begun: 'jvbundler status lambda' shows it",
        question="carry out the changes" if diff else "",
    )


def _asking(release: Release, is_protected: bool, *, yes: bool) -> Confirm:
    """Asks for the name of a protected environment first, then whether to execute the change set."""

    def confirm(operation: Operation) -> None:
        if operation.changes:
            echo_lines(operation.changes.split("\n"), err=True)
        if operation.question:
            confirm_question(operation.question, yes=yes)
        elif is_protected:
            confirm_protected(release, TO_DEPLOY, yes=yes)

    return confirm


def _done(deployed: Deployed) -> Done:
    """Not ok if the app does not answer; the stack is deployed anyway."""
    document = {
        "stack": deployed.stack.name,
        "region": deployed.stack.region,
        "image": deployed.image,
        "changed": not deployed.is_dropped,
        "outputs": dict(deployed.outputs),
        "health": [{"url": a.url, "status": a.status, "error": a.error} for a in deployed.answers],
    }
    # On standard output, to be piped.
    lines = tuple(f"{name}: {value}" for name, value in deployed.outputs.items() if name.endswith("Url"))
    notes = [
        f"{'healthy' if answer.is_healthy else 'deployed, but not healthy'}: {answer}"
        for answer in deployed.answers
    ]
    if deployed.is_dropped:
        notes.insert(0, "nothing was changed")
    if not deployed.is_healthy:
        notes.append("to find out why: 'jvbundler logs lambda', or 'jvbundler rollback lambda'")
    return Done(deployed.is_healthy, document, lines, tuple(notes))
