"""Options that the commands for deployed apps share, and the questions that they ask."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jvbundler.cli import options
from jvbundler.cli.progress import Progress
from jvbundler.errors import InputError, JvbundlerError

if TYPE_CHECKING:
    from jvbundler.plan.image import ImageOptions
    from jvbundler.workflow.execute import Execution
    from jvbundler.workflow.release import Release, Target

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


def _set_tool_timeout(ctx: click.Context, _: click.Parameter, value: float | None) -> None:
    """By the environment it reaches every call of a tool, those that look before a plan, too."""
    from jvbundler.runner import TIMEOUT_VARIABLE

    if value is not None:
        os.environ[TIMEOUT_VARIABLE] = f"{value:g}"


tool_timeout_option = click.option(
    "--tool-timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    expose_value=False,
    callback=_set_tool_timeout,
    help="How long each call of a tool may take; JVBUNDLER_TOOL_TIMEOUT does the same. Not for what "
    "--timeout waits for.  [default: 30 for a question, to 3600 for a build]",
)
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show the output of every tool.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
render_option = click.option("--render", is_flag=True, help="Render first, where the output is out of date.")


reading = (
    options.app_argument,
    click.option("-c", "--config", metavar="FILE", help="deploy.yaml.  [default: APP/deploy.yaml]"),
    click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set a key of deploy.yaml."),
    click.option(
        "--env", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable of the container."
    ),
    environment_option,
    output_option,
    tool_timeout_option,
)
running = (render_option, dry_run_option, verbose_option, json_option)
pods_timeout_option = click.option(
    "--timeout",
    type=click.IntRange(min=0),
    default=0,
    metavar="SECONDS",
    help="How long to wait for the pods.  [default: the Deployment's progress deadline and 60]",
)
image_options = (
    click.option("--builder", default="", metavar="NAME", help="Build with this builder of buildx."),
    click.option(
        "--cache-from", multiple=True, metavar="PLACE", help="Use this cache, as type=gha; repeatable."
    ),
    click.option(
        "--cache-to", multiple=True, metavar="PLACE", help="Fill this cache, as type=gha; repeatable."
    ),
    click.option("--tag", "tags", multiple=True, metavar="TAG", help="One more tag; repeatable."),
    click.option("--latest", is_flag=True, help="Tag the image 'latest', too."),
    click.option("--no-attestations", is_flag=True, help="Push without SBOM and provenance."),
    click.option(
        "--registry-user-env", metavar="NAME", help="Log in with the user name in this variable ..."
    ),
    click.option("--registry-password-env", metavar="NAME", help="... and the password in this one."),
)


IMAGE_KEYS = (
    *("builder", "cache_from", "cache_to", "tags", "latest", "no_attestations"),
    *("registry_user_env", "registry_password_env"),
)


def image_options_of(
    app: str,
    builder: str,
    cache_from: tuple[str, ...],
    cache_to: tuple[str, ...],
    tags: tuple[str, ...],
    latest: bool,
    no_attestations: bool,
    registry_user_env: str | None,
    registry_password_env: str | None,
) -> ImageOptions:
    """The options as the plan takes them; the commit becomes a tag where there is one."""
    from pathlib import Path

    from jvbundler.plan.image import ImageOptions
    from jvbundler.workflow.image import git_revision

    if bool(registry_user_env) != bool(registry_password_env):
        raise InputError("--registry-user-env and --registry-password-env belong together")
    return ImageOptions(
        builder=builder,
        cache_from=cache_from,
        cache_to=cache_to,
        tags=(*tags, *(("latest",) if latest else ())),
        revision=git_revision(Path(app)),
        user_variable=registry_user_env or "",
        password_variable=registry_password_env or "",
        attest=not no_attestations,
    )


def together(*decorators: Callable[[Any], Any]) -> Callable[[Decorated], Decorated]:
    """Several options as one decorator, shown in this order."""

    def decorate(command: Decorated) -> Decorated:
        for option in reversed(decorators):
            command = option(command)
        return command

    return decorate


def load(
    app: str,
    config: str | None,
    settings: tuple[str, ...],
    variables: tuple[str, ...],
    environment: str,
    output: str | None,
    target: Target,
    more: Sequence[tuple[str, str]] = (),
) -> Release:
    """The release that the options speak of; `more` are assignments, of a key and a YAML text."""

    from jvbundler.workflow.release import load_release

    root, shown_as = options.app_root(app)
    read = options.reading_options(config, settings, variables)
    read = read._replace(assignments=(*read.assignments, *more))
    folder = options.path_or_none(output)
    return load_release(root, shown_as, read, target=target, environment=environment, output=folder)


@contextlib.contextmanager
def told(progress: Progress, verb: str, advice: str) -> Iterator[None]:
    """Say what was done before a failure or Ctrl-C, for people or as JSON."""
    try:
        yield
    except KeyboardInterrupt:
        tell_interruption(progress, verb, advice)
        if progress.json:
            print_json({"ok": False, "error": "interrupted", "steps": progress.steps})
        raise
    except JvbundlerError as failure:
        if progress.json:
            print_json({"ok": False, "error": str(failure), "notes": progress.notes, "steps": progress.steps})
        raise


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
