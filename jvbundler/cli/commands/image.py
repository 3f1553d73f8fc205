"""The commands `image show`, `set`, `promote`, `verify` and `history`: which image runs where."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from jvbundler.cli import completion, options
from jvbundler.cli.printer import echo_line
from jvbundler.cli.release_options import dry_run_option, json_option, together, yes_option
from jvbundler.cli.session import print_json
from jvbundler.pipeline.images import images_path
from jvbundler.values.problem import InputError

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal
    from jvbundler.deploy.image.promotion import Change
    from jvbundler.pipeline.compile import Compiled
    from jvbundler.pipeline.request import Options
    from jvbundler.project.model import Environment, Platform

EPILOG = """\b
Examples:
  jvbundler image show
  jvbundler image set -e staging ghcr.io/acme/support:1.4.0@sha256:…
  jvbundler image promote --from staging --to prod
  jvbundler image verify -e prod
"""
ONE = options.environment_option("Environment.  [default: all]")
PLATFORM = click.option("--platform", type=options.PlatformChoice(), help="Only the image of this platform.")
OUTPUT = options.output_option
NO_RENDER = click.option("--no-render", is_flag=True, help="Only change images.yaml; do not render.")
OFFLINE = click.option("--offline", is_flag=True, help="Do not ask a registry.")


class App(NamedTuple):
    """An app as it was compiled, and how."""

    root: Path
    shown_as: str
    options: Options
    compiled: Compiled

    @property
    def images(self) -> Path:
        """The image file, which need not exist."""
        return images_path(self.root, self.options, self.compiled.source.images)

    def environments(self, name: str) -> tuple[Environment, ...]:
        """The one of that name, or all."""
        from jvbundler.deploy.release import chosen_environment

        project = self.compiled.project
        return (chosen_environment(project, name),) if name else project.environments

    def is_protected(self, environment: str) -> bool:
        return environment in self.compiled.project.base.settings["protected"]


@click.group("image", epilog=EPILOG)
@options.talking
def command() -> None:
    """Show, set, promote and verify the image that runs in each environment.

    `set` and `promote` write images.yaml, beside deploy.yaml, and render: what is committed then is what is
    deployed. Comments in the file stay, and so do the ones that robots look for.
    """


@command.command("show", epilog="Example: jvbundler image show -e prod --json")
@together(options.app_argument, options.config_option, ONE, OFFLINE, json_option)
@click.pass_obj
def show(
    terminal: Terminal, /, *, app: str, config: str | None, environment: str, offline: bool, as_json: bool
) -> int:
    """Show which image each environment of APP (default: this folder) runs, as the files say it.

    Where docker can ask the registry, with the time at which the image was built.
    """
    from jvbundler.cli.report.images import running_document, show_running
    from jvbundler.deploy.image.promotion import running
    from jvbundler.deploy.image.registry import looked_up

    found = [one for each in _loaded(app, config).environments(environment) for one in running(each)]
    told = {} if offline else looked_up((one.image for one in found), os.environ)
    times = {one: told[one.image].created if one.image in told else "" for one in found}
    if as_json:
        print_json({"images": [running_document(one, times[one]) for one in found]})
    else:
        show_running(times, terminal)
    return 0


@command.command("set", epilog="Example: jvbundler image set -e dev ghcr.io/acme/support:1.4.0@sha256:…")
@click.argument("words", nargs=-1, required=True, shell_complete=completion.folders, metavar="[APP] REF")
@together(
    options.config_option,
    options.environment_option("Environment; not needed if there is only one."),
    PLATFORM,
    OUTPUT,
    NO_RENDER,
    dry_run_option,
    yes_option,
    json_option,
)
@click.pass_obj
def set_(
    terminal: Terminal,
    /,
    *,
    words: tuple[str, ...],
    config: str | None,
    environment: str,
    platform: Platform | None,
    output: str | None,
    no_render: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Have an environment of APP (default: this folder) run the image REF: REPOSITORY:TAG@DIGEST."""
    from jvbundler.deploy.image.promotion import setting
    from jvbundler.deploy.release import chosen_environment
    from jvbundler.values.reference import parse_reference

    if len(words) > 2:
        raise click.UsageError("expected [APP] REF")
    folder, text = words if len(words) == 2 else (".", words[0])
    image = parse_reference(text)
    if image is None:
        raise InputError(f"'{text}' is not the reference of an image: write REPOSITORY:TAG@DIGEST")
    app = _loaded(folder, config)
    chosen = chosen_environment(app.compiled.project, environment)
    how = How(output, render=not no_render, dry_run=dry_run, yes=yes, as_json=as_json)
    return _carry_out(terminal, app, chosen, [setting(chosen, platform, image)], how)


