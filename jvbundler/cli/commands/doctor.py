"""The command `doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.printer import colored, echo_line, echo_result
from jvbundler.cli.release_options import Common, common_options, json_option, together
from jvbundler.cli.report.next_steps import tell_next
from jvbundler.cli.session import print_json
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal

EPILOG = """\b
Examples:
  jvbundler doctor
  jvbundler doctor apps/support -e prod --json
"""


@click.command("doctor", epilog=EPILOG)
@together(common_options, json_option)
@options.talking
@click.pass_obj
def command(terminal: Terminal, /, *, common: Common, as_json: bool) -> int:
    """Check docker, kubectl, sam, aws, their versions, the engine, the cluster and the AWS account.

    With a deploy.yaml, what its environment needs; else all tools. Exit 4 if something is missing.
    """
    from jvbundler.deploy.doctor import all_checks, release_checks

    try:
        checks = release_checks(common.release("docker").environment, common.environ())
    except InputError:
        if common.environment or common.config:
            raise
        checks = all_checks(common.environ())
    if as_json:
        fields = [
            {"name": c.name, "ok": c.ok, "found": c.found, "fix": "" if c.ok else c.fix} for c in checks
        ]
        print_json({"ok": all(c.ok for c in checks), "checks": fields})
    else:
        for check in checks:
            mark = colored("ok     ", terminal, "green") if check.ok else colored("MISSING", terminal, "red")
            echo_line(f"{mark} {check.name}: {check.found}")
            if check.fix and not check.ok:
                echo_line(f"  to fix it: {check.fix}")
        read = options.reading_options(common.config, common.settings, common.variables)
        asked = (common.environment,) if common.environment else ()
        tell_next(terminal, read, (common.app,), (common.config, common.output), asked)
        bad = sum(not check.ok for check in checks)
        verdict = f"{bad} of {len(checks)} missing" if bad else "ready"
        echo_result(verdict, terminal, color="red" if bad else "green")
    return 0 if all(check.ok for check in checks) else 4
