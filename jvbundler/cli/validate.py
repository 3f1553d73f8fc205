"""The command `validate`."""

from __future__ import annotations

from pathlib import Path

import click

from jvbundler.cli import options
from jvbundler.cli.report import report
from jvbundler.cli.terminal import Terminal
from jvbundler.workflow.many import is_many
from jvbundler.workflow.options import output_path
from jvbundler.workflow.selection import Selection
from jvbundler.workflow.validate import validate_app

EPILOG = """\b
Examples:
  jvbundler validate
  jvbundler validate apps/support -e prod --strict
  jvbundler validate --format sarif > jvbundler.sarif
  jvbundler validate 'apps/*'
"""


@click.command("validate", epilog=EPILOG)
@options.apps_argument
@options.config_options
@options.selection_options
@click.option("--strict", is_flag=True, help="A warning is an error.")
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
    strict: bool,
) -> int:
    """Check deploy.yaml and APP (default: this folder), then what they render to. Writes nothing.

    The Kubernetes schemas are always checked; cfn-lint, hadolint and kubeconform where they are installed.
    APP may be several folders, and globs in quotes.
    """
    read = options.workflow_options(config, settings, variables, jvagent)
    selection, overrides = Selection(targets, environments), options.path_or_none(templates)
    if is_many(apps):
        from jvbundler.cli.many import validate
        from jvbundler.workflow.current import Request

        request = Request(read, selection, overrides, strict=strict)
        return validate(apps, options.path_or_none(output), request, terminal)
    root, shown_as = options.app_root(*apps)
    validation = validate_app(
        root,
        shown_as,
        read,
        selection=selection,
        templates=overrides,
        output=output_path(Path(shown_as), options.path_or_none(output), read),
    )
    report(validation.problems, terminal)
    for checked in validation.checkers:
        text = (
            f"{checked.checker}: {checked.note}"
            if checked.ran
            else f"{checked.checker}: not run, {checked.note}"
        )
        click.echo(text, err=terminal.format != "text")
    failed = any(problem.is_error or strict for problem in validation.problems)
    return 2 if failed else 0
