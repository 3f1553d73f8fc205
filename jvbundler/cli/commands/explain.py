"""The command `explain`."""

from __future__ import annotations

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_text
from jvbundler.project.documentation import explain_key

EPILOG = """\b
Examples:
  jvbundler explain lambda.function.memory
  jvbundler explain kubernetes.ingress
  jvbundler explain references
"""


@click.command("explain", epilog=EPILOG)
@click.argument("key")
@options.talking
def command(key: str) -> int:
    """Print what KEY of deploy.yaml means: type, limits, default, example, and the keys below it.

    `references` is not a key: it prints what `{{ }}` may use.
    """
    echo_text(explain_key(key))
    return 0
