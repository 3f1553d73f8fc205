"""The commands `secrets list` (or `secrets` alone) and `secrets check`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from jvbundler import __version__
from jvbundler.cli import options
from jvbundler.cli.printer import colored, echo_lines, echo_result, echo_text
from jvbundler.cli.release_options import gathered, together
from jvbundler.cli.report.problems import print_text
from jvbundler.cli.terminal import Terminal
from jvbundler.pipeline.request import Selection

if TYPE_CHECKING:
    from jvbundler.deploy.secrets import Holder, State

EPILOG = """\b
Examples:
  jvbundler secrets -e prod
  jvbundler secrets apps/support --target lambda --format json
  jvbundler secrets check -e prod --context prod-cluster
"""
# The title of a holder, by its kind; the placeholders are its name and what contains it.
TITLES = {
    "secret": "Kubernetes: Secret '{}' in namespace '{}'",
    "external-secret": "Kubernetes: Secret '{}' in namespace '{}', filled by the ExternalSecret",
    "store": "Kubernetes: entry '{}' of the {}",
    "pull-secret": "Kubernetes: pull secret '{}' in namespace '{}'",
    "secretsmanager": "Lambda: secret '{}' of AWS Secrets Manager in {}",
    "arn": "Lambda: secret '{}' of AWS Secrets Manager in {}",
    "parameter": "Lambda: variables of the shell that deploys the stack '{}' in {}",
}
NOTE = """\
Values come from variables of your shell (bash or zsh). To type one in without echo:
  read -rs NAME && export NAME
"""


class Root(click.Group):
    """`jvbundler secrets [APP]` is `jvbundler secrets list [APP]`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {*self.commands, "--help", "-h"}
        return super().parse_args(ctx, args if args[:1] and args[0] in known else ["list", *args])


@click.group("secrets", cls=Root, epilog=EPILOG)
@options.talking
def command() -> None:
    """List the secrets of APP (default: this folder) and how to create them, or check that they exist.

    No value is read, except by `secrets check` from AWS Secrets Manager, whose answers hold keys and values.
    """


class Choice(NamedTuple):
    """Which secrets: the environments and platforms of an app."""

    app: str
    config: str | None
    settings: tuple[str, ...]
    variables: tuple[str, ...]
    jvagent: str | None
    environments: tuple[str, ...]
    targets: tuple[str, ...]
    context: str

    def holders(self, terminal: Terminal) -> tuple[Holder, ...]:
        """Warnings about deploy.yaml go to standard error, whatever the format."""
        from jvbundler.deploy.secrets import load_holders

        root, shown_as = options.app_root(self.app)
        read = options.reading_options(self.config, self.settings, self.variables, self.jvagent)
        selection = Selection(self.targets, self.environments)
        compiled, found = load_holders(root, shown_as, read, selection=selection, context=self.context)
        if compiled.problems:
            print_text(compiled.problems, terminal)
        return found


choice_options = together(
    gathered(
        "choice",
        Choice,
        options.app_argument,
        options.config_options,
        options.environments_option,
        options.target_option("Only this platform; repeatable."),
        click.option(
            "--context", default="", metavar="NAME", help="kubectl context.  [default: kubernetes.context]"
        ),
    ),
    options.format_option(("text", "json"), "How the answer is printed."),
    options.talking,
    click.pass_obj,
)


@command.command("list", epilog="Example: jvbundler secrets list -e prod")
@choice_options
def list_(terminal: Terminal, /, *, choice: Choice) -> int:
    """List each secret, where each platform looks for it, and the commands that create it."""
    found = choice.holders(terminal)
    if terminal.format == "json":
        _print_json({"secrets": [_document(holder, choice.app) for holder in found]})
    else:
        echo_lines(_lines(found, choice.app, terminal))
    return 0


@command.command("check", epilog="Example: jvbundler secrets check -e prod --context prod-cluster")
@choice_options
def check(terminal: Terminal, /, *, choice: Choice) -> int:
    """Say which secrets are missing where the app runs; exit 1 if any are. Uses kubectl and aws.

    Secrets that are parameters of a deployment have to be set in the environment.
    """
    from jvbundler.deploy.secrets import states

    found = tuple(states(choice.holders(terminal), os.environ))
    if terminal.format == "json":
        _print_json({"secrets": [_state_document(state) for state in found]})
    else:
        for state in found:
            echo_result(_verdict(state), terminal, color="red" if state.missing else "green")
        if not found:
            echo_lines(["no secrets"])
    return 1 if any(state.missing for state in found) else 0


def _print_json(document: dict[str, Any]) -> None:
    text = json.dumps({"jvbundler": __version__, **document}, indent=2, ensure_ascii=False)
    echo_text(f"{text}\n")


def _document(holder: Holder, app: str) -> dict[str, Any]:
    from jvbundler.deploy.secrets import steps

    return {
        **_identity(holder),
        "keys": [
            {"key": key, "variable": variable, "optional": key in holder.optional}
            for key, variable in holder.keys
        ],
        "commands": [{"purpose": step.purpose, "command": step.command} for step in steps(holder, app)],
    }


def _state_document(state: State) -> dict[str, Any]:
    return {**_identity(state.holder), "is_there": state.is_there, "missing": list(state.missing)}


def _identity(holder: Holder) -> dict[str, str]:
    return {
        "environment": holder.environment,
        "platform": holder.platform,
        "kind": holder.kind,
        "name": holder.name,
        "within": holder.within,
    }


def _title(holder: Holder) -> str:
    return f"{holder.environment}, {TITLES[holder.kind].format(holder.name, holder.within)}"


def _lines(found: Iterable[Holder], app: str, terminal: Terminal) -> Iterator[str]:
    from jvbundler.deploy.secrets import steps

    holders = tuple(found)
    if not holders:
        yield "no secrets: neither 'lambda' nor 'kubernetes' is enabled"
        return
    yield from NOTE.splitlines()
    for holder in holders:
        yield ""
        yield colored(_title(holder), terminal, "cyan")
        for key, variable in holder.keys:
            origin = "" if variable in ("", key) else f"from {variable}"
            notes = [note for note in (origin, "optional" if key in holder.optional else "") if note]
            yield f"  {key}  ({', '.join(notes)})" if notes else f"  {key}"
        for step in steps(holder, app):
            yield f"  {step.purpose}:"
            yield from (f"    {line}" for line in step.command.splitlines())


def _verdict(state: State) -> str:
    if not state.missing:
        return f"{_title(state.holder)}: complete"
    how = "missing or empty" if state.is_there else "not found"
    return f"{_title(state.holder)}: {how}: {', '.join(state.missing)}"
