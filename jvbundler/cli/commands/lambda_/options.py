"""What the commands for Lambda share: their options, and the release that these select."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import click

from jvbundler.cli.options import Option
from jvbundler.cli.release_options import Common, Decorator, gathered, timeout_option
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release


class Names(NamedTuple):
    """Names of the resources on AWS, instead of those of deploy.yaml."""

    region: str | None
    stack_name: str | None
    function: str | None

    def release(self, common: Common) -> Release:
        names = {"region": self.region, "stack_name": self.stack_name, "function.name": self.function}
        more = [(f"lambda.{key}", json.dumps(value)) for key, value in names.items() if value]
        return common.release("lambda", more)


name_options = gathered(
    "names",
    Names,
    click.option("--region", metavar="REGION", help="Instead of lambda.region."),
    click.option("--stack-name", metavar="NAME", help="Instead of lambda.stack_name."),
    click.option(
        "--function",
        cls=Option,
        also=("--name",),
        metavar="NAME",
        help="Instead of lambda.function.name.",
    ),
)


STACK_SECONDS = 2400


def stack_timeout_option(words: str) -> Decorator:
    return timeout_option(words, f"{STACK_SECONDS}")


def pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """The pairs of a repeated `NAME=VALUE`."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise InputError(f"{option}: expected NAME=VALUE, found no '=' after a name")
        found[name] = value
    return found
