"""The groups `deploy`, `status`, `logs`, `rollback` and `destroy`: a subcommand for each platform."""

from __future__ import annotations

from importlib import import_module

import click

# Each module has `COMMANDS`, a click command by verb. Imported when it is used.
PLATFORMS = {"k8s": "jvbundler.cli.kubernetes", "lambda": "jvbundler.cli.lambda_"}
ALIASES = {"kubernetes": "k8s"}
LINES = {"k8s": "On Kubernetes, by kubectl.", "lambda": "On AWS Lambda, by sam and aws."}


class PlatformGroup(click.Group):
    def __init__(self, verb: str, help: str, epilog: str) -> None:
        super().__init__(verb, help=help, epilog=epilog, no_args_is_help=True)
        self.verb = verb

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PLATFORMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        platform = PLATFORMS.get(ALIASES.get(cmd_name, cmd_name))
        if platform is None:
            return None
        command: click.Command = import_module(platform).COMMANDS[self.verb]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Platforms"):
            formatter.write_dl([(name, LINES[name]) for name in PLATFORMS])
