"""Runs a job for one app or for many, and reports the problems of all: one report for 1..n outcomes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from jvbundler.cli.printer import echo_line, echo_message, past_printer
from jvbundler.cli.terminal import Terminal
from jvbundler.fleet import jobs
from jvbundler.fleet.apps import app_folders, is_many
from jvbundler.pipeline.request import Outcome, Request
from jvbundler.values.problem import Problem, ordered


class Outcomes(NamedTuple):
    """`many` tells whether the command line was for many apps, of which there may be only one."""

    each: tuple[Outcome, ...]
    many: bool

    @property
    def exit_code(self) -> int:
        return jobs.exit_code(self.each)

    @property
    def subject(self) -> str:
        """What a verdict is about: `deploy/`, `3 apps`."""
        return count(len(self.each)) if self.many else f"{self.each[0].app.output}/"


def outcomes_of(apps: Sequence[str], output: Path | None, request: Request, job: jobs.Job) -> Outcomes:
    """The outcome of each app that the command line means; the failure of a single app is raised."""
    folders = app_folders(apps, output, request.options)
    coming = jobs.run(folders, job, request)
    if not is_many(apps):
        outcome = next(coming)
        if outcome.failure:
            raise outcome.failure
        return Outcomes((outcome,), many=False)
    if not sys.stderr.isatty():
        return Outcomes(tuple(coming), many=True)
    with click.progressbar(coming, length=len(folders), file=past_printer(sys.stderr)) as each:
        return Outcomes(tuple(each), many=True)


def tell_problems(outcomes: Outcomes, terminal: Terminal, more: Iterable[Problem] = ()) -> None:
    """The problems of all apps, each once, as apps may share a deploy.yaml; then `more`, and what failed."""
    problems = [*ordered(p for outcome in outcomes.each for p in outcome.problems), *more]
    if problems or terminal.format != "text":
        from jvbundler.cli.report.problems import report

        report(problems, terminal)
    if outcomes.many:
        _tell_failures(outcomes)


def _tell_failures(outcomes: Outcomes) -> None:
    failed = [outcome for outcome in outcomes.each if outcome.failed]
    for outcome in failed:
        if words := str(outcome.failure or ""):
            echo_message(f"{outcome.app.shown_as}: {words}")
    if failed:
        names = ", ".join(outcome.app.shown_as for outcome in failed)
        echo_line(f"failed: {len(failed)} of {outcomes.subject}: {names}", err=True)


def count(number: int, what: str = "app") -> str:
    """`1 app`, `1,000 apps`"""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
