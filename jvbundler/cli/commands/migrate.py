"""The command `migrate`."""

from __future__ import annotations

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_line, echo_lines

EPILOG = """\b
Examples:
  jvbundler migrate
  jvbundler migrate apps/support --write
"""


@click.command("migrate", epilog=EPILOG)
@options.app_argument
@click.option("-c", "--config", metavar="FILE", help="deploy.yaml.  [default: APP/deploy.yaml]")
@click.option("--write", is_flag=True, help="Change the file.")
@options.talking
def command(app: str, config: str | None, *, write: bool) -> int:
    """Give the keys of an older deploy.yaml of APP (default: this folder) today's names (JVB122).

    Comments, order and values stay as they are. Without --write it only shows what would change.
    """
    from difflib import unified_diff

    from jvbundler.output.single import write_file
    from jvbundler.pipeline.edit import read_for_edit
    from jvbundler.pipeline.migrate import migrated
    from jvbundler.pipeline.request import Options, config_path

    root, _ = options.app_root(app)
    path = config_path(root, Options(environ={}, config=options.path_or_none(config)))
    before = read_for_edit(path)
    text = migrated(before)
    if text == before:
        echo_line(f"{path}: has today's names")
    elif write:
        write_file(path, text, force=True)
        echo_line(f"{path}: written")
    else:
        old, new = before.splitlines(), text.splitlines()
        echo_lines(unified_diff(old, new, str(path), f"{path}, with today's names", lineterm=""))
        echo_line("next: 'jvbundler migrate --write' changes the file", err=True)
    return 0
