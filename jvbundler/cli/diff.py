"""The command `diff`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from jvbundler.cli import options
from jvbundler.cli.report import print_text
from jvbundler.cli.terminal import Terminal
from jvbundler.workflow.options import output_path
from jvbundler.workflow.selection import Selection

EPILOG = """\b
Examples:
  jvbundler diff
  jvbundler diff apps/support --against origin/main --format markdown
  jvbundler diff v1.4.0 -e prod
  jvbundler diff --from staging --to prod

\b
Exit codes: 0 the same, 1 different, 2 your files or options are wrong.
"""
COLORS = {"added": "green", "removed": "red", "danger": "red", "attention": "yellow", "info": "cyan"}


@click.command("diff", epilog=EPILOG)
@click.argument("words", nargs=-1, metavar="[APP] [REVISION]")
@options.config_options
@options.selection_options
@click.option("--against", metavar="REVISION", help="Compare with the output at this git revision.")
@click.option("--from", "source", metavar="ENV", help="Compare two environments: this one, with --to.")
@click.option("--to", "target", metavar="ENV", help="Compare two environments: with this one.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="Markdown is for a comment on a pull request.",
)
@options.talking
@click.pass_obj
def command(
    terminal: Terminal,
    *,
    words: tuple[str, ...],
    config: str | None,
    settings: tuple[str, ...],
    variables: tuple[str, ...],
    jvagent: str | None,
    environments: tuple[str, ...],
    targets: tuple[str, ...],
    templates: str | None,
    output: str | None,
    against: str | None,
    source: str | None,
    target: str | None,
    form: str,
) -> int:
    """Show what a render of APP (default: this folder) would change, object by object, with its risks.

    With a git REVISION: what changed since then. With --from and --to: how two environments differ.
    """
    app, revision = app_and_revision(words, against)
    refuse_mixture(revision, source, target, environments)
    root, shown_as = options.app_root(app)
    read = options.workflow_options(config, settings, variables, jvagent)
    given: dict[str, Any] = {
        "templates": options.path_or_none(templates),
        "output": output_path(Path(shown_as), options.path_or_none(output), read),
    }
    from jvbundler.workflow.diff import diff_app, diff_environments

    if source and target:
        found = diff_environments(
            root, shown_as, read, environments=(source, target), targets=targets, **given
        )
    else:
        selection = Selection(targets, environments)
        found = diff_app(root, shown_as, read, selection=selection, revision=revision, **given)
    if found.problems:
        print_text(found.problems, terminal, sys.stderr)
    show(found.changes, found.versus, form, terminal)
    return 1 if found.changes else 0


def app_and_revision(words: tuple[str, ...], against: str | None) -> tuple[str, str]:
    """A folder is the app; another word is a git revision, as in `jvbundler diff origin/main`."""
    if len(words) > 2:
        raise click.UsageError("give at most an APP and a REVISION")
    is_app = bool(words) and Path(words[0]).is_dir()
    app, *rest = words if is_app else (".", *words)
    if len(rest) > 1:
        raise click.UsageError(f"'{rest[0]}' is no folder: give the APP first")
    if rest and against:
        raise click.UsageError("give a REVISION or --against, not both")
    return app, rest[0] if rest else against or ""


def refuse_mixture(
    revision: str, source: str | None, target: str | None, environments: tuple[str, ...]
) -> None:
    if bool(source) != bool(target):
        raise click.UsageError("--from and --to belong together")
    if source and revision:
        raise click.UsageError("--from and --to compare two renders of now: give no revision")
    if source and environments:
        raise click.UsageError("-e has no place beside --from and --to")


def show(changes: Any, versus: str, form: str, terminal: Terminal) -> None:
    from jvbundler.diff.format import format_json, format_markdown, format_text

    if form == "markdown":
        click.echo(format_markdown(changes, versus=versus), nl=False)
    elif form == "json":
        click.echo(format_json(changes, versus=versus), nl=False)
    else:
        color = terminal.colors(sys.stdout)
        paint = painted if color else lambda text, _: text
        click.echo(format_text(changes, versus=versus, paint=paint), nl=False, color=color)


def painted(text: str, role: str) -> str:
    return click.style(text, fg=COLORS.get(role), bold=role in ("file", "danger"))
