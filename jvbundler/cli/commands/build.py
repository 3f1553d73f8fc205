"""The command `build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.commands.image_step import Running, image_command_options, run_image_step
from jvbundler.cli.release_options import Common, ImageChoice

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal

EPILOG = """\b
Examples:
  jvbundler build
  jvbundler build apps/support -e prod --builder remote
"""


@click.command("build", epilog=EPILOG)
@image_command_options
@options.talking
@click.pass_obj
def command(terminal: Terminal, /, *, common: Common, image: ImageChoice, running: Running) -> int:
    """Build the image of APP (default: this folder) with docker buildx."""
    return run_image_step(terminal, common, image, running, push=False)
