"""Options that several commands share, and the values that they make."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jvbundler.cli.terminal import Terminal
from jvbundler.render.targets import TARGETS

if TYPE_CHECKING:
    from jvbundler.pipeline.request import Options

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FORMATS = ("text", "json", "github", "sarif", "junit")


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback that stores the option's value for printing, even after a failure."""

    def store(ctx: click.Context, _: click.Parameter, value: Any) -> Any:
        terminal: Terminal = ctx.find_root().obj
        if value not in (None, False) or name == "show_source":
            setattr(terminal, name, value)
        return value

    return store


def talking(command: Decorated) -> Decorated:
    """`--debug` and `--no-color`, which may follow the command as well."""
    for name, words in (("debug", "Show the traceback of an internal error."), ("no_color", "No colours.")):
        flag = f"--{name.replace('_', '-')}"
        option = click.option(
            flag, name, is_flag=True, expose_value=False, callback=_remember(name), hidden=True, help=words
        )
        command = option(command)
    return command


def reporting(command: Decorated) -> Decorated:
    source = click.option(
        "--show-source/--no-show-source",
        default=None,
        expose_value=False,
        callback=_remember("show_source"),
        help="Show the line of each problem. Default: on a terminal.",
    )
    form = format_option(FORMATS, "How problems are reported; all but text go to standard output.")
    return form(source(command))


def format_option(formats: Sequence[str], words: str) -> Callable[[Decorated], Decorated]:
    return click.option(
        "--format",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        expose_value=False,
        is_eager=True,
        callback=_remember("format"),
        help=words,
    )


def app_argument(command: Decorated) -> Decorated:
    return click.argument("app", default=".", metavar="[APP]")(command)


def apps_argument(command: Decorated) -> Decorated:
    return click.argument("apps", nargs=-1, metavar="[APP]...")(command)


def config_options(command: Decorated) -> Decorated:
    """Everything that decides how deploy.yaml is read."""
    options = (
        click.option("-c", "--config", metavar="FILE", help="deploy.yaml.  [default: APP/deploy.yaml]"),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="KEY=VALUE",
            help="Set a key of deploy.yaml, as in image.tag=1.2.3; repeatable.",
        ),
        click.option(
            "--env",
            "variables",
            multiple=True,
            metavar="NAME=VALUE",
            help="Set an environment variable of the container; repeatable.",
        ),
        click.option(
            "--jvagent",
            metavar="PATH",
            help="Folder of a jvagent package: its actions and its release.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def selection_options(command: Decorated) -> Decorated:
    options = (
        click.option(
            "-e",
            "--environment",
            "environments",
            multiple=True,
            metavar="ENV",
            help="Only this one; repeatable.",
        ),
        click.option(
            "--target",
            "targets",
            multiple=True,
            type=click.Choice(tuple(TARGETS)),
            help="Only this one; repeatable.",
        ),
        click.option("--templates", metavar="DIR", help="Folder of templates that replace ours."),
        click.option(
            "-o", "--output", metavar="DIR", help="Output folder.  [default: deploy/ beside deploy.yaml]"
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def app_root(app: str = ".") -> tuple[Path, str]:
    """The folder, and its name in messages: as it was typed."""
    return Path(app), app.removeprefix("./") or "."


def path_or_none(text: str | None) -> Path | None:
    return Path(text) if text else None


def reading_options(
    config: str | None,
    settings: Sequence[str] = (),
    variables: Sequence[str] = (),
    jvagent: str | None = None,
    *,
    strict: bool = False,
) -> Options:
    """How to read the app. In CI, `--strict` asks for the list of variables: nobody reads a warning there."""
    from jvbundler.pipeline.request import Options, assignments

    return Options(
        environ=dict(os.environ),
        config=path_or_none(config),
        assignments=assignments(settings, variables),
        jvagent=path_or_none(jvagent),
        requires_list=strict and bool(os.environ.get("CI")),
    )
