"""`render`, `--check`, `validate` and `diff` of many apps: a progress bar, every problem, one summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from jvbundler.cli.printer import past_printer
from jvbundler.cli.render import drift_problems, mending
from jvbundler.cli.report import report
from jvbundler.cli.terminal import Terminal
from jvbundler.values.printable import printable
from jvbundler.values.problem import Problem
from jvbundler.workflow.current import Outcome, Request, check_one, write_one
from jvbundler.workflow.many import app_folders, each
from jvbundler.workflow.render_many import attempt, exit_code, validate_one


def render(arguments: Sequence[str], output: Path | None, request: Request, terminal: Terminal) -> int:
    outcomes = done(write_one, arguments, output, request)
    _tell_problems(outcomes, terminal)
    if terminal.format == "text":
        click.echo(f"{count(outcomes)}: {', '.join(_files(outcomes))}")
    return exit_code(outcomes)


def check(
    arguments: Sequence[str], output: Path | None, request: Request, again: Sequence[str], terminal: Terminal
) -> int:
    outcomes = done(check_one, arguments, output, request)
    drifted = [outcome for outcome in outcomes if outcome.drift]
    drift = [problem for outcome in drifted for problem in drift_problems(outcome, again)]
    if terminal.format != "text":
        _tell_problems(outcomes, terminal, drift)
        return exit_code(outcomes)
    _tell_problems(outcomes, terminal)
    for problem in drift:
        click.echo(f"{printable(problem.place.file)} {problem.message}", err=True)
    if drifted:
        verdict = f"{len(drifted)} of {count(outcomes)} not current"
        click.echo(f"{verdict}; to mend it: {mending(drifted, again)}", err=True)
    elif not exit_code(outcomes):
        click.echo(f"{count(outcomes)}: current, {sum(outcome.total for outcome in outcomes):,} files")
    return exit_code(outcomes)


def validate(arguments: Sequence[str], output: Path | None, request: Request, terminal: Terminal) -> int:
    outcomes = done(validate_one, arguments, output, request)
    _tell_problems(outcomes, terminal)
    for line in _checkers(outcomes):
        click.echo(line, err=terminal.format != "text")
    return exit_code(outcomes)


def diff(
    arguments: Sequence[str],
    output: Path | None,
    request: Request,
    job: Callable[..., Outcome],
    form: str,
    terminal: Terminal,
) -> int:
    from jvbundler.cli.diff import show_many

    outcomes = done(job, arguments, output, request)
    _tell_problems(outcomes, terminal)
    show_many(outcomes, form, terminal)
    return exit_code(outcomes)


def done(
    job: Callable[..., Outcome], arguments: Sequence[str], output: Path | None, request: Request
) -> list[Outcome]:
    """The outcome of each app; a terminal shows how far it is."""
    apps = app_folders(arguments, output, request.options)
    coming = each(partial(attempt, job=job, request=request), apps)
    if not sys.stderr.isatty():
        return list(coming)
    with click.progressbar(coming, length=len(apps), file=past_printer(sys.stderr)) as outcomes:
        return list(outcomes)


def _tell_problems(outcomes: Iterable[Outcome], terminal: Terminal, more: Iterable[Problem] = ()) -> None:
    """The problems of all apps, then what else kept some of them from being done."""
    report([*_ordered(p for outcome in outcomes for p in outcome.problems), *more], terminal)
    failed = [outcome for outcome in outcomes if outcome.exit_code]
    for outcome in failed:
        if outcome.failure:
            click.echo(f"{printable(outcome.app.shown_as)}: {outcome.failure}", err=True)
    if failed:
        names = ", ".join(printable(outcome.app.shown_as) for outcome in failed)
        click.echo(f"failed: {len(failed)} of {count(outcomes)}: {names}", err=True)


def _ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Each once, by place: apps may share a deploy.yaml."""
    return sorted(dict.fromkeys(problems), key=lambda p: (p.place, p.rule, p.message))


def count(outcomes: Iterable[Outcome]) -> str:
    number = len(list(outcomes))
    return f"{number:,} app{'' if number == 1 else 's'}"


def _files(outcomes: Sequence[Outcome]) -> Iterator[str]:
    numbers = {
        "written": sum(len(outcome.written) for outcome in outcomes),
        "unchanged": sum(len(outcome.unchanged) for outcome in outcomes),
        "deleted": sum(len(outcome.deleted) for outcome in outcomes),
    }
    yield f"{numbers['written'] + numbers['unchanged']:,} files"
    yield from (f"{number:,} {what}" for what, number in numbers.items() if number)


def _checkers(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """In how many apps each checker ran, or why it ran in none."""
    ran: dict[str, int] = {}
    why_not: dict[str, str] = {}
    for outcome in outcomes:
        for name in {checked.checker: None for checked in outcome.checkers if checked.ran}:
            ran[name] = ran.get(name, 0) + 1
        why_not.update((checked.checker, checked.note) for checked in outcome.checkers if not checked.ran)
    yield from (f"{name}: {number:,} app{'' if number == 1 else 's'}" for name, number in ran.items())
    yield from (f"{name}: not run, {note}" for name, note in why_not.items() if name not in ran)
