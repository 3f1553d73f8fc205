"""The command `ci`: a complete pipeline for an app, for one of the systems of CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jvbundler.cli import completion, options
from jvbundler.cli.printer import echo_data, echo_line
from jvbundler.cli.release_options import together
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal

SYSTEMS = ("github", "gitlab", "jenkins")
EPILOG = """\b
Examples:
  jvbundler ci github
  jvbundler ci gitlab apps/support --branch trunk
  jvbundler ci jenkins --stdout
"""


@click.command("ci", epilog=EPILOG)
@click.argument("system", type=click.Choice(SYSTEMS))
@click.argument("app", default=".", metavar="[APP]", shell_complete=completion.folders)
@together(options.config_option)
@click.option("--branch", default="main", show_default=True, help="The branch that is deployed from.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the file, write nothing.")
@click.option("--force", is_flag=True, help="Replace the file that is there.")
@options.talking
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    system: str,
    app: str,
    config: str | None,
    branch: str,
    to_stdout: bool,
    force: bool,
) -> int:
    """Write a pipeline for APP (default: this folder): to be run in the root of its repository.

    It checks the output, comments each pull request with the difference, and on the branch builds the image,
    pushes it by digest, commits that for the first environment that is not protected, and proposes it for
    the next one. The file is written once, and yours.
    """
    from jvbundler.output.paths import refuse_links
    from jvbundler.output.single import write_file
    from jvbundler.pipeline.compile import compile_project
    from jvbundler.render.pipeline import SYSTEMS as KNOWN
    from jvbundler.render.pipeline import pipeline

    if Path(app).is_absolute() or ".." in Path(app).parts:
        raise InputError(f"'{app}' is not below this folder: run it in the root of the repository")
    root, shown_as = options.app_root(app)
    project = compile_project(root, shown_as, options.reading_options(config)).project
    text = pipeline(project, system, shown_as.rstrip("/"), branch)
    if to_stdout:
        echo_data(text)
        return 0
    path = Path(KNOWN[system].file)
    refuse_links(path.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    changed = write_file(path, text, force=force)
    echo_line(f"{path}: {'written' if changed else 'as it was'}")
    if not terminal.is_quiet():
        echo_line("read it, name the variables and secrets that its head asks for, and commit it", err=True)
    return 0
