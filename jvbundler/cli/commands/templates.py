"""The commands `templates list`, `show` and `eject`."""

from __future__ import annotations

from pathlib import Path

import click

from jvbundler.cli import completion, options
from jvbundler.cli.printer import echo_data, echo_line, echo_lines
from jvbundler.pipeline.templates import eject, template_names, template_text

EPILOG = """\b
Examples:
  jvbundler templates list
  jvbundler templates eject docker/Dockerfile.j2 my-templates
  jvbundler render --templates my-templates
"""


@click.group("templates", epilog=EPILOG)
@options.talking
def command() -> None:
    """List, show or copy the templates of the output.

    A template in the folder given with --templates replaces ours.
    """


@command.command("list", epilog="Example: jvbundler templates list")
def list_() -> int:
    """Print the names of all templates."""
    echo_lines(template_names())
    return 0


@command.command("show", epilog="Example: jvbundler templates show docker/Dockerfile.j2")
@click.argument("name", shell_complete=completion.templates)
def show(name: str) -> int:
    """Print the template NAME."""
    echo_data(template_text(name))
    return 0


@command.command("eject", epilog="Example: jvbundler templates eject docker/Dockerfile.j2 my-templates")
@click.argument("name", shell_complete=completion.templates)
@click.argument("folder", default="templates", metavar="[DIR]")
@click.option("--force", is_flag=True, help="Replace an existing copy.")
def eject_(name: str, folder: str, force: bool) -> int:
    """Copy the template NAME into DIR (default: templates/), to edit it there."""
    echo_line(f"{eject(name, Path(folder), force=force)}: written; render with --templates {folder}")
    return 0
