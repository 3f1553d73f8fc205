"""What came of one app, whatever was asked for it: a render, a check, a diff or a validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jvbundler.diff.model import Change
    from jvbundler.errors import JvbundlerError
    from jvbundler.output.drift import Drift
    from jvbundler.problem import Problem
    from jvbundler.workflow.options import AppFolder


class Checked(NamedTuple):
    """A checker: what it looked at, or, where it did not run, why not. `problems` are its findings."""

    checker: str
    note: str
    ran: bool = True
    problems: tuple[Problem, ...] = ()


class Difference(NamedTuple):
    """`versus` says in words what was compared, the old side first."""

    changes: tuple[Change, ...]
    versus: str


class Outcome(NamedTuple):
    """What came of one app: paths by what happened to them, and the `failure` that ended it, if one did.

    `rejected` are the app and its files where a validation found them wrong. `drift` is None where there is
    none, `difference` where none was asked for.
    """

    app: AppFolder
    problems: tuple[Problem, ...] = ()
    failure: JvbundlerError | None = None
    rejected: bool = False
    written: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    drift: Drift | None = None
    difference: Difference | None = None
    checkers: tuple[Checked, ...] = ()

    @property
    def total(self) -> int:
        return len(self.written) + len(self.unchanged)

    @property
    def exit_code(self) -> int:
        """What a command about this app alone leaves with (docs/exit-codes.md)."""
        if self.failure:
            return self.failure.exit_code
        differs = self.drift is not None or bool(self.difference and self.difference.changes)
        return 2 if self.rejected else int(differs)

    @property
    def failed(self) -> bool:
        """Whether there is no result, or a bad one; a difference is a result."""
        return self.failure is not None or self.rejected
