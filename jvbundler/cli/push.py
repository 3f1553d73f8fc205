"""The command `push`."""

from __future__ import annotations

from typing import Any

import click

from jvbundler.cli import handoff, options
from jvbundler.cli.image import run_image_step
from jvbundler.cli.terminal import Terminal

EPILOG = """\b
Examples:
  jvbundler push -e prod
  jvbundler push --registry-user-env CI_USER --registry-password-env CI_TOKEN
"""


@click.command("push", epilog=EPILOG)
@handoff.together(*handoff.reading, *handoff.image_options, *handoff.running)
@options.talking
@click.pass_obj
def command(terminal: Terminal, /, **given: Any) -> int:
    """Build the image and push it to every registry of the environment.

    The digest becomes image.digest in deploy.yaml, and the output is rendered again: what is deployed is
    the image that was pushed, whatever its tag says later.
    """
    return run_image_step(terminal, push=True, **given)
