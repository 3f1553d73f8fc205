"""What the commands for Lambda share: their options, and the release that these choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jvbundler.cli import handoff, options
from jvbundler.cli.handoff import together
from jvbundler.errors import InputError

if TYPE_CHECKING:
    from jvbundler.workflow.deploy_lambda import Deployed
    from jvbundler.workflow.release import Release

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

PROTECTED = "It is protected: its name has to be typed."

name_options = together(
    click.option("--region", metavar="REGION", help="Instead of lambda.region."),
    click.option("--stack-name", metavar="NAME", help="Instead of lambda.stack_name."),
    click.option("--function", metavar="NAME", help="Instead of lambda.function.name."),
)


def release_options(command: Decorated) -> Decorated:
    """Everything that says which deployment is meant."""
    return together(
        options.app_argument,
        options.config_options,
        handoff.environment_option,
        handoff.output_option,
        name_options,
    )(command)


def timeout_option(default: float, what: str) -> Callable[[Decorated], Decorated]:
    return click.option(
        "--timeout",
        "timeout_seconds",
        type=click.FloatRange(min=1),
        default=default,
        show_default=True,
        metavar="SECONDS",
        help=what,
    )


def load(
    *,
    app: str,
    config: str | None,
    settings: tuple[str, ...],
    variables: tuple[str, ...],
    jvagent: str | None,
    environment: str,
    output: str | None,
    region: str | None,
    stack_name: str | None,
    function: str | None,
) -> Release:
    from jvbundler.workflow.release import load_release

    root, shown_as = options.app_root(app)
    read = options.workflow_options(config, settings, variables, jvagent)
    names = {"region": region, "stack_name": stack_name, "function.name": function}
    given = tuple((f"lambda.{key}", _text(value)) for key, value in names.items() if value)
    return load_release(
        root,
        shown_as,
        replace(read, assignments=(*read.assignments, *given)),
        target="lambda",
        environment=environment,
        output=options.path_or_none(output),
    )


def _text(value: str) -> str:
    import json

    return json.dumps(value)


def pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """The pairs of a repeated `NAME=VALUE`."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise InputError(f"{option}: expected NAME=VALUE, found no '=' after a name")
        found[name] = value
    return found


def tell_endpoints(deployed: Deployed) -> None:
    """The URLs on standard output, for whoever pipes them on."""
    for name, value in deployed.outputs.items():
        if name.endswith("Url"):
            click.echo(f"{name}: {value}")
