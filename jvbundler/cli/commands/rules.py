"""The command `rules`."""

from __future__ import annotations

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_text
from jvbundler.rules.documentation import rule_list, rule_text

EPILOG = """\b
Examples:
  jvbundler rules
  jvbundler rules JVB402
"""


@click.command("rules", epilog=EPILOG)
@click.argument("rule", required=False, metavar="[ID]")
@options.talking
def command(rule: str | None) -> int:
    """List the rules that deploy.yaml and the app are checked against, or describe one of them."""
    echo_text(rule_text(rule) if rule else rule_list())
    return 0
