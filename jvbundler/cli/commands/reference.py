"""The commands `explain`, `rules` and `schema`: what may be written, and what is checked."""

from __future__ import annotations

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_data, echo_text

EXPLAIN_EPILOG = """\b
Examples:
  jvbundler explain lambda.function.memory
  jvbundler explain kubernetes.ingress
  jvbundler explain references
"""
RULES_EPILOG = """\b
Examples:
  jvbundler rules
  jvbundler rules JVB402
"""
SCHEMA_EPILOG = """\b
Example:
  jvbundler schema > deploy.schema.json
"""


@click.command("explain", epilog=EXPLAIN_EPILOG)
@click.argument("key")
@options.talking
def explain(key: str) -> int:
    """Print what KEY of deploy.yaml means: type, limits, default, example, and the keys below it.

    `references` is not a key: it prints what `{{ }}` may use.
    """
    from jvbundler.project.documentation import explain_key

    echo_text(explain_key(key))
    return 0


@click.command("rules", epilog=RULES_EPILOG)
@click.argument("rule", required=False, metavar="[ID]")
@options.talking
def rules(rule: str | None) -> int:
    """List the rules that deploy.yaml and the app are checked against, or describe one of them."""
    from jvbundler.rules.documentation import rule_list, rule_text

    echo_text(rule_text(rule) if rule else rule_list())
    return 0


@click.command("schema", epilog=SCHEMA_EPILOG)
@options.talking
def schema() -> int:
    """Print the JSON Schema of deploy.yaml, for editors and for checks of your own."""
    from jvbundler.values.packaged import packaged_text

    echo_data(packaged_text("schemas/deploy.schema.json"))
    return 0
