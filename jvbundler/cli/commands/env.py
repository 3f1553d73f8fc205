"""The commands `env list`, `set` and `unset`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import Common, json_option, together
from jvbundler.cli.session import print_json
from jvbundler.pipeline.request import config_path

if TYPE_CHECKING:
    from jvbundler.project.model import Environment

EPILOG = """\b
Examples:
  jvbundler env list k8s -e prod
  jvbundler env set k8s LOG_LEVEL=DEBUG -e dev
  jvbundler env unset lambda LOG_LEVEL
"""
PLATFORM = click.argument("platform", type=click.Choice(("k8s", "kubernetes", "lambda")))
APP = click.option("--app", default=".", metavar="DIR", help="The app's folder.  [default: this one]")
CONFIG = click.option("-c", "--config", metavar="FILE", help="deploy.yaml.  [default: APP/deploy.yaml]")
ENVIRONMENT = click.option(
    "-e", "--environment", default="", metavar="ENV", help="Environment. [default: all, the top level]"
)


@click.group("env", epilog=EPILOG)
@options.talking
def command() -> None:
    """List, set or unset environment variables of the container in deploy.yaml.

    The file is changed in place and keeps its comments and layout. Secrets are never written.
    """


@command.command("list", epilog="Example: jvbundler env list k8s -e prod")
@PLATFORM
@together(ENVIRONMENT, APP, CONFIG, json_option)
def list_(platform: str, environment: str, app: str, config: str | None, as_json: bool) -> int:
    """Print the variables that the platform's container gets; secrets by name only.

    Without an app.yaml, what deploy.yaml alone says.
    """
    from jvbundler.pipeline.edit import variables

    found = variables(listed_environment(app, config, environment), platform)
    if as_json:
        print_json(dict(found))
    else:
        for name, value in found:
            echo_line(f"{name}={value}" if value is not None else f"{name} (secret)")
    return 0


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
@click.argument("pairs", nargs=-1, required=True, metavar="NAME=VALUE...")
@together(ENVIRONMENT, APP, CONFIG)
def set_(platform: str, pairs: tuple[str, ...], environment: str, app: str, config: str | None) -> int:
    """Write NAME=VALUE, for the platform, into deploy.yaml."""
    from jvbundler.pipeline.edit import set_variables

    path = Path(config) if config else Path(app) / "deploy.yaml"
    changed = set_variables(path, platform, environment, pairs)
    echo_line(f"{path}: {'changed; jvbundler render' if changed else 'unchanged'}")
    return 0


@command.command("unset", epilog="Example: jvbundler env unset lambda LOG_LEVEL")
@PLATFORM
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@together(ENVIRONMENT, APP, CONFIG)
def unset(platform: str, names: tuple[str, ...], environment: str, app: str, config: str | None) -> int:
    """Remove variables of the platform from deploy.yaml."""
    from jvbundler.pipeline.edit import unset_variables

    path = Path(config) if config else Path(app) / "deploy.yaml"
    changed = unset_variables(path, platform, environment, names)
    echo_line(f"{path}: {'changed; jvbundler render' if changed else 'unchanged'}")
    return 0


command.add_command(unset, "delete")
