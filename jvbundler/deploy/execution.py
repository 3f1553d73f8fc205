"""Runs commands one after another: masks secrets, reports events, leaves no file and no child process behind.

The input of a command comes from variables, or from the user's own docker credentials. Decides nothing and
prints nothing: the caller gets the events.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from jvbundler.deploy.command import NO_LIMIT, OUTPUT, PARAMETERS, Command, SecretData
from jvbundler.deploy.docker_login import docker_config
from jvbundler.files import reason
from jvbundler.output.outside import private_file
from jvbundler.runner import Completed, follow, interruptible, limit
from jvbundler.values.problem import InputError, JvbundlerError, OutputRefused, ToolFailed
from jvbundler.values.secret_names import looks_secret

Done = TypeVar("Done")

# The shell's own variable: a folder, whatever its name looks like.
_NO_SECRETS = ("PWD",)


class Event(NamedTuple):
    """What happens to a command. `text` is a line of output, or the failure; `seconds` is its time so far."""

    kind: Literal["started", "output", "finished", "failed", "interrupted"]
    command: Command
    text: str = ""
    seconds: float = 0.0


class Execution(NamedTuple):
    """How commands are run. `secrets` are variables of `environ` whose values are masked in all events.

    `verbose` reports the output of every command, not only of the live ones. `before` is called with each
    command just before it starts, and raises if it must not run after all.
    """

    environ: Mapping[str, str]
    tell: Callable[[Event], None]
    secrets: tuple[str, ...] = ()
    verbose: bool = False
    before: Callable[[Command], None] = lambda command: None


def execute_all(commands: Iterable[Command], execution: Execution) -> tuple[Completed, ...]:
    """Run the commands until one fails; raises ToolFailed with the tool's own message."""
    return tuple(execute(command, execution) for command in commands)


def execute(command: Command, execution: Execution) -> Completed:
    """Run one command. An interruption (runner.py) ends the tool and removes its files first."""
    execution.before(command)
    return reported(command, execution, lambda tell_line: _run(command, execution, tell_line))


def reported(command: Command, execution: Execution, work: Callable[[Callable[[str], None]], Done]) -> Done:
    """The result of `work`, with events before and after it; it gets a function for each line of output."""
    started = time.monotonic()

    def tell(kind: Literal["started", "output", "finished", "failed", "interrupted"], text: str = "") -> None:
        execution.tell(Event(kind, command, text, time.monotonic() - started))

    tell("started")
    try:
        with interruptible():
            done = work(lambda line: tell("output", line))
    except JvbundlerError as failure:
        tell("failed", str(failure))
        raise
    except KeyboardInterrupt:
        tell("interrupted")
        raise
    tell("finished")
    return done


def missing_variables(commands: Iterable[Command], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that the commands pass on but that are not set."""
    every = ((*command.argument_variables, *command.variables()) for command in commands)
    names = dict.fromkeys(name for some in every for name in some)
    return tuple(name for name in names if not environ.get(name))


def require_variables(commands: Iterable[Command], environ: Mapping[str, str]) -> None:
    """Raise InputError before the first change if a secret is not set."""
    missing = missing_variables(commands, environ)
    if missing:
        plural = "s" if len(missing) > 1 else ""
        raise InputError(
            f"the environment variable{plural} {', '.join(missing)} must be set: "
            "secrets are passed on from the environment"
        )


def secret_values(execution: Execution, command: Command) -> tuple[str, ...]:
    """Every value that must not be shown; a value of one or two characters would mask half of all words."""
    environ = execution.environ
    named = {*execution.secrets, *command.variables()}
    named |= {name for name in environ if looks_secret(name) and name not in _NO_SECRETS}
    values = {environ.get(name, "") for name in named} | set(command.composed_values(environ).values())
    lines = {line for value in values for line in value.splitlines()}
    # As the parameter file holds them, for a tool that repeats what it read.
    written = {json.dumps(_quoted(value))[1:-1] for value in values}
    return tuple(value for value in {*values, *lines, *written} if len(value) > 2)


def _run(command: Command, execution: Execution, tell_line: Callable[[str], None]) -> Completed:
    mask = secret_values(execution, command)
    shown = command.live or execution.verbose
    with _prepared(command, execution.environ) as (argv, output):
        given = _input(command, execution)
        done = follow(
            argv,
            on_line=tell_line if shown else _silent,
            input=given,
            env={
                **execution.environ,
                **dict(command.environment),
                **command.composed_values(execution.environ),
            },
            timeout_seconds=_limit(command, execution),
            grace_seconds=command.grace_seconds,
            expected=command.expected,
            mask=mask,
            shown=shown,
        )
        return Completed(done.argv, done.code, output.read_bytes(), done.stderr) if output else done


def _limit(command: Command, execution: Execution) -> float:
    """`--tool-timeout` does not apply to what `--timeout` limits, nor to what is followed endlessly."""
    if command.waits or command.timeout_seconds == NO_LIMIT:
        return command.timeout_seconds
    return limit(command.timeout_seconds, execution.environ)


def _silent(line: str) -> None:
    """Drops output: that of a successful command is not shown, and a failure repeats it."""


def _input(command: Command, execution: Execution) -> bytes | None:
    if command.stdin_of is not None:
        return _run(command.stdin_of, execution, _silent).stdout
    if command.stdin_variable:
        return execution.environ.get(command.stdin_variable, "").encode()
    if command.stdin_secret:
        return _secret_object(command.stdin_secret, execution.environ).encode()
    if command.stdin_registry:
        return docker_config(command.stdin_registry, execution.environ).encode()
    return command.stdin_text.encode() or None


def _secret_object(data: SecretData, environ: Mapping[str, str]) -> str:
    """The Secret, or a merge patch of it."""
    values = {"stringData": {key: environ.get(variable, "") for key, variable in data.keys}}
    if data.is_there:
        return json.dumps(values)
    place = {"name": data.name, "namespace": data.namespace}
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": place, "type": "Opaque", **values})


@contextlib.contextmanager
def _prepared(command: Command, environ: Mapping[str, str]) -> Iterator[tuple[list[str], Path | None]]:
    """The argv with the files that it names, which are always deleted afterwards."""
    argv = command.words(environ)
    output = None
    with contextlib.ExitStack() as files:
        if command.parameter_file:
            path = _file_for_tool(files, ".yaml", _parameters(command, environ).encode())
            argv = [word.replace(PARAMETERS, str(path)) for word in argv]
        if any(OUTPUT in word for word in argv):
            output = _file_for_tool(files, ".json")
            argv = [word.replace(OUTPUT, str(output)) for word in argv]
        yield argv, output


def _parameters(command: Command, environ: Mapping[str, str]) -> str:
    require_variables([command], environ)
    values = {name: _quoted(environ[variable]) for name, variable in command.parameter_file}
    return json.dumps(values)


def _quoted(value: str) -> str:
    """The value as sam 1.170 reads it from its file: it removes quotes and some backslashes, twice."""
    if value[:1] not in ("'", '"') and not any(pair in value for pair in ("\\ ", '\\"', "\\'")):
        return value
    for _ in range(2):
        value = "".join(f"\\{char}" if char in " \"'" else char for char in value)
    return value


def _file_for_tool(files: contextlib.ExitStack, suffix: str, data: bytes = b"") -> Path:
    try:
        return files.enter_context(private_file(suffix, data))
    except (OSError, OutputRefused) as failure:
        words = reason(failure) if isinstance(failure, OSError) else str(failure)
        raise ToolFailed(f"cannot make a file for the tool: {words}") from None
