"""The command `push`."""

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
  jvbundler push -e prod
  jvbundler push --registry-user-env CI_USER --registry-password-env CI_TOKEN
"""


@click.command("push", epilog=EPILOG)
@image_command_options
@options.talking
@click.pass_obj
def command(terminal: Terminal, /, *, common: Common, image: ImageChoice, running: Running) -> int:
    """Build the image and push it to every registry of the environment.

    The digest becomes image.digest in deploy.yaml, and the output is rendered again: what is deployed is
    the image that was pushed, whatever its tag says later.
    """
    return run_image_step(terminal, common, image, running, push=True)
