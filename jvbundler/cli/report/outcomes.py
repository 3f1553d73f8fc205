"""Runs a job for one app or for many, and reports the problems of all: one report for 1..n outcomes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from jvbundler.cli.printer import echo_result
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


def outcomes_of(
    apps: Sequence[str], output: Path | None, request: Request, job: jobs.Job, terminal: Terminal
) -> Outcomes:
    """The outcome of each app that the command line means; the failure of a single app is raised."""
    folders = app_folders(apps, output, request.options)
    coming = jobs.run(folders, job, request)
    if not is_many(apps):
        outcome = next(coming)
        if outcome.failure:
            raise outcome.failure
        return Outcomes((outcome,), many=False)
    if terminal.is_quiet() or not sys.stderr.isatty():
        return Outcomes(tuple(coming), many=True)
    from jvbundler.cli.report.live import counted

    return Outcomes(tuple(counted(coming, len(folders), "apps", terminal)), many=True)


def tell_problems(outcomes: Outcomes, terminal: Terminal, more: Iterable[Problem] = ()) -> None:
    """The problems of all apps, each once, as apps may share a deploy.yaml; then `more`, and what failed."""
    problems = [*ordered(p for outcome in outcomes.each for p in outcome.problems), *more]
    if problems or terminal.format != "text":
        from jvbundler.cli.report.problems import report

        groups = [(outcome.app.shown_as, outcome.problems) for outcome in outcomes.each]
        is_failure = any(outcome.failed for outcome in outcomes.each)
        report(problems, terminal, groups if outcomes.many else (), is_failure=is_failure)
    if outcomes.many:
        _tell_failures(outcomes, terminal)


def _tell_failures(outcomes: Outcomes, terminal: Terminal) -> None:
    from jvbundler.cli.report.failure import tell_message

    failed = [outcome for outcome in outcomes.each if outcome.failed]
    for outcome in failed:
        if words := str(outcome.failure or ""):
            tell_message(f"{outcome.app.shown_as}: {words}", terminal)
    if failed:
        names = ", ".join(outcome.app.shown_as for outcome in failed)
        text = f"failed: {len(failed)} of {outcomes.subject}: {names}"
        echo_result(text, terminal, color="red", err=True)


def count(number: int, what: str = "app") -> str:
    """`1 app`, `1,000 apps`"""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
