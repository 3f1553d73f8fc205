"""The commands `env list`, `set` and `unset`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import completion, options
from jvbundler.cli.commands.predecessor import ecs, jvdeploys_codes, note
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import Common, json_option, together
from jvbundler.cli.session import print_json
from jvbundler.pipeline.request import config_path
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

EPILOG = """\b
Examples:
  jvbundler env list k8s -e prod
  jvbundler env set k8s LOG_LEVEL=DEBUG -e dev
  jvbundler env unset lambda apps/support LOG_LEVEL
"""
PLATFORM = click.argument("platform", type=options.PlatformChoice())
APP = click.option("--app", "app_option", hidden=True, metavar="DIR", help="The same as APP.")
ENVIRONMENT = options.environment_option("Environment.  [default: all, the top level]")


class Env(click.Group):
    """`env list lambda`, which jvdeploy's users type as `env lambda list`, and `unset` as `delete`."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in (*options.PLATFORMS, *options.ALIASES):
            return of_platform
        if cmd_name == "ecs":
            return ecs
        return super().get_command(ctx, "unset" if cmd_name == "delete" else cmd_name)


@click.group("env", cls=Env, epilog=EPILOG)
@options.talking
def command() -> None:
    """List, set or unset environment variables of the container in deploy.yaml.

    The file is changed in place and keeps its comments and layout. Secrets are never written.
    """


@command.command("list", epilog="Example: jvbundler env list k8s -e prod")
@PLATFORM
@options.app_argument
@together(ENVIRONMENT, APP, options.config_option, json_option)
def list_(
    platform: str, app: str, environment: str, app_option: str | None, config: str | None, as_json: bool
) -> int:
    """Print the variables that the platform's container gets; secrets by name only.

    Without an app.yaml, what deploy.yaml alone says.
    """
    found = listed(app_option or app, config, environment, platform)
    if as_json:
        print_json(dict(found))
    else:
        for name, value in found:
            echo_line(f"{name}={value}" if value is not None else f"{name} (secret)")
    return 0


def listed(app: str, config: str | None, environment: str, platform: str) -> list[tuple[str, str | None]]:
    """The variables by name, without the values of secrets."""
    from jvbundler.pipeline.edit import variables

    return variables(listed_environment(app, config, environment), platform)


def listed_environment(app: str, config: str | None, name: str) -> Environment:
    root, shown_as = options.app_root(app)
    read = options.reading_options(config)
    file = config_path(root, read)
    if (root / "app.yaml").exists() or not file.exists():
        return Common(app, config, (), (), name, None, None).release("docker").environment
    from jvbundler.deploy.release import chosen_environment
    from jvbundler.pipeline.compile import project_without_app

    project = project_without_app(root, shown_as, read)
    echo_line(f"no app.yaml in '{shown_as}': this is what {file} alone says", err=True)
    return chosen_environment(project, name)


@command.command("set", epilog="Example: jvbundler env set k8s LOG_LEVEL=DEBUG -e dev")
@PLATFORM
@click.argument(
    "words", nargs=-1, required=True, shell_complete=completion.folders, metavar="[APP] NAME=VALUE..."
)
@together(ENVIRONMENT, APP, options.config_option)
def set_(
    platform: str, words: tuple[str, ...], environment: str, app_option: str | None, config: str | None
) -> int:
    """Write NAME=VALUE, for the platform, into the deploy.yaml of APP (default: this folder)."""
    from jvbundler.pipeline.edit import set_variables

    app, pairs = app_and_rest(words)
    path = edited_file(app_option or app, config)
    return tell_edit(path, changed=set_variables(path, platform, environment, pairs))


@command.command("unset", epilog="Example: jvbundler env unset lambda LOG_LEVEL")
@PLATFORM
@click.argument("words", nargs=-1, required=True, shell_complete=completion.folders, metavar="[APP] NAME...")
@together(ENVIRONMENT, APP, options.config_option)
def unset(
    platform: str, words: tuple[str, ...], environment: str, app_option: str | None, config: str | None
) -> int:
    """Remove variables of the platform from the deploy.yaml of APP (default: this folder)."""
    from jvbundler.pipeline.edit import unset_variables

    app, names = app_and_rest(words)
    path = edited_file(app_option or app, config)
    return tell_edit(path, changed=unset_variables(path, platform, environment, names))


