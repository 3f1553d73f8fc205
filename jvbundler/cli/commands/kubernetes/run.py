"""The command `run k8s`, which starts the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.release_options import (
    Common,
    common_options,
    dry_run_option,
    image_option,
    port_option,
    together,
)
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import ask_nothing, print_script, session

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal

EPILOG = """\b
Examples:
  jvbundler build -e dev && jvbundler run k8s -e dev
  jvbundler run k8s -e dev --port 9000
"""


@click.command("k8s", epilog=EPILOG)
@together(common_options, dry_run_option, port_option)
@click.option(
    "--target",
    "platform",
    cls=options.Option,
    also=("--on",),
    type=options.PlatformChoice(),
    help="The platform whose variables it gets.  [default: the enabled one]",
)
@image_option
@options.loudness
@options.talking
@click.pass_obj
def run(
    terminal: Terminal, /, *, common: Common, port: int, platform: str | None, image: str, dry_run: bool
) -> int:
    """Start the image on this machine as it runs when deployed: read-only, without root.

    Secrets come from variables of the same names in your environment. What the app stores is deleted
    afterwards.
    """
    from jvbundler.deploy.image.push import plan_run, serve

    release = common.release("docker")
    kubernetes = release.environment.settings["kubernetes"]["enabled"]
    on_lambda = platform == "lambda" or (platform is None and not kubernetes)
    operation = plan_run(release, image=image, port=port, on_lambda=on_lambda)
    if dry_run:
        return print_script(operation)
    serve(operation, release, session(release, common, Progress(terminal), ask_nothing), on_lambda=on_lambda)
    return 0
