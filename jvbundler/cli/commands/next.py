"""The command `next`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import Common, common_options, json_option, together
from jvbundler.cli.report.next_steps import Steps, show_steps
from jvbundler.cli.session import print_json

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.project.model import Environment, Project

EPILOG = """\b
Examples:
  jvbundler next
  jvbundler next apps/support -e prod --json
"""


@click.command("next", epilog=EPILOG)
@together(common_options, json_option)
@options.talking
@click.pass_obj
def command(terminal: Terminal, /, *, common: Common, as_json: bool) -> int:
    """Show what is still to do until APP (default: this folder) runs, in order.

    Asks kubectl, sam and aws what is there already, and changes nothing. Exit code 1 while something is left;
    nothing left means that the app is deployed as it was rendered, and healthy.
    """
    from jvbundler.pipeline.compile import compile_project

    root, shown_as = options.app_root(common.app)
    read = options.reading_options(common.config, common.settings, common.variables)
    asked = (common.environment,) if common.environment else ()
    project = compile_project(root, shown_as, read, asked).project
    found: dict[tuple[str, str], Any] = {}
    for environment in project.environments:
        if not asked or environment.name in asked:
            found.update(_steps(common, project, environment))
    if as_json:
        print_json(_document(found))
    else:
        show_steps(found, terminal)
        if not any(found.values()) and not terminal.is_quiet():
            echo_line(f"talk to it: {_chat(common, project, found)}", err=True)
    return 1 if any(found.values()) else 0


def _steps(common: Common, project: Project, environment: Environment) -> Steps:
    from jvbundler.deploy.next_steps import remaining
    from jvbundler.pipeline.next_steps import Place, environment_option, without_platform
    from jvbundler.rules.rule import PLATFORM_TITLES, platforms

    enabled = list(platforms(environment))
    if not enabled:
        return {(environment.name, ""): [without_platform(project)]}
    _, shown_as = options.app_root(common.app)
    option = environment_option(project, environment)
    place = Place(shown_as, common.config or "", common.output or "", option)
    release = common._replace(environment=environment.name).release("docker")
    environ = common.environ()
    return {
        (environment.name, PLATFORM_TITLES[platform]): remaining(
            release.using(platform), platform, place, environ
        )
        for platform in enabled
    }


def _chat(common: Common, project: Project, found: Steps) -> str:
    """The command that talks to the first of what is deployed."""
    from jvbundler.pipeline.next_steps import SHORT, Place, environment_option
    from jvbundler.rules.rule import PLATFORM_TITLES

    name, title = next(iter(found))
    environment = next(one for one in project.environments if one.name == name)
    platform = next(one for one, its in PLATFORM_TITLES.items() if its == title)
    _, shown_as = options.app_root(common.app)
    option = environment_option(project, environment)
    place = Place(shown_as, common.config or "", common.output or "", option)
    return place.command("chat", SHORT[platform])


def _document(found: Steps) -> dict[str, Any]:
    return {
        "done": not any(found.values()),
        "environments": [
            {
                "environment": environment,
                "platform": platform or None,
                "steps": [step._asdict() for step in steps],
            }
            for (environment, platform), steps in found.items()
        ],
    }
