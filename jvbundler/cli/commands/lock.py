"""The command `lock`."""

from __future__ import annotations

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_result
from jvbundler.cli.terminal import Terminal
from jvbundler.pipeline.requirements_lock import lock_requirements

EPILOG = """\b
Examples:
  jvbundler lock
  jvbundler lock apps/support && jvbundler render apps/support
"""


@click.command("lock", epilog=EPILOG)
@options.app_argument
@options.config_options
@options.reporting
@options.talking
@click.pass_obj
def command(
    terminal: Terminal,
    *,
    app: str,
    config: str | None,
    settings: tuple[str, ...],
    variables: tuple[str, ...],
    jvagent: str | None,
) -> int:
    """Write requirements.lock into APP (default: this folder).

    It pins every Python package of the image, with hashes. uv resolves them and queries the package index.
    From then on the image installs exactly the lock.
    """
    root, shown_as = options.app_root(app)
    read = options.reading_options(config, settings, variables, jvagent)
    path, packages, changed = lock_requirements(root, shown_as, read)
    echo_result(f"{path}: {packages} packages, {'written' if changed else 'unchanged'}", terminal)
    return 0
