"""The command `render`, with `--check` and `--stdout`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_data, echo_line, echo_result
from jvbundler.cli.report.deleted import deleted_problems, tell_deleted
from jvbundler.cli.report.next_steps import tell_next
from jvbundler.cli.report.outcomes import Outcomes, count, outcomes_of, tell_problems
from jvbundler.cli.terminal import Terminal
from jvbundler.fleet.apps import app_folders, is_many
from jvbundler.fleet.current import check_app, write_app
from jvbundler.fleet.root import check_roots, write_roots
from jvbundler.pipeline.request import Request, Selection
from jvbundler.values.problem import JvbundlerError, Place, Problem
from jvbundler.values.safe_text import shell_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from jvbundler.fleet.shards import Shard
    from jvbundler.pipeline.request import Outcome
    from jvbundler.values.artifact import Artifact

EPILOG = """\b
Examples:
  jvbundler render
  jvbundler render apps/support -e prod -o ../gitops/support
  jvbundler render 'apps/*' -o gitops
  jvbundler render 'apps/*' -o gitops --check --since origin/main --shard 1/4
  jvbundler render --check --format github
  jvbundler render --watch
  jvbundler render --stdout --target k8s -e dev | kubectl diff -f -
"""


@click.command("render", epilog=EPILOG)
@options.apps_argument
@options.config_options
@options.image_option
@options.selection_options
@options.part_options
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the output is not current.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the deployable files, write nothing.")
@click.option("--watch", is_flag=True, help="Render again whenever a file changes, until Ctrl-C.")
@click.option("--force", is_flag=True, help="Replace files that were edited by hand or are not ours.")
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
    check: bool,
    to_stdout: bool,
    watch: bool,
    force: bool,
    strict: bool,
) -> int:
    """Write the deployment files of APP (default: this folder) into deploy/.

    Only files of an earlier render are replaced or deleted; nothing is touched when nothing changed.
    With -e or --target, all other files stay as they are. APP may be several folders, and globs in
    quotes; with -o, each is then written to a folder of its own name below DIR.
    --since and --shard choose some of them.
    """
    part = options.part_of(since, shard)
    if check and to_stdout:
        raise click.UsageError("--check and --stdout cannot be combined")
    if watch and (check or to_stdout or terminal.format != "text"):
        raise click.UsageError("--watch cannot be combined with --check, --stdout or --format")
    if part and (watch or to_stdout):
        raise click.UsageError("--since and --shard cannot be combined with --watch or --stdout")
    read = options.reading_options(config, settings, variables, jvagent, strict=strict)
    selection, overrides = Selection(targets, environments), options.path_or_none(templates)
    request, folder = Request(read, selection, overrides, strict, force), options.path_or_none(output)
    if to_stdout:
        return _print(apps, folder, request, terminal)
    if watch:
        return _watch(apps, folder, request, terminal)
    job, root_job = (check_app, check_roots) if check else (write_app, write_roots)
    outcomes = outcomes_of(apps, folder, request, job, terminal, part, root_job)
    if check:
        given = (("-c", config), ("-o", output), ("--templates", templates))
        values = (*(("--set", pair) for pair in settings), *(("--env", pair) for pair in variables))
        _tell_drift(outcomes, _render_words(apps, (*given, *values)), terminal)
        return outcomes.exit_code or int(bool(outcomes.deleted))
    _tell_changes(outcomes, terminal)
    tell_deleted(outcomes, terminal)
    if not outcomes.many and not outcomes.exit_code:
        tell_next(terminal, read, apps, (config, output), environments)
    _tell_verdict(outcomes, terminal)
    return outcomes.exit_code


def _watch(apps: Sequence[str], output: Path | None, request: Request, terminal: Terminal) -> int:
    """Goes on until Ctrl-C, whatever a render finds."""
    from jvbundler.cli.report.failure import tell_failure
    from jvbundler.fleet.watch import changes

    for changed in changes(apps, output, request):
        if changed and not terminal.quiet:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            echo_line(f"changed: {changed[0]}{more}", err=True)
        try:
            outcomes = outcomes_of(apps, output, request, write_app, terminal, root_job=write_roots)
            _tell_changes(outcomes, terminal)
            _tell_verdict(outcomes, terminal)
        except JvbundlerError as failure:
            tell_failure(failure, terminal)
    return 0


def _print(apps: Sequence[str], output: Path | None, request: Request, terminal: Terminal) -> int:
    from jvbundler.cli.report.problems import report
    from jvbundler.pipeline.render import applied, render_app

    if is_many(apps):
        raise click.UsageError("--stdout prints only one app")
    [app] = app_folders(apps, output, request.options)
    rendered = render_app(app, request)
    report(rendered.compiled.problems, terminal)
    echo_data(printed(applied(rendered.artifacts)))
    return 0


def printed(artifacts: Iterable[Artifact]) -> str:
    """The texts; several are separated by comments with their paths, which YAML and Docker skip."""
    found = list(artifacts)
    if len(found) == 1:
        return found[0].text
    return "".join(f"{'---' if a.path.endswith('.yaml') else '#'} # {a.path}\n{a.text}" for a in found)


def _render_words(apps: Iterable[str], given: Iterable[tuple[str, str | None]]) -> list[str]:
    """The command that writes what was checked; a value that looks like a secret is left out of it."""
    words = [word for option, value in given if value for word in (option, _shown_pair(option, value))]
    return ["jvbundler", "render", *(app for app in apps if app != "."), *words]


def _shown_pair(option: str, value: str) -> str:
    from jvbundler.values.secret_names import looks_secret
    from jvbundler.values.secret_values import contains_secret

    key, equals, text = value.partition("=")
    is_secret = option in ("--set", "--env") and (
        looks_secret(key.rpartition(".")[2]) or contains_secret(text)
    )
    return f"{key}{equals}…" if is_secret else value


def _tell_drift(outcomes: Outcomes, render: Sequence[str], terminal: Terminal) -> None:
    """All that is not current, and the `render` command that fixes it."""
    drifted = [outcome for outcome in outcomes.all if outcome.drift]
    problems = [problem for outcome in drifted for problem in _drift_problems(outcome, render)]
    problems += deleted_problems(outcomes)
    if terminal.format != "text":
        tell_problems(outcomes, terminal, problems)
        return
    tell_problems(outcomes, terminal)
    for problem in problems:
        echo_line(f"{problem.place.file} {problem.message}", err=True)
    if drifted:
        number = _not_current(outcomes)
        mending = _command(render, force=any(o.drift.needs_force for o in drifted if o.drift))
        echo_line(f"{number} not current; to fix it: {mending}", err=True)
    elif not outcomes.exit_code and not outcomes.deleted and not terminal.quiet:
        files = count(sum(outcome.total for outcome in outcomes.all), "file")
        echo_result(f"{outcomes.subject}: current, {files}", terminal)


def _not_current(outcomes: Outcomes) -> str:
    """`2 of 3 apps`, or the folder: what is not current."""
    apps = sum(outcome.drift is not None for outcome in outcomes.each)
    if outcomes.many and apps:
        return f"{apps} of {count(len(outcomes.each))}"
    folder = next(outcome.app.output for outcome in outcomes.all if outcome.drift)
    return f"{folder}/:"


def _drift_problems(outcome: Outcome, render: Sequence[str]) -> Iterator[Problem]:
    for kind, path, meaning in outcome.drift.findings() if outcome.drift else ():
        hint = _command(render, force=kind in ("edited", "foreign"))
        yield Problem(kind, "error", Place(f"{outcome.app.output}/{path}"), meaning, hint)


def _command(words: Sequence[str], *, force: bool) -> str:
    return shell_line([*words, "--force"] if force else words)


def _tell_changes(outcomes: Outcomes, terminal: Terminal) -> None:
    tell_problems(outcomes, terminal)
    if terminal.format != "text":
        return
    if sys.stdout.isatty() and not terminal.quiet:
        from jvbundler.cli.report.written import show_written

        show_written(outcomes, terminal)


def _tell_verdict(outcomes: Outcomes, terminal: Terminal) -> None:
    if terminal.format == "text" and not terminal.quiet and not outcomes.exit_code:
        counts = _counts(outcomes.all, in_detail=sys.stdout.isatty())
        echo_result(f"{outcomes.subject}: {', '.join(counts)}", terminal)


def _counts(outcomes: Iterable[Outcome], *, in_detail: bool) -> list[str]:
    """A summary of all files in words; in detail, what is new is told apart."""
    done = {
        what: sum(len(getattr(outcome, what)) for outcome in outcomes)
        for what in ("created", "written", "unchanged", "deleted")
    }
    created = done.pop("created")
    shown = done
    if in_detail:
        shown = {"new": created, "changed": done["written"] - created}
        shown |= {what: done[what] for what in ("unchanged", "deleted")}
    files = count(done["written"] + done["unchanged"], "file")
    return [files, *(f"{number:,} {what}" for what, number in shown.items() if number)]
