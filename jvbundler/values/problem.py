"""What is wrong with the user's files, as values, and the failures that end a command.

Checks return problems, only the CLI prints them. A message may repeat part of a file, and any part may be a
secret: secrets are masked here, where a problem or a failure is created, so that no caller has to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from jvbundler.values.secret_values import without_secrets

# The rule about a secret that is written out where it would be rendered.
LITERAL_SECRET = "JVB901"
Severity = Literal["error", "warning"]


class Place(NamedTuple):
    """A position in one of the user's files; `line` and `column` count from 1, as editors do."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One finding. `rule` is its id (docs/rules.md), `hint` says what to write instead.

    `related` lists other places involved, such as the other side of a conflict.
    """

    rule: str
    severity: Severity
    place: Place
    message: str
    hint: str = ""
    related: tuple[Place, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


def error(rule: str, place: Place, message: str, hint: str = "", *related: Place) -> Problem:
    return problem(rule, "error", place, message, hint, related)


def warning(rule: str, place: Place, message: str, hint: str = "", *related: Place) -> Problem:
    return problem(rule, "warning", place, message, hint, related)


def problem(
    rule: str, severity: Severity, place: Place, message: str, hint: str = "", related: tuple[Place, ...] = ()
) -> Problem:
    """A problem with the secrets in its texts masked."""
    return Problem(rule, severity, place, without_secrets(message), without_secrets(hint), related)


def ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by place; written secrets first, as they may have to be revoked today."""
    return tuple(
        sorted(dict.fromkeys(problems), key=lambda p: (p.rule != LITERAL_SECRET, p.place, p.rule, p.message))
    )


class JvbundlerError(Exception):
    """Base of all expected failures; anything else that escapes is our bug (exit 70).

    Secrets in the message are masked.
    """

    exit_code = 70

    def __init__(self, message: str = "") -> None:
        super().__init__(without_secrets(message))


class InputError(JvbundlerError):
    """The user's files or flags are wrong: `problems` says how, or the message when no file is at fault."""

    exit_code = 2

    def __init__(self, message: str = "", problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class OutputRefused(JvbundlerError):
    """The output folder must not be written to: hand-edited, foreign, locked or unwritable."""

    exit_code = 3


class ToolFailed(JvbundlerError):
    """A tool is missing or failed; the message holds its argv and its output."""

    exit_code = 4
