"""The command `dev`: the app on this machine, started again whenever its files change."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from jvbundler.cli import options
from jvbundler.cli.commands.local.talk import enabled_platform
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import Common, common_options, together
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import ask_nothing, session
from jvbundler.values.problem import JvbundlerError

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.dev.process import Process
    from jvbundler.deploy.release import Release
    from jvbundler.project.model import Platform

DEFAULT_PORT = 8080
_COLORS = re.compile(r"\x1b\[[0-9;]*m")
EPILOG = """\b
Examples:
  jvbundler dev
  jvbundler dev apps/support -e dev --platform lambda --port 9000
"""


@click.command("dev", epilog=EPILOG)
@together(common_options)
@click.option("--port", type=int, default=DEFAULT_PORT, show_default=True, help="Port on this machine.")
@click.option(
    "--platform",
    type=options.PlatformChoice(),
    help="The platform whose variables it gets.  [default: the enabled one]",
)
@click.option("--venv", is_flag=True, help="Use a virtual environment, even where docker runs.")
@click.option("--fresh", is_flag=True, help="Delete first what the app has stored here.")
@options.loudness
@options.talking
@click.pass_obj
def command(
    terminal: Terminal, /, *, common: Common, port: int, platform: Platform | None, venv: bool, fresh: bool
) -> int:
    """Run the app here until Ctrl-C, show its log, and start it again when its files change.

    With docker it is the image, built again at each change; without it the app in a virtual environment
    with exactly the image's packages, which is kept in your cache folder. It gets the variables of a
    platform, and its secrets from variables of the same names in your shell.
    """
    from jvbundler.cli.report.failure import tell_failure
    from jvbundler.deploy.dev.process import forget
    from jvbundler.fleet.watch import changes
    from jvbundler.pipeline.request import Request

    read = options.reading_options(common.config, common.settings, common.variables)
    if fresh:
        forget(common.release("docker"), common.environ())
    with contextlib.ExitStack() as running:
        looks: list[Callable[[], None]] = []

        def between() -> None:
            for look in looks:
                look()

        output = options.path_or_none(common.output)
        for changed in changes((common.app,), output, Request(read), between):
            if changed:
                echo_line(f"changed: {changed[0]}; starting again", err=True)
            running.close()
            looks.clear()
            try:
                release = common.release("docker")
                started = prepared(terminal, common, release, platform, port, venv=venv)
                looks.append(running.enter_context(served(common, release, started, port)))
            except JvbundlerError as failure:
                # What is wrong at the start may be an option or a variable, which no change of a file mends.
                if not changed:
                    raise
                tell_failure(failure, terminal)
    return 0


def prepared(
    terminal: Terminal, common: Common, release: Release, platform: Platform | None, port: int, *, venv: bool
) -> Process:
    """The image built, or the packages installed."""
    from jvbundler.deploy.dev.process import in_container, in_virtualenv
    from jvbundler.deploy.dev.virtualenv import packages_of, programs
    from jvbundler.deploy.image.commands import ImageOptions
    from jvbundler.deploy.image.push import ImageSteps, make_image, require_secrets

    environ, its = common.environ(), platform or enabled_platform(release.environment)
    progress = Progress(terminal)
    require_secrets(release, its, environ)
    if not venv and has_engine(environ):
        steps = ImageSteps(build=True, push=False, options=ImageOptions())
        make_image(release, steps, session(release, common, progress, ask_nothing), render=True)
        return in_container(release, its, port, environ)
    if (release.app_root / ".env").is_file():
        shown_as = "" if release.shown_as == "." else f"{release.shown_as}/"
        progress.note(f"jvagent reads {shown_as}.env as well, which is not in the image")
    shown = echo_line if terminal.verbose else _nothing
    mask = [value for name in release.secrets() if len(value := environ.get(name, "")) > 2]
    found = programs(packages_of(release), environ, progress.note, shown, mask)
    return in_virtualenv(release, its, port, environ, found)


def has_engine(environ: dict[str, str]) -> bool:
    from jvbundler.deploy.doctor import engine
    from jvbundler.runner import find_tool

    return bool(find_tool("docker")) and engine(environ).ok


@contextlib.contextmanager
def served(common: Common, release: Release, process: Process, port: int) -> Iterator[Callable[[], None]]:
    """Runs it; gives a function that says, once each, that it answers, and that it has ended."""
    from jvbundler.deploy.dev.process import GRACE_SECONDS, require_free, url_of
    from jvbundler.deploy.execution import Execution, secret_values
    from jvbundler.deploy.talk.http import is_answering
    from jvbundler.runner import background

    environ, url = common.environ(), url_of(port)
    health_path = release.environment.settings["server"]["health_path"]
    mask = secret_values(Execution(environ, lambda event: None, secrets=release.secrets()), process.command)
    told: set[str] = set()
    require_free(port)

    def look() -> None:
        code = poll()
        if code is not None and "ended" not in told:
            told.add("ended")
            echo_line(f"the app ended with exit code {code}; a change of its files starts it again", err=True)
        elif code is None and "ready" not in told and is_answering(f"{url}{health_path}"):
            told.add("ready")
            where = "" if port == DEFAULT_PORT else f" --url {url}"
            echo_line(f"ready at {url}; Ctrl-C ends it", err=True)
            echo_line(f"to talk to it, in another terminal: {chat(common)}{where}", err=True)

    with background(
        process.command.argv,
        on_line=lambda line: echo_line(_COLORS.sub("", line)),
        cwd=process.cwd,
        env=process.variables(environ),
        grace_seconds=GRACE_SECONDS,
        mask=mask,
    ) as poll:
        yield look


def chat(common: Common) -> str:
    from jvbundler.pipeline.next_steps import Place

    _, shown_as = options.app_root(common.app)
    place = Place(shown_as, common.config or "", common.output or "", common.environment)
    return place.command("chat", "local")


def _nothing(line: str) -> None:
    """Drops the installer's output: a failure repeats it."""
