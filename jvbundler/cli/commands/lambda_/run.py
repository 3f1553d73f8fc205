"""The command `run lambda`, which starts the image behind AWS's emulator."""

from __future__ import annotations

from pathlib import Path
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
  jvbundler build -e dev && jvbundler run lambda -e dev
  jvbundler run lambda -e dev --port 9000 --rie ~/aws-lambda-rie
"""


@click.command("lambda", epilog=EPILOG)
@together(common_options, dry_run_option, port_option)
@image_option
@click.option(
    "--rie",
    "emulator",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="AWS's Runtime Interface Emulator.  [default: the one that 'sam' has]",
)
@options.loudness
@options.talking
@click.pass_obj
def run(
    terminal: Terminal, /, *, common: Common, port: int, image: str, emulator: Path | None, dry_run: bool
) -> int:
    """Start the image on this machine as Lambda runs it, with its API or Function URL before it.

    AWS's emulator invokes the function, one event at a time, with its memory and timeout. Secrets come from
    variables of the same names in your environment. What the app stores is deleted afterwards.
    """
    from jvbundler.deploy.lambda_.local.serve import Local, plan, serve

    release = common.release("docker")
    local = Local(image, port, emulator)
    operation = plan(release, local)
    if dry_run:
        return print_script(operation)
    serve(operation, release, local, session(release, common, Progress(terminal), ask_nothing))
    return 0
