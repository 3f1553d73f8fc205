"""Options that the commands for deployed apps share, and the questions that they ask."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jvbundler.cli.progress import Progress
from jvbundler.errors import InputError

if TYPE_CHECKING:
    from jvbundler.workflow.execute import Execution
    from jvbundler.workflow.release import Release

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

environment_option = click.option(
    "-e", "--environment", default="", metavar="ENV", help="Environment; not needed where there is one."
)
output_option = click.option(
    "-o", "--output", metavar="DIR", help="Output folder.  [default: deploy/ beside deploy.yaml]"
)
dry_run_option = click.option(
    "--dry-run",
    is_flag=True,
    help="Print the commands instead of running them; needs no tool and no network.",
)
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show the output of every tool.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
render_option = click.option("--render", is_flag=True, help="Render first, where the output is out of date.")


def together(*options: Callable[[Any], Any]) -> Callable[[Decorated], Decorated]:
    """Several options as one decorator, shown in this order."""

    def decorate(command: Decorated) -> Decorated:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def execution(release: Release, progress: Progress, *, verbose: bool) -> Execution:
    """How this run's commands are run: their files are checked just before each of them."""
    from jvbundler.workflow.execute import Execution
    from jvbundler.workflow.release import unchanged

    return Execution(
        environ=dict(os.environ),
        tell=progress.tell,
        secrets=release.secrets(),
        verbose=verbose,
        before=unchanged(release),
    )


def confirm_protected(release: Release, verb: str, *, yes: bool) -> None:
    """Have the name of a protected environment typed; InputError where nobody can be asked."""
    if release.is_protected and not yes:
        name = release.environment.name
        ask_for(f"environment '{name}' is protected: type its name to {verb}", name)


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless `yes` answers; leaving with 'no' is no failure of ours."""
    if not yes:
        require_terminal(question)
        click.confirm(question, abort=True, err=True)


def ask_for(question: str, expected: str) -> None:
    require_terminal(question)
    if click.prompt(question, err=True) != expected:
        raise InputError(f"that is not '{expected}': nothing was done")


def require_terminal(question: str) -> None:
    if not sys.stdin.isatty():
        raise InputError(f"{question}? there is no terminal to ask at; '--yes' answers")


def print_json(document: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def tell_interruption(progress: Progress, verb: str, advice: str) -> None:
    """After Ctrl-C: what was done, what was not, and how to see the state."""
    done: Sequence[str] = [step["step"] for step in progress.steps if step["result"] == "finished"]
    during = next((step["step"] for step in progress.steps if step["result"] == "interrupted"), "")
    where = f" during: {during}" if during else ""
    progress.note(f"{verb} was interrupted{where}")
    progress.note(f"  done before: {'; '.join(done) or 'nothing'}")
    progress.note(f"  {advice}")
