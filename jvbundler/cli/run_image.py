"""The command `run`, which starts the image."""

from __future__ import annotations

from typing import Any

import click

from jvbundler.cli import handoff, options
from jvbundler.cli.progress import Progress
from jvbundler.cli.terminal import Terminal

EPILOG = """\b
Examples:
  jvbundler build -e dev && jvbundler run -e dev
  jvbundler run -e dev --on lambda --port 9000
"""


@click.command("run", epilog=EPILOG)
@handoff.together(*handoff.reading, handoff.dry_run_option)
@click.option("--port", type=int, default=8080, show_default=True, help="Port on this machine.")
@click.option(
    "--on",
    "platform",
    type=click.Choice(("kubernetes", "lambda")),
    help="Whose variables it gets.  [default: the one that is enabled]",
)
@click.option("--image", default="", metavar="REF", help="Image.  [default: the one that 'build' makes]")
@options.talking
@click.pass_obj
def command(
    terminal: Terminal, /, *, port: int, platform: str | None, image: str, dry_run: bool, **given: Any
) -> int:
    """Start the image on this machine as it runs when it is deployed: read-only, without root.

    Secrets come from variables of the same names in your environment. What the app stores is gone afterwards.
    """
    from jvbundler.deploy.command import script
    from jvbundler.deploy.doctor import engine, require
    from jvbundler.deploy.execution import execute_all
    from jvbundler.deploy.image.commands import run_plan
    from jvbundler.deploy.image.push import local_image, require_secrets

    release = handoff.load(**given, target="docker")
    kubernetes = release.environment.settings["kubernetes"]["enabled"]
    on_lambda = platform == "lambda" or (platform is None and not kubernetes)
    plan = run_plan(release.environment, image or local_image(release), port=port, on_lambda=on_lambda)
    if dry_run:
        click.echo(script(plan), nl=False)
        return 0
    progress = Progress(terminal)
    running = handoff.execution(release, progress, verbose=False)
    require_secrets(release, running, on_lambda=on_lambda)
    require([engine()])
    click.echo(plan[0].reason, err=True)
    execute_all(plan, running)
    return 0
