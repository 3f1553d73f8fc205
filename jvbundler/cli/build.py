"""The command `build`."""

from __future__ import annotations

from typing import Any

import click

from jvbundler.cli import handoff, options
from jvbundler.cli.image import run_image_step
from jvbundler.cli.terminal import Terminal

EPILOG = """\b
Examples:
  jvbundler build
  jvbundler build apps/support -e prod --builder remote
"""


@click.command("build", epilog=EPILOG)
@handoff.together(*handoff.reading, *handoff.image_options, *handoff.running)
@options.talking
@click.pass_obj
def command(terminal: Terminal, /, **given: Any) -> int:
    """Build the image of APP (default: this folder) with docker buildx."""
    return run_image_step(terminal, push=False, **given)
