"""Runs a job for one app or for many, and reports the problems of all: one report for 1..n outcomes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.cli.printer import echo_result
from jvbundler.cli.terminal import Terminal
from jvbundler.fleet import jobs
from jvbundler.fleet.apps import app_folders, is_many
from jvbundler.pipeline.request import AppFolder, Outcome, Request
from jvbundler.values.problem import Problem, ordered

if TYPE_CHECKING:
    from jvbundler.fleet.part import Part
    from jvbundler.fleet.root import RootJob


class Outcomes(NamedTuple):
    """`many` tells whether the command line was for many apps, of which there may be only one.

    `each` are those of the part that was asked for, of `total` apps. `deleted` were apps at the revision that
    was given, and have left their output.
    """

    each: tuple[Outcome, ...]
    many: bool
    total: int = 1
    deleted: tuple[AppFolder, ...] = ()
    roots: tuple[Outcome, ...] = ()

    @property
    def all(self) -> tuple[Outcome, ...]:
        return (*self.each, *self.roots)

    @property
    def exit_code(self) -> int:
        return jobs.exit_code(self.all)

    @property
    def subject(self) -> str:
        """What a verdict is about: `deploy/`, `3 apps`, `1 of 3 apps`."""
        if not self.many:
            return f"{self.each[0].app.output}/"
        number = len(self.each)
        return count(number) if number == self.total else f"{number:,} of {count(self.total)}"


def outcomes_of(
    apps: Sequence[str],
    output: Path | None,
    request: Request,
    job: jobs.Job,
    terminal: Terminal,
    part: Part | None = None,
    root_job: RootJob | None = None,
) -> Outcomes:
    """The outcome of each app that the command line means, or of a part of them; the failure of a single app
    is raised. `root_job` is for the roots of their fleets, where all apps are asked for.
    """
    many = is_many(apps) or part is not None
    deleted: tuple[AppFolder, ...] = ()
    if part:
        from jvbundler.fleet.part import chosen

        asked, total, deleted = chosen(apps, output, request, part)
    else:
        asked = app_folders(apps, output, request.options)
        total = len(asked)
    each = _run(asked, job, request, terminal, many=many)
    if not many and each[0].failure:
        raise each[0].failure
    is_whole = is_many(apps) and not part and not request.selection
    roots = tuple(_roots(each, request, root_job, is_whole=is_whole))
    return Outcomes(each, many, total, deleted, roots)


def _roots(
    each: Sequence[Outcome], request: Request, job: RootJob | None, *, is_whole: bool
) -> Iterator[Outcome]:
    """What becomes of the roots of the apps' fleets; a part of a fleet is compared with what all have."""
    if not any(outcome.roots for outcome in each):
        return
    from jvbundler.fleet.root import compare_roots, root_outcomes

    yield from root_outcomes(each, request, job if is_whole else compare_roots)


def _run(
    folders: Sequence[AppFolder], job: jobs.Job, request: Request, terminal: Terminal, *, many: bool
) -> tuple[Outcome, ...]:
    coming = jobs.run(folders, job, request)
    if not many or terminal.is_quiet() or not sys.stderr.isatty():
        return tuple(coming)
    from jvbundler.cli.report.live import counted

    return tuple(counted(coming, len(folders), "apps", terminal))


def tell_problems(outcomes: Outcomes, terminal: Terminal, more: Iterable[Problem] = ()) -> None:
    """The problems of all apps, each once, as apps may share a deploy.yaml; then `more`, and what failed."""
    problems = [*ordered(p for outcome in outcomes.all for p in outcome.problems), *more]
    if problems or terminal.format != "text":
        from jvbundler.cli.report.problems import report

        groups = [(outcome.app.shown_as, outcome.problems) for outcome in outcomes.all]
        is_failure = any(outcome.failed for outcome in outcomes.all)
        report(problems, terminal, groups if outcomes.many else (), is_failure=is_failure)
    if outcomes.many or any(outcome.failed for outcome in outcomes.roots):
        _tell_failures(outcomes, terminal)


def _tell_failures(outcomes: Outcomes, terminal: Terminal) -> None:
    from jvbundler.cli.report.failure import tell_message

    for outcome in outcomes.all:
        if words := str(outcome.failure or ""):
            tell_message(f"{outcome.app.shown_as}: {words}", terminal)
    failed = [outcome for outcome in outcomes.each if outcome.failed]
    if failed:
        names = ", ".join(outcome.app.shown_as for outcome in failed)
        text = f"failed: {len(failed)} of {outcomes.subject}: {names}"
        echo_result(text, terminal, color="red", err=True)


def count(number: int, what: str = "app") -> str:
    """`1 app`, `1,000 apps`"""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
