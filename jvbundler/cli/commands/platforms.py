"""The groups `deploy`, `status`, `logs`, `rollback` and `destroy`: a subcommand for each platform."""

from __future__ import annotations

from importlib import import_module

import click

# The folder of each platform; in it, `deploy` has a module of its own and the other verbs share one.
PLATFORMS = {"k8s": "kubernetes", "lambda": "lambda_"}
ALIASES = {"kubernetes": "k8s"}
# jvdeploy's, for which there is only a message; it never had a rollback.
ECS = "ecs"
LINES = {"k8s": "On Kubernetes, with kubectl.", "lambda": "On AWS Lambda, with sam and aws."}
HELP = {
    "deploy": "Deploy the rendered files of an app.",
    "status": "Show the state of the deployed app; exit 1 if it is not healthy.",
    "logs": "Show the logs of the deployed app.",
    "rollback": "Go back to the previous version.",
    "destroy": "Remove what was deployed; data stays unless you say otherwise.",
}
EXAMPLES = {
    "deploy": ("deploy k8s -e dev --all", "deploy k8s -e prod --diff", "deploy lambda -e prod --dry-run"),
    "status": ("status k8s -e prod", "status lambda -e prod --json"),
    "logs": ("logs k8s -e prod --follow", "logs lambda -e prod --since 1h"),
    "rollback": ("rollback k8s -e prod", "rollback lambda -e prod"),
    "destroy": ("destroy k8s -e dev", "destroy lambda -e dev --dry-run"),
}


class PlatformGroup(click.Group):
    """A verb, with its command for each platform; a platform is imported when it is used."""

    def __init__(self, verb: str) -> None:
        lines = "".join(f"  jvbundler {example}\n" for example in EXAMPLES[verb])
        super().__init__(verb, help=HELP[verb], epilog=f"\b\nExamples:\n{lines}", no_args_is_help=True)
        self.verb = verb

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PLATFORMS)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """An environment, an app or an option in place of the platform: the platform comes first."""
        known = (*PLATFORMS, *ALIASES, *ctx.help_option_names, *(() if self.verb == "rollback" else (ECS,)))
        if args and args[0] not in known:
            ways = " or ".join(f"'jvbundler {self.verb} {platform} …'" for platform in PLATFORMS)
            raise click.UsageError(f"choose a platform: {ways}", ctx)
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == ECS and self.verb != "rollback":
            from jvbundler.cli.commands.predecessor import ecs

            return ecs
        folder = PLATFORMS.get(ALIASES.get(cmd_name, cmd_name))
        if folder is None:
            return None
        name = "deploy" if self.verb == "deploy" else "operate"
        module = import_module(f"jvbundler.cli.commands.{folder}.{name}")
        command: click.Command = getattr(module, self.verb)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Platforms"):
            formatter.write_dl([(name, LINES[name]) for name in PLATFORMS])
