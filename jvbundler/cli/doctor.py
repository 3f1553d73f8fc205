"""The command `doctor`."""

from __future__ import annotations

from typing import Any

import click

from jvbundler.cli import handoff, options
from jvbundler.cli.terminal import Terminal
from jvbundler.errors import InputError

EPILOG = """\b
Examples:
  jvbundler doctor
  jvbundler doctor apps/support -e prod --json
"""


@click.command("doctor", epilog=EPILOG)
@handoff.together(*handoff.reading, handoff.json_option)
@options.talking
@click.pass_obj
def command(terminal: Terminal, /, *, as_json: bool, **given: Any) -> int:
    """Check docker, kubectl, sam, aws, their versions, the engine, the cluster and the AWS account.

    With a deploy.yaml, what its environment needs; else all tools. Exit 4 if something is missing.
    """
    from jvbundler.deploy.doctor import all_checks, release_checks

    try:
        checks = release_checks(handoff.load(**given, target="docker").environment)
    except InputError:
        if given["environment"] or given["config"]:
            raise
        checks = all_checks()
    if as_json:
        fields = [
            {"name": c.name, "ok": c.ok, "found": c.found, "fix": "" if c.ok else c.fix} for c in checks
        ]
        handoff.print_json({"ok": all(c.ok for c in checks), "checks": fields})
    else:
        for check in checks:
            click.echo(f"{'ok     ' if check.ok else 'MISSING'} {check}")
    return 0 if all(check.ok for check in checks) else 4
