"""The command `deploy lambda`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.commands.lambda_.options import Names, name_options, pairs, timeout_option
from jvbundler.cli.printer import echo_line, echo_lines
from jvbundler.cli.release_options import (
    Common,
    ImageChoice,
    common_options,
    dry_run_option,
    image_options,
    json_option,
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
    require_terminal,
    require_terminal_if_protected,
    session,
)

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.lambda_.deploy import Deployed
    from jvbundler.deploy.operation import Operation
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
    click.option("--all", "all_steps", is_flag=True, help="Build, push and update."),
    click.option("--build", is_flag=True, help="Build the image."),
    click.option("--push", is_flag=True, help="Push the image, and record its digest in deploy.yaml."),
    click.option("--update", is_flag=True, help="Deploy the stack; the default without other steps."),
    click.option("--create-api", is_flag=True, help="The same as --update: the API is part of the stack."),
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
    timeout_option(2400.0, "How long the stack may take."),
)


@click.command("lambda", epilog=EPILOG)
@together(
    common_options,
    name_options,
    *step_options,
    render_option,
    dry_run_option,
    yes_option,
    verbose_option,
    json_option,
    image_options,
)
@options.talking
@click.pass_obj
def deploy(
    terminal: Terminal,
    /,
    *,
    common: Common,
    names: Names,
    image: ImageChoice,
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
) -> int:
    """Deploy APP (default: this folder) to AWS Lambda: create its ECR repository if needed, then its stack.

    The first time, and whenever the app changed, use --all, which first builds and pushes its image.
    """
    from jvbundler.deploy.image.push import ImageSteps
    from jvbundler.deploy.lambda_ import deploy as verb

    release = names.release(common)
    wanted = verb.DeployOptions(
        image=ImageSteps(all_steps or build, all_steps or push, image.options(common, "lambda")),
        update=all_steps or update or create_api or not (build or push),
        diff=diff,
        render=render,
        parameters=pairs("--parameter", parameters),
        timeout_seconds=timeout_seconds,
        health_seconds=health_seconds,
    )
    if dry_run:
        return print_script(*verb.dry_run(release, wanted))
    require_terminal_if_protected(release, "deploy to it", yes=yes)
    if diff and not yes:
        require_terminal("carry out the changes")
    progress = Progress(terminal, json=as_json)
    advice = "CloudFormation continues what it has begun: 'jvbundler status lambda' shows it"
    with reported(progress, "deploy", advice):
        run = session(release, common, progress, _asking(release, yes=yes), verbose=verbose)
        deployed = verb.deploy(release, wanted, run)
    return _print(deployed, progress)


def _asking(release: Release, *, yes: bool) -> Confirm:
    """Asks for the name of a protected environment first, then whether to execute the change set."""

    def confirm(operation: Operation) -> None:
        if operation.changes:
            echo_lines(operation.changes.split("\n"), err=True)
        if operation.question:
            confirm_question(operation.question, yes=yes)
        elif release.is_protected:
            confirm_protected(release, "deploy to it", yes=yes)

    return confirm


def _print(deployed: Deployed, progress: Progress) -> int:
    """Exit code 1 if the app does not answer; the stack is deployed anyway."""
    if progress.json:
        print_json(
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
    for name, value in deployed.outputs.items():
        # On standard output, to be piped.
        if name.endswith("Url"):
            echo_line(f"{name}: {value}")
    for answer in deployed.answers:
        progress.note(f"{'healthy' if answer.is_healthy else 'deployed, but not healthy'}: {answer}")
    if not deployed.is_healthy:
        progress.note("to find out why: 'jvbundler logs lambda', or 'jvbundler rollback lambda'")
    return 0 if deployed.is_healthy else 1
