"""What came of one checker."""

from __future__ import annotations

from typing import NamedTuple

from jvbundler.values.problem import Problem


class Checked(NamedTuple):
    """A checker: what it looked at, or, where it did not run, why not. `problems` are its findings."""

    checker: str
    note: str
    ran: bool = True
    problems: tuple[Problem, ...] = ()
