"""jvdeploy's commands that have another name here, or none: hidden, with its arguments and exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_line
from jvbundler.cli.terminal import Terminal
from jvbundler.values.problem import InputError, JvbundlerError

# jvdeploy's code for every failure but a wrong option, which is 2 as here.
FAILED = 1
# A command that is not here may come with any arguments.
ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}
NO_ECS = (
    "there is no target for Amazon ECS: jvbundler deploys to Kubernetes ('k8s') and AWS Lambda ('lambda'), "
    "and ignores the section 'ecs' of deploy.yaml"
)


@contextmanager
def jvdeploys_codes() -> Iterator[None]:
    """Every failure leaves with the code that it had in jvdeploy."""
    try:
        yield
    except JvbundlerError as failure:
        failure.exit_code = FAILED
        raise


def note(old: str, successor: str) -> None:
    echo_line(f"'{old}' is jvdeploy's: here it is '{successor}'", err=True)


def no_effect(flag: str, why: str) -> Callable[[Any], Any]:
    """A flag of jvdeploy's that is accepted, with a warning."""

    def warn(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            echo_line(f"warning: {flag} has no effect: {why}", err=True)

    return click.option(flag, is_flag=True, hidden=True, expose_value=False, callback=warn)


@click.command("generate", hidden=True)
@options.app_argument
@options.talking
@click.pass_obj
def generate(terminal: Terminal, /, *, app: str) -> int:
    """As `bundle`, but a Dockerfile is replaced, whoever wrote it."""
    from jvbundler.cli.report.problems import report
    from jvbundler.pipeline.bundle import bundle_files, replace_dockerfile

    root, shown_as = options.app_root(app)
    note(f"generate {app}", f"jvbundler bundle {app}")
    with jvdeploys_codes():
        files, problems = bundle_files(root, shown_as, options.reading_options(None))
        report(problems, terminal)
        for refusal in replace_dockerfile(root, files):
            echo_line(refusal, err=True)
    echo_line(f"{root / 'Dockerfile'}: generated")
    return 0


@click.command("pip-get-packages", hidden=True, context_settings=ANYTHING)
def pip_get_packages() -> None:
    """Nothing here needs the packages of all core actions: an app gets those of its own."""
    with jvdeploys_codes():
        raise InputError(
            "'pip-get-packages' is jvdeploy's: 'jvbundler bundle' writes the packages of the app's own "
            "actions into the Dockerfile, and 'jvbundler lock' pins them"
        )


@click.command("ecs", hidden=True, context_settings=ANYTHING)
def ecs() -> None:
    """The platform that is gone."""
    with jvdeploys_codes():
        raise InputError(NO_ECS)
