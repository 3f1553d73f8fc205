"""The failures that end a command. Each carries the exit code the CLI leaves with (docs/exit-codes.md)."""

from __future__ import annotations

from collections.abc import Iterable

from jvbundler.values.problem import Problem
from jvbundler.values.secret_values import without_secrets


class JvbundlerError(Exception):
    """Base of all expected failures; anything else that escapes is a bug of ours (exit 70).

    A secret that the message repeats is blotted out.
    """

    exit_code = 70

    def __init__(self, message: str = "") -> None:
        super().__init__(without_secrets(message))


class InputError(JvbundlerError):
    """The user's files or flags are wrong: `problems` says how, or the message where no file is at fault."""

    exit_code = 2

    def __init__(self, message: str = "", problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class OutputRefused(JvbundlerError):
    """The output folder may not be written: hand-edited, foreign, locked or unwritable."""

    exit_code = 3


class ToolFailed(JvbundlerError):
    """A tool is missing or failed; the message holds its argv and its own words."""

    exit_code = 4
