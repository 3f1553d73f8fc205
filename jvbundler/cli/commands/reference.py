"""The commands `explain`, `rules` and `schema`: what may be written, and what is checked."""

from __future__ import annotations

import click

from jvbundler.cli import options
from jvbundler.cli.completion import keys as all_keys
from jvbundler.cli.completion import rules as all_rules
from jvbundler.cli.printer import echo_data, echo_text
from jvbundler.cli.terminal import Terminal

EXPLAIN_EPILOG = """\b
Examples:
  jvbundler explain
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
  jvbundler schema images > images.schema.json
"""
COMPLETION_EPILOG = """\b
Examples, to be put into ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish:
  eval "$(jvbundler completion bash)"
  eval "$(jvbundler completion zsh)"
  jvbundler completion fish | source
"""


@click.command("explain", epilog=EXPLAIN_EPILOG)
@click.argument("key", required=False, metavar="[KEY]", shell_complete=all_keys)
@options.talking
@click.pass_obj
def explain(terminal: Terminal, key: str | None) -> int:
    """Print what KEY of deploy.yaml means: type, limits, default, example, and the keys below it.

    Without a KEY, an overview of the sections. `references` is not a key: it prints what `{{ }}` may use.
    """
    from jvbundler.cli.report.explained import entry, overview
    from jvbundler.cli.report.paper import show
    from jvbundler.project.documentation import explain_key, references_text, sections

    if key == "references":
        echo_text(references_text())
    else:
        show(entry(explain_key(key)) if key else overview(sections()), terminal)
    return 0


@click.command("rules", epilog=RULES_EPILOG)
@click.argument("rule", required=False, metavar="[ID]", shell_complete=all_rules)
@options.talking
@click.pass_obj
def rules(terminal: Terminal, rule: str | None) -> int:
    """List the rules that deploy.yaml and the app are checked against, or describe one of them."""
    from jvbundler.cli.report.explained import rule_table
    from jvbundler.cli.report.paper import show
    from jvbundler.rules.documentation import rule_text
    from jvbundler.rules.engine import RULES

    if rule:
        echo_text(rule_text(rule))
    else:
        show([rule_table(RULES)], terminal)
    return 0


@click.command("schema", epilog=SCHEMA_EPILOG)
@click.argument("name", metavar="[deploy|images]", type=click.Choice(("deploy", "images")), default="deploy")
@options.talking
def schema(name: str) -> int:
    """Print the JSON Schema of deploy.yaml, or of images.yaml, for editors and for checks of your own."""
    from jvbundler.values.packaged import packaged_text

    echo_data(packaged_text(f"schemas/{name}.schema.json"))
    return 0


@click.command("completion", epilog=COMPLETION_EPILOG)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@options.talking
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print the script that makes SHELL complete commands, options, environments, keys and rules."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None, shell
    echo_data(found(ctx.find_root().command, {}, "jvbundler", "_JVBUNDLER_COMPLETE").source())
    return 0
