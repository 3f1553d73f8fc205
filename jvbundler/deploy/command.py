"""One call of an external tool as a value: an operation is made of these, and shown or run later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from jvbundler.source.interpolate import SecretName, secret_names_in
from jvbundler.values.safe_text import printable, shell_word

if TYPE_CHECKING:
    from jvbundler.project.model import Platform

PARAMETERS = "{parameters}"
OUTPUT = "{output}"
NO_LIMIT = float("inf")
# Placeholder in an argv for the digest of the image that the same operation pushes.
DIGEST = "DIGEST"
# Of the image in an index that Lambda gets, which takes no index.
LAMBDA_DIGEST = "DIGEST_FOR_LAMBDA"

# `render` and `note` are our own steps, run in this process; the others have a result that is read later.
Role = Literal[
    "",
    "render",
    "note",
    "push",
    "manifest",
    "check",
    "apply",
    "wait",
    "health",
    "stack",
    "hydrate",
    "publish",
]


class SecretData(NamedTuple):
    """A Secret of Kubernetes that is handed to kubectl: each of its keys, and the variable with the value.

    It is a patch where `is_there`, else the whole object.
    """

    name: str
    namespace: str
    keys: tuple[tuple[str, str], ...]
    is_there: bool


class Command(NamedTuple):
    """What will be run, and why.

    `expected` holds the exit codes that are not a failure. `timeout_seconds` ends a tool that hangs, and
    `grace_seconds` is what it gets to end by itself; a limit with `waits` comes from `--timeout`, others are
    overridden by TIMEOUT_VARIABLE (runner.py). `environment` is set beside ours, without secrets. A secret is
    never in `argv`: `stdin_variable` names the environment variable whose value goes to the tool's standard
    input, and `parameter_file` the variables that go into a file of mode 0600 whose path replaces
    `{parameters}` in `argv`; both are read when the command runs, and the file is removed then.
    `stdin_registry` is a registry whose docker credentials go to standard input as a docker config.
    `stdin_secret` is a Secret that goes there as JSON, with its values.
    `stdin_of` is a command whose output is the input of this one, as behind a pipe; `stdin_text` is input
    without secrets. `argument_variables` are variables without secrets of which `argv` has words, `$NAME`.
    `{output}` in `argv` becomes the path of a file that takes the place of standard output.
    `composed` variables are set beside ours, too: texts with secrets in them (source/interpolate.py), which
    are filled in when the command runs.
    `live` output is what the user asked for: it is shown as it comes, and not kept.
    `role` says what the command is in its operation; `images` are the repositories, by platform, to which it
    pushes, or whose digest it finds or notes.
    """

    argv: tuple[str, ...]
    reason: str
    expected: tuple[int, ...] = (0,)
    timeout_seconds: float = 600.0
    stdin_variable: str = ""
    stdin_of: Command | None = None
    parameter_file: tuple[tuple[str, str], ...] = ()
    stdin_text: str = ""
    stdin_registry: str = ""
    stdin_secret: SecretData | None = None
    environment: tuple[tuple[str, str], ...] = ()
    argument_variables: tuple[str, ...] = ()
    composed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    grace_seconds: float = 5.0
    live: bool = False
    waits: bool = False
    role: Role = ""
    images: tuple[tuple[Platform, str], ...] = ()

    def __str__(self) -> str:
        """The command as it can be pasted into a shell, with its secrets by reference."""
        settings = "".join(f"{name}={shell_word(value)} " for name, value in self.environment)
        settings += "".join(f"{name}={_in_shell(parts)} " for name, parts in self.composed)
        text = settings + " ".join(self._shown(word) for word in self.argv)
        if self.stdin_of is not None:
            return f"{self.stdin_of} | {text}"
        if self.stdin_variable:
            return f'printf %s "${self.stdin_variable}" | {text}'
        if self.stdin_text:
            return f"printf %s {shell_word(self.stdin_text)} | {text}"
        return text

    def _shown(self, word: str) -> str:
        if word[1:] in self.argument_variables:
            return f'"{word}"'
        return shell_word("metadata.json" if word == OUTPUT else word)

    def with_digests(self, digests: Mapping[str, str]) -> Command:
        """The command with the digests that are known by now, by their placeholders."""

        def filled(word: str) -> str:
            image, _, name = word.rpartition("@")
            return f"{image}@{digests[name]}" if name in digests else word

        return self._replace(argv=tuple(map(filled, self.argv)))

    def words(self, environ: Mapping[str, str]) -> list[str]:
        """The argv with the variables of its arguments filled in."""
        names = self.argument_variables
        return [environ.get(word[1:], "") if word[1:] in names else word for word in self.argv]

    def variables(self) -> tuple[str, ...]:
        """The environment variables whose values this command passes on as secrets."""
        before = self.stdin_of.variables() if self.stdin_of else ()
        own = [self.stdin_variable] if self.stdin_variable else []
        own += [variable for _, variable in self.stdin_secret.keys] if self.stdin_secret else []
        composed = (name for _, parts in self.composed for name in secret_names_in(parts))
        return (*before, *own, *(variable for _, variable in self.parameter_file), *composed)

    def composed_values(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The composed variables with their secrets filled in, without those of a secret that is not set."""
        return {
            name: "".join(environ.get(part, "") if isinstance(part, SecretName) else part for part in parts)
            for name, parts in self.composed
            if parts[0] in environ or len(parts) > 1 or not isinstance(parts[0], SecretName)
        }


def _in_shell(parts: Iterable[str]) -> str:
    """A composed text as one shell word, in which the shell fills in the secrets."""
    return "".join(f'"${{{part}}}"' if isinstance(part, SecretName) else shell_word(part) for part in parts)


def script(commands: Iterable[Command]) -> str:
    """Commands as shell lines, each below its reason."""
    return "".join(f"{_comments(command)}{command}\n" for command in commands)


def _comments(command: Command) -> str:
    lines = [command.reason]
    if command.parameter_file:
        pairs = ", ".join(f"{name} from ${variable}" for name, variable in command.parameter_file)
        lines.append(f"{PARAMETERS}: a file of mode 0600 with {pairs}; removed afterwards")
    registries = [c.stdin_registry for c in (command, command.stdin_of) if c and c.stdin_registry]
    lines += [f"standard input: your docker credentials of {host}, as a docker config" for host in registries]
    if command.stdin_secret:
        pairs = ", ".join(f"{key} from ${variable}" for key, variable in command.stdin_secret.keys)
        lines.append(f"standard input: the Secret '{command.stdin_secret.name}' with {pairs}")
    return "".join(f"# {printable(line)}\n" for line in lines)
