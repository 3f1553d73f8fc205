"""The commands `templates list`, `show` and `eject`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from jvbundler.cli import options
from jvbundler.cli.printer import as_it_is
from jvbundler.workflow.templates import eject, template_names, template_text

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

    A template in the folder that is given with --templates takes the place of ours.
    """


@command.command("list", epilog="Example: jvbundler templates list")
def list_() -> int:
    """Print the names of all templates."""
    click.echo("\n".join(template_names()))
    return 0


@command.command("show", epilog="Example: jvbundler templates show docker/Dockerfile.j2")
@click.argument("name")
def show(name: str) -> int:
    """Print the template NAME."""
    click.echo(template_text(name), file=as_it_is(sys.stdout), nl=False)
    return 0


@command.command("eject", epilog="Example: jvbundler templates eject docker/Dockerfile.j2 my-templates")
@click.argument("name")
@click.argument("folder", default="templates", metavar="[DIR]")
@click.option("--force", is_flag=True, help="Replace a copy that is there.")
def eject_(name: str, folder: str, force: bool) -> int:
    """Copy the template NAME into DIR (default: templates/), to be changed there."""
    click.echo(f"{eject(name, Path(folder), force=force)}: written; render with --templates {folder}")
    return 0
