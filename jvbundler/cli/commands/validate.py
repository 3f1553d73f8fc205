"""The command `validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.printer import colored, echo_line, echo_result
from jvbundler.cli.report.deleted import tell_deleted
from jvbundler.cli.report.next_steps import tell_next
from jvbundler.cli.report.outcomes import count, outcomes_of, tell_problems
from jvbundler.cli.terminal import Terminal
from jvbundler.pipeline.request import Outcome, Request, Selection
from jvbundler.pipeline.validate import validate_app

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jvbundler.fleet.shards import Shard

EPILOG = """\b
Examples:
  jvbundler validate
  jvbundler validate apps/support -e prod --strict
  jvbundler validate --format sarif > jvbundler.sarif
  jvbundler validate 'apps/*' --since origin/main
"""


@click.command("validate", epilog=EPILOG)
@options.apps_argument
@options.config_options
@options.image_option
@options.selection_options
@options.part_options
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@options.reporting
@options.talking
@click.pass_obj
def command(
    terminal: Terminal,
    *,
    apps: tuple[str, ...],
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
    strict: bool,
) -> int:
    """Check deploy.yaml and APP (default: this folder), then what they render to. Writes nothing.

    The Kubernetes schemas are always checked; cfn-lint, hadolint and kubeconform if installed.
    APP may be several folders, and globs in quotes; --since and --shard choose some of them.
    """
    read = options.reading_options(config, settings, variables, jvagent, strict=strict)
    selection, overrides = Selection(targets, environments), options.path_or_none(templates)
    request = Request(read, selection, overrides, strict=strict)
    part = options.part_of(since, shard)
    outcomes = outcomes_of(apps, options.path_or_none(output), request, validate_app, terminal, part)
    tell_problems(outcomes, terminal)
    tell_deleted(outcomes, terminal)
    checks = _checks_of_many(outcomes.each) if outcomes.many else _checks(outcomes.each[0])
    for name, is_done, note in () if terminal.quiet else checks:
        is_err = terminal.format != "text"
        shown = colored(name, terminal, "green" if is_done else "yellow", err=is_err)
        line = f"{shown}: {'' if is_done else 'not run, '}{note}"
        echo_line(line, err=terminal.format != "text")
    if not outcomes.many and not outcomes.exit_code:
        tell_next(terminal, read, apps, (config, output), environments)
    if terminal.format == "text":
        is_valid = not outcomes.exit_code
        subject = outcomes.subject if outcomes.many else outcomes.each[0].app.shown_as
        verdict = "valid" if is_valid else "not valid"
        echo_result(f"{subject}: {verdict}", terminal, color="green" if is_valid else "red")
    return outcomes.exit_code


def _checks(outcome: Outcome) -> Iterator[tuple[str, bool, str]]:
    """What each checker checked, or why it did not run."""
    for checked in outcome.checkers:
        yield checked.checker, checked.ran, checked.note


def _checks_of_many(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, bool, str]]:
    """In how many apps each checker ran, or why it ran in none."""
    ran: dict[str, int] = {}
    why_not: dict[str, str] = {}
    for outcome in outcomes:
        for name in {checked.checker: None for checked in outcome.checkers if checked.ran}:
            ran[name] = ran.get(name, 0) + 1
        why_not.update((checked.checker, checked.note) for checked in outcome.checkers if not checked.ran)
    yield from ((name, True, count(number)) for name, number in ran.items())
    yield from ((name, False, note) for name, note in why_not.items() if name not in ran)
