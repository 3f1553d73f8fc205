"""Options that several commands share, and the values that they make."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jvbundler.cli import completion
from jvbundler.cli.terminal import Terminal
from jvbundler.render.targets import TARGETS

if TYPE_CHECKING:
    from jvbundler.fleet.part import Part
    from jvbundler.fleet.shards import Shard
    from jvbundler.pipeline.request import Options

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FORMATS = ("text", "json", "github", "sarif", "junit")
# A platform on the command line, and its section in deploy.yaml.
PLATFORMS = {"k8s": "kubernetes", "lambda": "lambda"}
# The section's name is accepted as well.
ALIASES = {"kubernetes": "k8s"}


class Option(click.Option):
    """An option that also has names which are accepted and not shown: jvdeploy's, and our own old ones."""

    def __init__(self, *args: Any, also: Sequence[str] = (), **given: Any) -> None:
        super().__init__(*args, **given)
        self.also = also

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        shown, self.opts = self.opts, [*self.opts, *self.also]
        super().add_to_parser(parser, ctx)
        self.opts = shown


class PlatformChoice(click.Choice[str]):
    """One of `names`; the value is what deploy.yaml and the output call it: `kubernetes` for `k8s`."""

    def __init__(self, names: Iterable[str] = PLATFORMS) -> None:
        super().__init__([name for name in names if name not in ALIASES])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = super().convert(ALIASES.get(value, value), param, ctx)
        return PLATFORMS.get(name, name)


# The parts of the output, in its order; Kubernetes by the name that it has on the command line.
PARTS = [next((name for name, section in PLATFORMS.items() if section == part), part) for part in TARGETS]


def target_option(words: str, names: Iterable[str] = PLATFORMS) -> Callable[[Decorated], Decorated]:
    """`--target`, which may be repeated."""
    return click.option("--target", "targets", multiple=True, type=PlatformChoice(names), help=words)


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback that stores the option's value for printing, even after a failure."""

    def store(ctx: click.Context, _: click.Parameter, value: Any) -> Any:
        terminal: Terminal = ctx.find_root().obj
        # What is not given must not undo what is: with '--json' comes the default of '--format'.
        if value not in (None, False, "text") or name == "show_source":
            setattr(terminal, name, value)
        return value

    return store


def loudness(command: Decorated) -> Decorated:
    """`-v` and `-q`, for commands that say more than their answer."""
    for flags, name, words in (
        (("-q", "--quiet"), "quiet", "Only problems and the answer: no progress, counts or hints."),
        (("-v", "--verbose"), "verbose", "Show all: the output of every tool, and warnings shown before."),
    ):
        option = click.option(
            *flags, name, is_flag=True, expose_value=False, callback=_remember(name), help=words
        )
        command = option(command)
    return command


def talking(command: Decorated) -> Decorated:
    """`--debug` and `--no-color`, which may follow the command as well."""
    for name, words in (("debug", "Show the traceback of an internal error."), ("no_color", "No colours.")):
        flag = f"--{name.replace('_', '-')}"
        option = click.option(
            flag, name, is_flag=True, expose_value=False, callback=_remember(name), hidden=True, help=words
        )
        command = option(command)
    return command


def reporting(command: Decorated) -> Decorated:
    source = click.option(
        "--show-source/--no-show-source",
        default=None,
        expose_value=False,
        callback=_remember("show_source"),
        help="Show the line of each problem. Default: on a terminal.",
    )
    form = format_option(FORMATS, "How problems are reported; all but text go to standard output.")
    return loudness(form(source(command)))


def format_option(formats: Sequence[str], words: str) -> Callable[[Decorated], Decorated]:
    """`--format`, and `--json` for `--format json`; the answer is the terminal's `format`."""
    form = click.option(
        "--format",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        expose_value=False,
        is_eager=True,
        callback=_remember("format"),
        help=words,
    )
    flag = click.option(
        "--json",
        "as_json",
        is_flag=True,
        flag_value="json",
        expose_value=False,
        is_eager=True,
        callback=_remember("format"),
        help="The same as --format json.",
    )
    return lambda command: form(flag(command))


def form_option(formats: Sequence[str], words: str, *, hidden: bool = False) -> Callable[[Any], Any]:
    """`--format` and `--json` of a command whose answer alone has this format: its argument `form`."""

    def decorate(command: Any) -> Any:
        @wraps(command)
        def with_form(*arguments: Any, form: str, as_json: bool, **given: Any) -> Any:
            return command(*arguments, form="json" if as_json else form, **given)

        for option in (
            click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
            click.option(
                "--format",
                "form",
                type=click.Choice(formats),
                default="text",
                show_default=True,
                hidden=hidden,
                help=words,
            ),
        ):
            with_form = option(with_form)
        return with_form

    return decorate


