"""The command `render`, with `--check` and `--stdout`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.printer import as_it_is
from jvbundler.cli.report import report
from jvbundler.cli.terminal import Terminal
from jvbundler.values.printable import printable
from jvbundler.values.problem import Place, Problem
from jvbundler.values.shell_word import shell_line
from jvbundler.workflow.current import Outcome, Request, check_one, write_one
from jvbundler.workflow.many import AppFolder, is_many
from jvbundler.workflow.options import output_path
from jvbundler.workflow.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jvbundler.values.artifact import Artifact

EPILOG = """\b
Examples:
  jvbundler render
  jvbundler render apps/support -e prod -o ../gitops/support
  jvbundler render 'apps/*' -o gitops
  jvbundler render --check --format github
  jvbundler render --stdout --target kubernetes -e dev | kubectl diff -f -
"""
# What each kind of drift means to somebody who has not read the documentation.
DRIFT = {
    "stale": "is out of date",
    "missing": "is missing",
    "orphaned": "is no longer rendered",
    "edited": "was edited by hand",
    "foreign": "was not written by jvbundler",
}


@click.command("render", epilog=EPILOG)
@options.apps_argument
@options.config_options
@options.selection_options
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the output is not current.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print what is deployed instead of writing files.")
@click.option("--force", is_flag=True, help="Replace files that were edited by hand or are not ours.")
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
    check: bool,
    to_stdout: bool,
    force: bool,
    strict: bool,
) -> int:
    """Write the deployment files of APP (default: this folder) into deploy/.

    Only files of an earlier render are replaced or deleted; nothing is touched when nothing changed.
    With -e or --target, the files of the others stay as they are. APP may be several folders, and globs in
    quotes; with -o, each is then written to a folder of its own name below DIR.
    """
    if check and to_stdout:
        raise click.UsageError("--check and --stdout exclude each other")
    again = _again(apps, ("-c", config), ("-o", output), ("--templates", templates))
    read = options.workflow_options(config, settings, variables, jvagent)
    selection, overrides = Selection(targets, environments), options.path_or_none(templates)
    request = Request(read, selection, overrides, strict=strict, force=force)
    if is_many(apps):
        from jvbundler.cli import many

        if to_stdout:
            raise click.UsageError("--stdout prints one app")
        folders = options.path_or_none(output)
        if check:
            return many.check(apps, folders, request, again, terminal)
        return many.render(apps, folders, request, terminal)
    root, shown_as = options.app_root(*apps)
    app = AppFolder(root, shown_as, output_path(Path(shown_as), options.path_or_none(output), read))
    if to_stdout:
        return _print(app, request, terminal)
    if check:
        return _tell_drift(check_one(app, request=request), again, terminal)
    outcome = write_one(app, request=request)
    report(outcome.problems, terminal)
    _tell_result(outcome, terminal)
    return 0


def _print(app: AppFolder, request: Request, terminal: Terminal) -> int:
    from jvbundler.workflow.render import applied, render_app

    rendered = render_app(
        app.root,
        app.shown_as,
        request.options,
        selection=request.selection,
        templates=request.templates,
        output=app.output,
        strict=request.strict,
    )
    report(rendered.compiled.problems, terminal)
    click.echo(printed(applied(rendered.artifacts)), file=as_it_is(sys.stdout), nl=False)
    return 0


def printed(artifacts: Iterable[Artifact]) -> str:
    """The texts; more than one are told apart by their paths, in comments that YAML and Docker skip."""
    found = list(artifacts)
    if len(found) == 1:
        return found[0].text
    return "".join(f"{'---' if a.path.endswith('.yaml') else '#'} # {a.path}\n{a.text}" for a in found)


def _again(apps: Iterable[str], *given: tuple[str, str | None]) -> list[str]:
    """The command that writes what was checked, but for `--set` and `--env`, which may hold secrets."""
    words = [word for option, value in given if value for word in (option, value)]
    return ["jvbundler", "render", *(app for app in apps if app != "."), *words]


def _tell_drift(outcome: Outcome, again: Sequence[str], terminal: Terminal) -> int:
    problems = list(drift_problems(outcome, again))
    if terminal.format != "text":
        report([*outcome.problems, *problems], terminal)
    else:
        report(outcome.problems, terminal)
        for problem in problems:
            click.echo(f"{printable(problem.place.file)} {problem.message}", err=True)
        verdict = (
            f"not current; to mend it: {mending([outcome], again)}"
            if problems
            else f"current, {outcome.total} files"
        )
        click.echo(f"{printable(str(outcome.app.output))}/: {verdict}", err=bool(problems))
    return 1 if problems else 0


def drift_problems(outcome: Outcome, again: Sequence[str]) -> Iterator[Problem]:
    for kind, message in DRIFT.items() if outcome.drift else ():
        hint = _command(again, force=kind in ("edited", "foreign"))
        for path in getattr(outcome.drift, kind):
            yield Problem(kind, "error", Place(f"{outcome.app.output}/{path}"), message, hint)


def mending(outcomes: Iterable[Outcome], again: Sequence[str]) -> str:
    drifts = [outcome.drift for outcome in outcomes if outcome.drift]
    return _command(again, force=any(drift.edited or drift.foreign for drift in drifts))


def _command(words: Sequence[str], *, force: bool) -> str:
    return shell_line([*words, "--force"] if force else words)


def _tell_result(outcome: Outcome, terminal: Terminal) -> None:
    if terminal.format != "text":
        return
    folder = printable(str(outcome.app.output))
    counts = [
        f"{outcome.total} file{'' if outcome.total == 1 else 's'}",
        *([f"{len(outcome.written)} written"] if outcome.written else []),
        *([f"{len(outcome.unchanged)} unchanged"] if outcome.unchanged else []),
        *([f"{len(outcome.deleted)} deleted"] if outcome.deleted else []),
    ]
    click.echo(f"{folder}/: {', '.join(counts)}")
    if (outcome.written or outcome.deleted) and not terminal.is_quiet() and sys.stdout.isatty():
        click.echo(f"next: read {folder}/README.md, then 'jvbundler validate', and commit the folder")
