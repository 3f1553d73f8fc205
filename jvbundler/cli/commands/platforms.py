"""The groups `deploy`, `status`, `logs`, `open`, `chat`, `invoke`, `rollback`, `destroy` and `run`: a
subcommand for each platform.

Without a platform, what the environment enables is meant. `deploy` and `status` take both; where the other
verbs find both, they ask for a choice, as it matters which one is destroyed; `run` starts the plain image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from jvbundler.cli.options import ALIASES, PLATFORMS
from jvbundler.cli.terminal import Terminal
from jvbundler.values.problem import InputError
from jvbundler.values.safe_text import shell_line

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release

# The folder of each platform; in it, `deploy` has a module of its own and the other verbs share one. In the
# order of a deployment: CloudFormation undoes what fails by itself, and the cluster is then as it was.
FOLDERS = {"lambda": "lambda_", "k8s": "kubernetes"}
# The name of the command that stands for what is enabled.
ENABLED = ""
# Beside the platforms, in the verbs that talk to the app: what 'dev' or 'run' started on this machine.
LOCAL = "local"
WITH_LOCAL = ("chat", "invoke")
MODULES = {"deploy": "deploy", "run": "run"} | dict.fromkeys(WITH_LOCAL, "talk")
# jvdeploy's, for which there is only a message, in the verbs that it had.
ECS = "ecs"
WITH_ECS = ("deploy", "status", "logs", "destroy")
LINES = {
    "k8s": "On Kubernetes, with kubectl.",
    "lambda": "On AWS Lambda, with sam and aws.",
    LOCAL: "On this machine, as 'jvbundler dev' or 'jvbundler run' started it.",
}
# `run` reaches neither.
RUN_LINES = {
    "k8s": "As a pod runs it: the image alone, with docker.",
    "lambda": "As Lambda runs it: AWS's emulator in the image, with the API before it.",
}
HELP = {
    "deploy": "Deploy the rendered files of an app.\n\nWithout a platform: to every platform that the "
    "environment enables. All checks and one question come first, then Lambda, then Kubernetes; a failure of "
    "the first is the end.",
    "status": "Show the state of the deployed app; exit 1 if it is not healthy.\n\nWithout a platform: on "
    "every platform that the environment enables.",
    "logs": "Show the logs of the deployed app.\n\nThe platform may be left out where only one is enabled.",
    "open": "Print the address of the deployed app, and open it in the browser if this is a terminal."
    "\n\nThe platform may be left out where only one is enabled.",
    "chat": "Talk to an agent of the deployed app, or of the one on this machine."
    "\n\nThe platform may be left out where only one is enabled.",
    "invoke": "Send one message to an agent of the deployed app, and print its answer."
    "\n\nThe platform may be left out where only one is enabled.",
    "rollback": "Go back to the previous version.\n\nThe platform may be left out where only one is enabled.",
    "run": "Start the image on this machine as it runs when deployed: read-only, without root.\n\nWithout a "
    "platform: 'run lambda' where only Lambda is enabled, else 'run k8s'.",
    "destroy": "Remove what was deployed; data stays unless you say otherwise.\n\nThe platform may be left "
    "out where only one is enabled.",
}
EXAMPLES = {
    "deploy": ("deploy -e dev --all", "deploy k8s -e prod --diff", "deploy lambda -e prod --dry-run"),
    "status": ("status -e prod", "status lambda -e prod --json"),
    "logs": ("logs k8s -e prod --follow", "logs lambda -e prod --since 1h"),
    "open": ("open -e prod", "open lambda -e dev --print"),
    "chat": ("chat local", "chat k8s -e prod --agent acme/helper"),
    "invoke": ('invoke lambda -e prod "What can you do?" --json', 'invoke local "Hello"'),
    "rollback": ("rollback k8s -e prod", "rollback lambda -e prod"),
    "run": ("run -e dev", "run lambda -e dev --port 9000"),
    "destroy": ("destroy k8s -e dev", "destroy lambda -e dev --dry-run"),
}


class PlatformGroup(click.Group):
    """A verb, with its command for each platform; a platform is imported when it is used."""

    def __init__(self, verb: str) -> None:
        lines = "".join(f"  jvbundler {example}\n" for example in EXAMPLES[verb])
        super().__init__(
            verb,
            help=HELP[verb],
            epilog=f"'jvbundler {verb} k8s --help' lists the options.\n\n\b\nExamples:\n{lines}",
            subcommand_metavar=f"[{'|'.join(platforms_of(verb))}] {'MESSAGE ' * (verb == 'invoke')}[APP]",
            result_callback=partial(ended, verb),
        )
        self.verb = verb

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(platforms_of(self.verb))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The platform comes first here, wherever it was written."""
        if not args and ctx.resilient_parsing:
            return super().parse_args(ctx, args)  # completion, of the platform
        known = (*platforms_of(self.verb), *ALIASES, *((ECS,) if self.verb in WITH_ECS else ()))
        if not args or args[0] not in (*known, *ctx.help_option_names):
            places = list(words_in(args, enabled_command(self.verb).params))[:2]
            words = [args[at] for at in places]
            if words[:1] and words[0] in known:
                args = [words[0], *args[: places[0]], *args[places[0] + 1 :]]
            elif words[1:] and words[1] in known and not ctx.resilient_parsing:
                way = shell_line(["jvbundler", self.verb, words[1], words[0]])
                raise click.UsageError(f"the platform stands before the app: {way}", ctx)
            else:
                args = [ENABLED, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == ECS and self.verb in WITH_ECS:
            from jvbundler.cli.commands.predecessor import ecs

            return ecs
        if cmd_name == ENABLED:
            return enabled_command(self.verb)
        name = ALIASES.get(cmd_name, cmd_name)
        return command_of(self.verb, name) if name in platforms_of(self.verb) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Platforms"):
            lines = RUN_LINES if self.verb == "run" else LINES
            formatter.write_dl([(name, lines[name]) for name in platforms_of(self.verb)])


def platforms_of(verb: str) -> tuple[str, ...]:
    return (*PLATFORMS, *((LOCAL,) if verb in WITH_LOCAL else ()))


def command_of(verb: str, platform: str) -> click.Command:
    name = MODULES.get(verb, "operate")
    module = import_module(f"jvbundler.cli.commands.{FOLDERS.get(platform, platform)}.{name}")
    command: click.Command = getattr(module, "open_" if verb == "open" else verb)
    return command


def words_in(args: Sequence[str], params: Iterable[click.Parameter]) -> Iterator[int]:
    """Where the words stand that are neither options nor the values of some."""
    options = [param for param in params if isinstance(param, click.Option)]
    taking = [option for option in options if not option.is_flag]
    valued = {opt for option in taking for opt in (*option.opts, *getattr(option, "also", ()))}
    skip = False
    for at, word in enumerate(args):
        if skip:
            skip = False
        elif word.startswith("--"):
            skip = word in valued
        elif word.startswith("-") and word != "-":
            # Flags may share a dash with an option whose value follows, as in `-ve prod`.
            ends = [f"-{letter}" in valued for letter in word[1:]]
            skip = True in ends and ends.index(True) == len(ends) - 1
        else:
            yield at


class Unnamed(click.Context):
    """The context of a command without a name of its own."""

    @property
    def command_path(self) -> str:
        return super().command_path.rstrip()


class EnabledCommand(click.Command):
    """A verb without a platform; it knows the options of both."""

    context_class = Unnamed

    def __init__(self, verb: str, params: list[click.Parameter]) -> None:
        super().__init__(ENABLED, params=params, help=HELP[verb])
        self.verb = verb

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[__name__] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """As the enabled platform's command, if there is one; each of two gets the options that it knows."""
        platforms = run_platform(ctx) if self.verb == "run" else enabled_platforms(ctx)
        if len(platforms) == 1:
            command = command_of(self.verb, platforms[0])
            with command.make_context(platforms[0], list(ctx.meta[__name__]), parent=ctx.parent) as its:
                return command.invoke(its)
        if self.verb not in ENDS or ctx.params.get("watch"):
            ways = " or ".join(f"'jvbundler {self.verb} {platform} …'" for platform in PLATFORMS)
            raise click.UsageError(f"both platforms are enabled: choose one with {ways}", ctx.parent)
        given = [n for n in ctx.params if ctx.get_parameter_source(n) is ParameterSource.COMMANDLINE]
        makes = []
        for platform in platforms:
            command = command_of(self.verb, platform)
            known = {param.name for param in command.params if param.expose_value}
            values = {name: ctx.params[name] for name in given if name in known}
            makes.append(partial(ctx.invoke, command, **values))
        return ENDS[self.verb](makes, ctx.obj)


def enabled_command(verb: str) -> click.Command:
    """A command with the options of both platforms; of two with one name, the first stands for both."""
    params: dict[str, click.Parameter] = {}
    for platform in FOLDERS:
        for param in command_of(verb, platform).params:
            taken = {opt for each in params.values() for opt in each.opts}
            if not taken & set(param.opts):
                params.setdefault(str(param.name), param)
    return EnabledCommand(verb, list(params.values()))


def enabled_platforms(ctx: click.Context) -> tuple[str, ...]:
    """Those of the chosen environment. Raises InputError if there is none."""
    release = chosen_release(ctx)
    found = platforms_in(release)
    if not found:
        ways = " or ".join(f"'{section}.enabled: true'" for section in PLATFORMS.values())
        raise InputError(
            f"no platform is enabled in environment '{release.environment.name}': set {ways} in "
            f"{release.project.file}"
        )
    return found


def run_platform(ctx: click.Context) -> tuple[str, ...]:
    """The only one that is enabled. `k8s` starts the plain image, with the variables of its `--target`."""
    is_plain = ctx.params["platform"] is not None
    return ("lambda",) if not is_plain and platforms_in(chosen_release(ctx)) == ("lambda",) else ("k8s",)


def platforms_in(release: Release) -> tuple[str, ...]:
    settings: Any = release.environment.settings
    return tuple(platform for platform in FOLDERS if settings[PLATFORMS[platform]]["enabled"])


def chosen_release(ctx: click.Context) -> Release:
    from jvbundler.cli.release_options import Common

    return Common(**{field: ctx.params[field] for field in Common._fields}).release("docker")


def deployed(makes: Sequence[Callable[[], Any]], terminal: Terminal) -> int:
    from jvbundler.cli.deployment import carry_out

    return carry_out(makes, terminal)


def looked_at(makes: Sequence[Callable[[], Any]], terminal: Terminal) -> int:
    from jvbundler.cli.report.states import show_states

    return show_states([make() for make in makes], terminal)


# What is done with the values that the commands of these verbs return, for one platform or for both.
ENDS = {"deploy": deployed, "status": looked_at}


def ended(verb: str, value: Any) -> Any:
    """The exit code, of a value that a platform's command returned."""
    if isinstance(value, int) or verb not in ENDS:
        return value
    return ENDS[verb]([lambda: value], click.get_current_context().find_root().obj)
