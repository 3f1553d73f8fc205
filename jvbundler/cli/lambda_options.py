"""What the commands for Lambda share: their options, and the release that these choose."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jvbundler.cli import handoff
from jvbundler.cli.handoff import together
from jvbundler.errors import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.deploy import Deployed
    from jvbundler.deploy.release import Release

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

name_options = together(
    click.option("--region", metavar="REGION", help="Instead of lambda.region."),
    click.option("--stack-name", metavar="NAME", help="Instead of lambda.stack_name."),
    click.option("--function", metavar="NAME", help="Instead of lambda.function.name."),
)


reading = (*handoff.reading, name_options)


def timeout_option(default: float, what: str) -> Callable[[Decorated], Decorated]:
    return click.option(
        "--timeout",
        "timeout_seconds",
        type=click.FloatRange(min=1),
        default=default,
        show_default=f"{default:g}",
        metavar="SECONDS",
        help=what,
    )


def load(*, region: str | None, stack_name: str | None, function: str | None, **given: Any) -> Release:
    names = {"region": region, "stack_name": stack_name, "function.name": function}
    more = [(f"lambda.{key}", json.dumps(value)) for key, value in names.items() if value]
    return handoff.load(**given, target="lambda", more=more)


def place(release: Release) -> str:
    """What one deployment at a time may change."""
    return f"lambda {release.environment.settings['lambda']['region']} {release.environment.stack_name}"


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