def app_argument(command: Decorated) -> Decorated:
    return click.argument("app", default=".", metavar="[APP]", shell_complete=completion.folders)(command)


def apps_argument(command: Decorated) -> Decorated:
    return click.argument("apps", nargs=-1, metavar="[APP]...", shell_complete=completion.folders)(command)


def config_option(command: Decorated) -> Decorated:
    return click.option(
        "-c",
        "--config",
        metavar="FILE",
        shell_complete=completion.files,
        help="deploy.yaml.  [default: APP/deploy.yaml]",
    )(command)


def set_option(command: Decorated) -> Decorated:
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        shell_complete=completion.settings,
        help="Set a key of deploy.yaml, as in image.tag=1.2.3; repeatable.",
    )(command)


def output_option(command: Decorated) -> Decorated:
    return click.option(
        "-o",
        "--output",
        metavar="DIR",
        shell_complete=completion.folders,
        help="Output folder.  [default: deploy/ beside deploy.yaml]",
    )(command)


def environment_option(words: str) -> Callable[[Decorated], Decorated]:
    """`-e`, once."""
    return click.option(
        "-e",
        "--environment",
        default="",
        metavar="ENV",
        shell_complete=completion.environments,
        help=words,
    )


def environments_option(command: Decorated) -> Decorated:
    """`-e`, which may be repeated."""
    return click.option(
        "-e",
        "--environment",
        "environments",
        multiple=True,
        metavar="ENV",
        shell_complete=completion.environments,
        help="Only this one; repeatable.",
    )(command)


def config_options(command: Decorated) -> Decorated:
    """Everything that decides how deploy.yaml is read."""
    options = (
        config_option,
        set_option,
        click.option(
            "--env",
            "variables",
            multiple=True,
            metavar="NAME=VALUE",
            help="Set an environment variable of the container; repeatable.",
        ),
        click.option(
            "--jvagent",
            metavar="PATH",
            help="Folder of a jvagent package: its actions and its release.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def image_option(command: Any) -> Any:
    """`--image`, which stands for several `--set` and reaches the command among its `settings`."""

    @wraps(command)
    def with_images(*arguments: Any, images: tuple[str, ...], settings: tuple[str, ...], **given: Any) -> Any:
        from jvbundler.pipeline.images import settings_of

        pairs = [pair for image in images for pair in settings_of(image)]
        return command(*arguments, settings=(*settings, *pairs), **given)

    option = click.option(
        "--image",
        "images",
        multiple=True,
        metavar="[k8s=|lambda=]REF",
        help="Image REPOSITORY:TAG@DIGEST in place of the one in the files, as for a preview.",
    )
    return option(with_images)


def selection_options(command: Decorated) -> Decorated:
    options = (
        environments_option,
        target_option("Only this one; repeatable.", PARTS),
        click.option("--templates", metavar="DIR", help="Folder of templates that replace ours."),
        output_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _shard(_: click.Context, __: click.Parameter, text: str | None) -> Shard | None:
    if text is None:
        return None
    from jvbundler.fleet.shards import shard_of

    try:
        return shard_of(text)
    except ValueError as failure:
        raise click.BadParameter(str(failure)) from None


def part_options(command: Decorated) -> Decorated:
    """`--since` and `--shard`: which of the apps."""
    shard = click.option(
        "--shard",
        metavar="NUMBER/OF",
        callback=_shard,
        help="Only one of several parts of the apps, as in 2/8: for jobs of CI.",
    )
    since = click.option(
        "--since",
        metavar="REVISION",
        help="Only apps with a file that changed since this git revision.",
    )
    return since(shard(command))


def part_of(since: str | None, shard: Shard | None) -> Part | None:
    """None for all apps."""
    if since is None and shard is None:
        return None
    if since == "":
        # A variable of CI that nobody has set.
        raise click.UsageError("--since: the revision is empty")
    from jvbundler.fleet.part import Part

    return Part(since or "", shard)


def app_root(app: str = ".") -> tuple[Path, str]:
    """The folder, and its name in messages: as it was typed."""
    return Path(app), app.removeprefix("./") or "."


def path_or_none(text: str | None) -> Path | None:
    return Path(text) if text else None


def reading_options(
    config: str | None,
    settings: Sequence[str] = (),
    variables: Sequence[str] = (),
    jvagent: str | None = None,
    *,
    strict: bool = False,
) -> Options:
    """How to read the app. In CI, `--strict` asks for the list of variables: nobody reads a warning there."""
    from jvbundler.pipeline.request import Options, assignments

    return Options(
        environ=dict(os.environ),
        config=path_or_none(config),
        assignments=assignments(settings, variables),
        jvagent=path_or_none(jvagent),
        requires_list=strict and bool(os.environ.get("CI")),
    )
