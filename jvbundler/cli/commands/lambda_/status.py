"""The command `status lambda`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jvbundler.cli import options
from jvbundler.cli.commands.lambda_.options import Names, name_options
from jvbundler.cli.printer import echo_lines
from jvbundler.cli.release_options import Common, common_options, json_option, together
from jvbundler.cli.session import print_json

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.status import LambdaStatus


@click.command(
    "lambda",
    epilog="\b\nExamples:\n  jvbundler status lambda -e prod\n  jvbundler status lambda -e prod --json",
)
@together(common_options, name_options)
@click.option(
    "--health-timeout",
    "health_seconds",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the app's answer; 0 does not ask.",
)
@json_option
@options.talking
def status(*, common: Common, names: Names, health_seconds: float, as_json: bool) -> int:
    """Show the stack, function, image, endpoints, alarms and health of APP.

    Exit code 1 where it is not healthy, or not what deploy.yaml says.
    """
    from jvbundler.deploy.lambda_.status import lambda_status

    release = names.release(common)
    found = lambda_status(release, common.environ(), health_seconds=health_seconds)
    if as_json:
        print_json(status_document(found))
    else:
        echo_lines(status_lines(found))
    return 1 if found.unhealthy or found.drifted else 0


def status_document(found: LambdaStatus) -> dict[str, Any]:
    function, facts = found.function, found.facts
    return {
        "environment": found.stack.environment,
        "region": found.stack.region,
        "stack": {
            "name": found.stack.name,
            "status": facts.status if facts else None,
            "updated": facts.updated if facts else None,
            "failures": [str(failure) for failure in found.failures],
        },
        "function": function
        and {
            "name": function.name,
            "state": function.state,
            "last_update": function.last_update,
            "alias": function.alias or None,
            "version": function.version or None,
        },
        "image": {
            "running": function.image if function else None,
            "rendered": found.rendered_image or None,
        },
        "endpoints": {n: v for n, v in (facts.outputs if facts else {}).items() if n.endswith("Url")},
        "alarms": dict(found.alarms),
        "health": [
            {"url": a.url, "status": a.status, "seconds": round(a.seconds, 2), "error": a.error}
            for a in found.answers
        ],
        "unhealthy": list(found.unhealthy),
        "drifted": list(found.drifted),
    }


def status_lines(found: LambdaStatus) -> list[str]:
    """For people: what is there, then what is wrong with it."""
    lines = [f"environment  {found.stack.environment} ({found.stack.region})"]
    if found.facts:
        lines.append(f"stack        {found.stack.name}: {found.facts.status}, changed {found.facts.updated}")
    if found.function:
        alias = f", alias {found.function.alias} at version {found.function.version}"
        lines += [
            f"function     {found.function.name}: {found.function.state}, "
            f"last update {found.function.last_update}{alias if found.function.alias else ''}",
            f"image        {found.function.image}",
        ]
    if found.facts:
        lines += [f"{n:<12} {v}" for n, v in found.facts.outputs.items() if n.endswith("Url")]
    lines += [f"alarm        {name}: {state}" for name, state in found.alarms.items()]
    lines += [f"health       {answer}" for answer in found.answers]
    lines += [f"health       {name} wants requests signed by IAM: not asked" for name in found.unasked]
    lines += [f"unhealthy:   {reason}" for reason in found.unhealthy]
    lines += [f"  {failure}" for failure in found.failures]
    lines += [f"drifted:     {reason}" for reason in found.drifted]
    return lines if found.unhealthy or found.drifted else [*lines, "healthy, and as deploy.yaml says"]