@command.command("promote", epilog="Example: jvbundler image promote --from staging --to prod")
@click.option(
    "--from",
    "source",
    required=True,
    metavar="ENV",
    shell_complete=completion.environments,
    help="Whose images.",
)
@click.option(
    "--to",
    "target",
    required=True,
    metavar="ENV",
    shell_complete=completion.environments,
    help="Which gets them.",
)
@together(options.app_argument, options.config_option, PLATFORM)
@click.option(
    "--keep-repository", is_flag=True, help="Only tag and digest move: the target has a registry of its own."
)
@together(OUTPUT, NO_RENDER, OFFLINE, dry_run_option, yes_option, json_option)
@click.pass_obj
def promote(
    terminal: Terminal,
    /,
    *,
    app: str,
    config: str | None,
    source: str,
    target: str,
    platform: Platform | None,
    keep_repository: bool,
    output: str | None,
    no_render: bool,
    offline: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Have one environment of APP (default: this folder) run the images of another.

    Shows what changes first, with the commits between the two images where their labels name them. Asks for
    the name of a protected environment.
    """
    from jvbundler.deploy.image.promotion import promotion
    from jvbundler.deploy.release import chosen_environment

    loaded = _loaded(app, config)
    giving = chosen_environment(loaded.compiled.project, source)
    chosen = chosen_environment(loaded.compiled.project, target)
    changes = promotion(giving, chosen, platform, keep_repository=keep_repository)
    how = How(output, render=not no_render, dry_run=dry_run, yes=yes, as_json=as_json, offline=offline)
    return _carry_out(terminal, loaded, chosen, changes, how)


@command.command("verify", epilog="Example: jvbundler image verify -e prod")
@together(options.app_argument, options.config_option, ONE, PLATFORM, json_option)
@click.pass_obj
def verify(
    terminal: Terminal,
    /,
    *,
    app: str,
    config: str | None,
    environment: str,
    platform: Platform | None,
    as_json: bool,
) -> int:
    """Ask the registries for the images of APP (default: this folder), by their digests.

    Each has to exist, and to be for the architectures that its platform runs; Lambda takes no index. Exit
    code 1 if one is not as it has to be.
    """
    from jvbundler.cli.report.images import show_verified, verified_document
    from jvbundler.deploy.doctor import buildx, require
    from jvbundler.deploy.image.check import verify as verified
    from jvbundler.deploy.image.promotion import running

    environments = _loaded(app, config).environments(environment)
    require([buildx(os.environ)])
    found = [verified(each, one, os.environ) for each in environments for one in running(each, platform)]
    if as_json:
        print_json({"ok": not any(one.wrong for one in found), "images": [*map(verified_document, found)]})
    else:
        show_verified(found, terminal)
    return int(any(one.wrong for one in found))


@command.command("history", epilog="Example: jvbundler image history -e prod")
@together(options.app_argument, options.config_option, ONE)
@click.option(
    "-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many changes."
)
@json_option
@click.pass_obj
def history(
    terminal: Terminal, /, *, app: str, config: str | None, environment: str, limit: int, as_json: bool
) -> int:
    """Show when the images of APP (default: this folder) changed, newest first, by git's log of the file."""
    from jvbundler.cli.report.images import moved_document, show_moved
    from jvbundler.deploy.image.history import history as changes

    loaded = _loaded(app, config)
    if environment:
        loaded.environments(environment)
    found = changes(loaded.images, os.environ, environment=environment, limit=limit)
    if as_json:
        print_json({"changes": [*map(moved_document, found)]})
    else:
        show_moved(found, terminal)
    return 0


def _loaded(app: str, config: str | None) -> App:
    from jvbundler.pipeline.compile import compile_project

    root, shown_as = options.app_root(app)
    read = options.reading_options(config)
    return App(root, shown_as, read, compile_project(root, shown_as, read))


class How(NamedTuple):
    """How a change of images.yaml is carried out."""

    output: str | None
    render: bool
    dry_run: bool
    yes: bool
    as_json: bool
    offline: bool = True


def _carry_out(
    terminal: Terminal, app: App, environment: Environment, changes: Sequence[Change], how: How
) -> int:
    """Show what changes, ask where the environment is protected, write, and render."""
    from jvbundler.cli.report.images import change_document, show_changes
    from jvbundler.deploy.image.promotion import changed_text, commits, differing
    from jvbundler.output.single import write_file
    from jvbundler.pipeline.compile import compile_project

    real = differing(changes)
    between = {} if how.offline else {one: commits(one, app.root, os.environ) for one in real}
    document: dict[str, Any] = {
        "environment": environment.name,
        "changes": [change_document(one, between.get(one, ())) for one in real],
    }
    if not how.as_json:
        show_changes(real, between, environment.name, terminal)
    text = changed_text(app.images, real)
    # Nothing is written that a render would refuse.
    compile_project(app.root, app.shown_as, app.options._replace(images=text.encode()))
    if real and not how.dry_run:
        if app.is_protected(environment.name):
            from jvbundler.cli.session import confirm_name

            confirm_name(environment.name, "change its image", yes=how.yes)
        write_file(app.images, text, force=True)
        written = _rendered(app, how.output) if how.render else ()
        document |= {"file": str(app.images), "written": [*written]}
        if not how.as_json:
            rendered = f", {len(written)} files rendered" if how.render else ""
            echo_line(f"{app.images}: written{rendered}")
    if how.as_json:
        print_json(document)
    return 0


def _rendered(app: App, output: str | None) -> tuple[str, ...]:
    """The files that a render wrote."""
    from jvbundler.fleet.current import write_app
    from jvbundler.pipeline.request import AppFolder, Request, output_path

    folder = output_path(Path(app.shown_as), options.path_or_none(output), app.options)
    return write_app(AppFolder(app.root, app.shown_as, folder), Request(app.options)).written
