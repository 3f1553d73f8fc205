"""The command `schema`."""

from __future__ import annotations

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_data
from jvbundler.values.packaged import packaged_text

EPILOG = """\b
Example:
  jvbundler schema > deploy.schema.json
"""


@click.command("schema", epilog=EPILOG)
@options.talking
def command() -> int:
    """Print the JSON Schema of deploy.yaml, for editors and for checks of your own."""
    echo_data(packaged_text("schemas/deploy.schema.json"))
    return 0
