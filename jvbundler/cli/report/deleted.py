"""Tells of apps that were deleted since the revision of `--since`, while their output stayed.

A render changes the output of an app that is there, and deletes no output of another: what is in it may still
be deployed, and whoever deleted the app decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.cli.printer import echo_line
from jvbundler.output.lockfile import LOCK
from jvbundler.values.problem import Place, Problem
from jvbundler.values.safe_text import shell_line

if TYPE_CHECKING:
    from jvbundler.cli.report.outcomes import Outcomes
    from jvbundler.cli.terminal import Terminal


def deleted_problems(outcomes: Outcomes) -> Iterator[Problem]:
    """One for each, as `render --check` reports what is not current."""
    for app in outcomes.deleted:
        hint = shell_line(["git", "rm", "-r", "--", str(app.output)])
        message = f"is still there, and its app {app.shown_as} was deleted; to delete it as well: {hint}"
        yield Problem("orphaned", "error", Place(f"{app.output}/{LOCK}"), message, hint)


def tell_deleted(outcomes: Outcomes, terminal: Terminal) -> None:
    """A line for each, for commands that have another answer."""
    for problem in () if terminal.quiet else deleted_problems(outcomes):
        echo_line(f"{problem.place.file} {problem.message}", err=True)
