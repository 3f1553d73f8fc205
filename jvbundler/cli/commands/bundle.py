"""The command `bundle`."""

from __future__ import annotations

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_result
from jvbundler.cli.report.problems import report
from jvbundler.cli.terminal import Terminal
from jvbundler.pipeline.bundle import bundle_files, write_bundle

EPILOG = """\b
Examples:
  jvbundler bundle apps/support
  jvbundler apps/support
"""


@click.command("bundle", epilog=EPILOG)
@options.app_argument
@options.config_options
@click.option("--templates", metavar="DIR", help="Folder of templates that replace ours.")
@click.option("--force", is_flag=True, help="Replace a Dockerfile or .dockerignore that is not ours.")
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
    templates: str | None,
    force: bool,
) -> int:
    """Write Dockerfile and .dockerignore into APP (default: this folder).

    The image settings of deploy.yaml are used if there is one; it is optional.
    """
    root, shown_as = options.app_root(app)
    read = options.reading_options(config, settings, variables, jvagent)
    files, problems = bundle_files(root, shown_as, read, options.path_or_none(templates))
    report(problems, terminal)
    changed = write_bundle(root, files, force=force)
    if terminal.format == "text":
        for file in files:
            echo_result(f"{root / file.path}: {'written' if file.path in changed else 'unchanged'}", terminal)
    return 0
