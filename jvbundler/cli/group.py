"""The root command. A command's module is imported when it is used: `--help` and `--version` need none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from jvbundler import __version__
from jvbundler.cli.terminal import Terminal

# Name → its line in `--help`, by what it is for; the command is `command` in the module of that name in
# commands/, except for those that share a module.
GROUPS = {
    "Compile": {
        "init": "Write a first deploy.yaml for an app.",
        "next": "Show what is still to do until the app runs.",
        "render": "Write the deployment files, or check that they are current.",
        "diff": "Show what a render would change, with the risks, or how two environments differ.",
        "validate": "Check deploy.yaml, the app and the rendered files.",
        "show": "Print the configuration of an environment and where it comes from, or a picture.",
        "secrets": "List the secrets and how to create them, or check that they exist.",
        "env": "List, set or unset environment variables in deploy.yaml.",
        "migrate": "Give the keys of an older deploy.yaml today's names.",
        "lock": "Pin the image's Python packages, with hashes.",
        "ci": "Write a pipeline for GitHub, GitLab or Jenkins.",
        "bundle": "Write a Dockerfile into the app folder; needs no deploy.yaml.",
    },
    "Operate": {
        "deploy": "Deploy the rendered files.",
        "status": "Show the state of the deployed app.",
        "logs": "Show the logs of the deployed app.",
        "open": "Print the address of the deployed app, and open it in the browser.",
        "chat": "Talk to an agent of the deployed app, or of the one on this machine.",
        "invoke": "Send one message to an agent, and print its answer.",
        "rollback": "Go back to the previous version.",
        "destroy": "Remove what was deployed.",
        "hydrate": "Commit an environment's manifest to a branch that Argo CD or Flux pulls.",
        "publish": "Push an environment's manifest as an OCI artifact that Flux pulls.",
        "handover": "Leave a deployed app to Argo CD or Flux.",
        "image": "Show, set, promote and verify the image that runs in each environment.",
        "build": "Build the image.",
        "push": "Build and push the image, and record its digest.",
        "dev": "Run the app here, and start it again whenever its files change.",
        "run": "Start the image here, as it runs when deployed.",
        "doctor": "Check the tools and credentials that deploying needs.",
    },
    "Reference": {
        "explain": "Print what a key of deploy.yaml means.",
        "rules": "List the rules, or describe one of them.",
        "schema": "Print the JSON Schema of deploy.yaml or images.yaml.",
        "templates": "List, show or copy the templates of the output.",
        "completion": "Print the script that makes your shell complete commands and values.",
    },
}
COMMANDS = {name: words for commands in GROUPS.values() for name, words in commands.items()}
# The commands with a subcommand for each platform.
VERBS = ("deploy", "status", "logs", "open", "chat", "invoke", "rollback", "destroy", "run")
SHARED = {"build": "build", "push": "build"} | dict.fromkeys(
    ("explain", "rules", "schema", "completion"), "reference"
)
# jvdeploy's, for scripts that call them: not in `--help`.
HIDDEN = {"generate": "generate", "pip-get-packages": "pip_get_packages"}

EPILOG = """\b
Examples:
  jvbundler init --all && jvbundler render
  jvbundler render apps/support -e prod --set image.tag=1.4.2
  jvbundler render --check --format github

\b
Exit codes: 0 fine, 1 a difference found by --check or diff, 2 your files or options are
wrong, 3 the output folder is refused, 4 a tool failed, 70 internal error,
130 interrupted.

\b
Shell completion, for bash (also zsh, fish):
  eval "$(jvbundler completion bash)"
"""


class Root(click.Group):
    """Finds commands by name; `jvbundler [APP]`, as the predecessor's users type it, is `bundle`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in HIDDEN:
            from jvbundler.cli.commands import predecessor

            hidden: click.Command = getattr(predecessor, HIDDEN[cmd_name])
            return hidden
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in VERBS:
            from jvbundler.cli.commands.platforms import PlatformGroup

            return PlatformGroup(cmd_name)
        module = import_module(f"jvbundler.cli.commands.{SHARED.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, cmd_name if cmd_name in SHARED else "command")
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands first: they are what is looked for."""
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), words) for name, words in commands.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if ctx.resilient_parsing else with_default_command(args))

    def invoke(self, ctx: click.Context) -> Any:
        from jvbundler.output.outside import remove_left_files

        remove_left_files()
        return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not ctx.resilient_parsing and name not in COMMANDS and name not in HIDDEN:
            raise click.UsageError(f"no such command or folder '{name}'{did_you_mean(name, COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


def with_default_command(args: Sequence[str]) -> list[str]:
    """The arguments with `bundle` inserted if a folder is given instead of a command."""
    first = next((index for index, word in enumerate(args) if not word.startswith("-")), None)
    if first is None:
        asks = {"--help", "-h", "--version", "-v"} & set(args)
        return list(args) if asks or not is_app_here() else [*args, "bundle"]
    word = args[first]
    if word in COMMANDS or word in HIDDEN or not is_like_a_folder(word):
        return list(args)
    return [*args[:first], "bundle", *args[first:]]


def is_app_here() -> bool:
    return os.path.exists("app.yaml")  # noqa: PTH110


def is_like_a_folder(word: str) -> bool:
    """Whether there is such a folder, or the word looks too much like one to be a misspelt command."""
    # Not pathlib: it would cost `--help` a tenth of its time.
    return "/" in word or word in (".", "..") or os.path.isdir(word)  # noqa: PTH112


def did_you_mean(word: str, known: Any) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean '{near[0]}'?)" if near else f"; known here: {', '.join(known)}"


@click.command(
    cls=Root,
    epilog=EPILOG,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="jvbundler", message="%(prog)s %(version)s")
@click.version_option(__version__, "-v", prog_name="jvbundler", message="%(prog)s %(version)s", hidden=True)
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.option("-d", "as_jvdeploy", is_flag=True, hidden=True, help="The same; jvdeploy's.")
@click.option("--no-color", is_flag=True, help="No colours; NO_COLOR=1 does the same.")
@click.pass_obj
def root(terminal: Terminal, *, debug: bool, as_jvdeploy: bool, no_color: bool) -> None:
    """Compile a jvagent app and its deploy.yaml into a Dockerfile, a SAM template and Kustomize manifests.

    `jvbundler APP` alone is `jvbundler bundle APP`.
    """
    terminal.debug |= debug or as_jvdeploy
    terminal.no_color |= no_color
