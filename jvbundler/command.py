"""One call of an external tool as a value: plans are tuples of these; running or showing them comes later."""

from __future__ import annotations

import shlex
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """What will be run, and why.

    `expected` holds the exit codes that are no failure. `timeout_seconds` ends a tool that hangs.
    A secret is never in `argv`: `stdin_variable` names the environment variable whose value goes to the
    tool's standard input, and `parameter_file` the variables that go into a JSON file of mode 0600 whose
    path replaces `{parameters}` in `argv`; both are read when the command runs, and the file is removed then.
    `stdin_of` is a command whose output is the input of this one, as behind a pipe.
    """

    argv: tuple[str, ...]
    reason: str
    expected: tuple[int, ...] = (0,)
    timeout_seconds: float = 600.0
    stdin_variable: str = ""
    stdin_of: Command | None = None
    parameter_file: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """The command as it can be pasted into a shell, with its secrets by reference."""
        text = shlex.join(self.argv)
        if self.stdin_of is not None:
            return f"{self.stdin_of} | {text}"
        if self.stdin_variable:
            return f'printf %s "${self.stdin_variable}" | {text}'
        return text
