"""The command `diff`."""

from __future__ import annotations

import sys
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jvbundler.cli import completion, options
from jvbundler.cli.printer import echo_text, styled
from jvbundler.cli.report.deleted import tell_deleted
from jvbundler.cli.report.outcomes import Outcomes, outcomes_of, tell_problems
from jvbundler.cli.terminal import Terminal
from jvbundler.diff import format as formats
from jvbundler.fleet.apps import is_glob
from jvbundler.fleet.jobs import Job
from jvbundler.pipeline.diff import diff_app, diff_environments
from jvbundler.pipeline.request import Outcome, Request, Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jvbundler.fleet.shards import Shard

EPILOG = """\b
Examples:
  jvbundler diff
  jvbundler diff apps/support --against origin/main --format markdown
  jvbundler diff v1.4.0 -e prod
  jvbundler diff --from staging --to prod
  jvbundler diff 'apps/*' -o gitops --against origin/main --since origin/main

\b
Exit codes: 0 the same, 1 different, 2 your files or options are wrong.
"""
COLORS = {"added": "green", "removed": "red", "danger": "red", "attention": "yellow", "info": "cyan"}


@click.command("diff", epilog=EPILOG)
@click.argument("words", nargs=-1, metavar="[APP]... [REVISION]", shell_complete=completion.folders)
@options.config_options
@options.image_option
@options.selection_options
@options.part_options
@click.option("--against", metavar="REVISION", help="Compare with the output at this git revision.")
@click.option(
    "--from",
    "source",
    metavar="ENV",
    shell_complete=completion.environments,
    help="Compare two environments: this one, with --to.",
)
@click.option(
    "--to",
    "target",
    metavar="ENV",
    shell_complete=completion.environments,
    help="Compare two environments: with this one.",
)
@options.form_option(("text", "markdown", "json"), "Markdown is for a comment on a pull request.")
@options.loudness
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
    since: str | None,
    shard: Shard | None,
    against: str | None,
    source: str | None,
    target: str | None,
    form: str,
) -> int:
    """Show what a render of APP (default: this folder) would change, object by object, with its risks.

    With a git REVISION: what changed since then. With --from and --to: how two environments differ.
    APP may be several folders, and globs in quotes; each gets a section of its own. --since and
    --shard choose some of them.
    """
    apps, revision = apps_and_revision(words, against)
    refuse_mixture(revision, source, target, environments)
    read = options.reading_options(config, settings, variables, jvagent)
    request = Request(read, Selection(targets, environments), options.path_or_none(templates))
    job: Job = (
        partial(diff_environments, environments=(source, target))
        if source and target
        else partial(diff_app, revision=revision)
    )
    part = options.part_of(since, shard)
    outcomes = outcomes_of(apps, options.path_or_none(output), request, job, terminal, part)
    tell_problems(outcomes, terminal)
    tell_deleted(outcomes, terminal)
    show(outcomes, form, terminal)
    return outcomes.exit_code


def apps_and_revision(words: tuple[str, ...], against: str | None) -> tuple[tuple[str, ...], str]:
    """Folders and globs are apps; a word after them is a git revision, as in `jvbundler diff origin/main`."""
    apps = tuple(takewhile(lambda word: is_glob(word) or Path(word).is_dir(), words))
    rest = words[len(apps) :]
    if len(rest) > 1:
        raise click.UsageError(f"'{rest[0]}' is not a folder: give the APP first, and at most one REVISION")
    if rest and against:
        raise click.UsageError("give a REVISION or --against, not both")
    return apps, rest[0] if rest else against or ""


def refuse_mixture(
    revision: str, source: str | None, target: str | None, environments: tuple[str, ...]
) -> None:
    if bool(source) != bool(target):
        raise click.UsageError("--from and --to have to be used together")
    if source and revision:
        raise click.UsageError("--from and --to compare two current renders: give no revision")
    if source and environments:
        raise click.UsageError("-e cannot be used with --from and --to")


def show(outcomes: Outcomes, form: str, terminal: Terminal) -> None:
    color = terminal.colors(sys.stdout)
    sections = [section(outcome) for outcome in outcomes.each]
    text = text_of_many(sections, form, color) if outcomes.many else text_of_one(sections[0], form, color)
    echo_text(text)


def section(outcome: Outcome) -> formats.Section:
    found = outcome.difference
    if found is None:
        return formats.Section(outcome.app.shown_as, failed=True)
    return formats.Section(outcome.app.shown_as, found.versus, found.changes)


def text_of_one(app: formats.Section, form: str, color: bool) -> str:
    if form == "markdown":
        return formats.format_markdown(app.changes, versus=app.versus)
    if form == "json":
        return formats.format_json(app.changes, versus=app.versus)
    return formats.format_text(app.changes, versus=app.versus, paint=paint(color=color))


def text_of_many(apps: Sequence[formats.Section], form: str, color: bool) -> str:
    if form == "markdown":
        return formats.markdown_of_apps(apps)
    if form == "json":
        return formats.json_of_apps(apps)
    return formats.text_of_apps(apps, paint=paint(color=color))


def paint(*, color: bool) -> formats.Paint:
    return painted if color else formats.unpainted


def painted(text: str, role: str) -> str:
    return styled(text, color=COLORS.get(role, ""), bold=role in ("app", "file", "danger"))
