"""The command `next`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import Common, common_options, json_option, together
from jvbundler.cli.report.next_steps import show_steps
from jvbundler.cli.session import print_json

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.pipeline.next_steps import Place, Steps, Where
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
    from jvbundler.pipeline.next_steps import SHORT, Place

    root, shown_as = options.app_root(common.app)
    read = options.reading_options(common.config, common.settings, common.variables)
    asked = (common.environment,) if common.environment else ()
    project = compile_project(root, shown_as, read, asked).project
    place = Place(shown_as, common.config or "", common.output or "")
    found: dict[Where, Any] = {}
    for environment in project.environments:
        if not asked or environment.name in asked:
            found.update(_steps(common, project, environment, place))
    if as_json:
        print_json(_document(found))
        return 1 if any(found.values()) else 0
    show_steps(found, terminal)
    if any(found.values()):
        return 1
    first = next(iter(found))
    if first.platform and not terminal.is_quiet():
        echo_line(f"talk to it: {first.place.command('chat', SHORT[first.platform])}", err=True)
    return 0


def _steps(common: Common, project: Project, environment: Environment, place: Place) -> Steps:
    from jvbundler.deploy.next_steps import remaining
    from jvbundler.pipeline.next_steps import steps_of

    release, environ = cache(common._replace(environment=environment.name).release), common.environ()
    return steps_of(
        project,
        environment,
        place,
        lambda platform, its: remaining(release("docker").using(platform), platform, its, environ),
    )


def _document(found: Steps) -> dict[str, Any]:
    from jvbundler.pipeline.next_steps import SHORT

    return {
        "done": not any(found.values()),
        "environments": [
            {
                "environment": environment,
                "platform": SHORT[platform] if platform else None,
                "steps": [step._asdict() for step in steps],
            }
            for (environment, platform, _), steps in found.items()
        ],
    }