def app_and_rest(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The app's folder, if the words begin with one, and the others.

    A name of a variable is a folder only if it looks like one, or has a deploy.yaml.
    """
    first, *rest = words
    looks_like = first in (".", "..") or "/" in first.partition("=")[0]
    is_folder = looks_like or ("=" not in first and (Path(first) / "deploy.yaml").exists())
    return (first, tuple(rest)) if is_folder else (".", words)


def edited_file(app: str, config: str | None) -> Path:
    return Path(config) if config else Path(app) / "deploy.yaml"


def tell_edit(path: Path, *, changed: bool) -> int:
    echo_line(f"{path}: {'changed; jvbundler render' if changed else 'unchanged'}")
    return 0


@click.group("platform", hidden=True, invoke_without_command=True)
@click.pass_context
def of_platform(ctx: click.Context) -> None:
    """jvdeploy's grammar: `env lambda list`."""
    if ctx.invoked_subcommand is None:
        with jvdeploys_codes():
            raise InputError(f"what to do with the variables? 'jvbundler env list {ctx.info_name}'")


def refuse_remote(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    """jvdeploy changed the function on AWS, too; here that follows from deploy.yaml."""
    if not value:
        return
    advice = f"'{successor_of(ctx)}'"
    if ctx.info_name != "list":
        advice += ", then 'jvbundler render' and 'jvbundler deploy lambda'"
    with jvdeploys_codes():
        raise InputError(f"the variables of a deployed function come from deploy.yaml: {advice}")


def as_jvdeploy(command: Any) -> Any:
    for name in ("--function", "--name", "--region"):
        command = click.option(name, hidden=True, expose_value=False, callback=refuse_remote)(command)
    return click.option("--config", default="deploy.yaml", metavar="FILE", help="Below APP.")(command)


@of_platform.command("list")
@click.argument("app", default=".")
@json_option
@click.option("--table", is_flag=True)
@as_jvdeploy
@click.pass_context
def list_as_jvdeploy(ctx: click.Context, /, *, app: str, as_json: bool, table: bool, config: str) -> int:
    platform = platform_of(ctx)
    file = str(Path(app) / config)
    with jvdeploys_codes():
        if not table:
            given = {"app": app, "config": file, "form": "json" if as_json else "text"}
            return int(ctx.invoke(list_, platform=platform, **given))
        found = listed(app, file, "", platform)
    echo_line(f"{'KEY':<30} VALUE")
    for name, value in found:
        echo_line(f"{name:<30} {value if value is not None else '(secret)'}")
    return 0


@of_platform.command("set")
@click.argument("pairs", nargs=-1, required=True)
@as_jvdeploy
@click.pass_context
def set_as_jvdeploy(ctx: click.Context, /, *, pairs: tuple[str, ...], config: str) -> int:
    platform = platform_of(ctx)
    with jvdeploys_codes():
        return int(ctx.invoke(set_, platform=platform, words=pairs, config=config))


@of_platform.command("delete")
@click.argument("names", nargs=-1, required=True)
@as_jvdeploy
@click.pass_context
def delete_as_jvdeploy(ctx: click.Context, /, *, names: tuple[str, ...], config: str) -> int:
    platform = platform_of(ctx)
    with jvdeploys_codes():
        return int(ctx.invoke(unset, platform=platform, words=names, config=config))


def successor_of(ctx: click.Context) -> str:
    """What is written today in place of `env lambda set`, without its arguments."""
    verb = "unset" if ctx.info_name == "delete" else ctx.info_name
    return f"jvbundler env {verb} {ctx.parent and ctx.parent.info_name}"


def platform_of(ctx: click.Context) -> str:
    """The platform, as its section is called, after a note."""
    platform = str(ctx.parent and ctx.parent.info_name)
    note(f"env {platform} {ctx.info_name}", successor_of(ctx))
    return options.PLATFORMS.get(platform, platform)
