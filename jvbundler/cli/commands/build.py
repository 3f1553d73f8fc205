"""The commands `build` and `push`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from jvbundler.cli import options
from jvbundler.cli.printer import echo_lines
from jvbundler.cli.release_options import (
    Common,
    ImageChoice,
    common_options,
    dry_run_option,
    gathered,
    image_options,
    json_option,
    render_option,
    together,
)
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import ask_nothing, print_json, print_script, reported, session

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal


BUILD_EPILOG = """\b
Examples:
  jvbundler build
  jvbundler build apps/support -e prod --builder remote
"""
PUSH_EPILOG = """\b
Examples:
  jvbundler push -e prod
  jvbundler push --registry-user-env CI_USER --registry-password-env CI_TOKEN
"""


class Running(NamedTuple):
    """How the commands are run and shown."""

    render: bool
    dry_run: bool
    as_json: bool


image_command_options = together(
    common_options,
    image_options,
    gathered("running", Running, render_option, dry_run_option, json_option),
    options.loudness,
)


@click.command("build", epilog=BUILD_EPILOG)
@image_command_options
@options.talking
@click.pass_obj
def build(terminal: Terminal, /, *, common: Common, image: ImageChoice, running: Running) -> int:
    """Build the image of APP (default: this folder) with docker buildx."""
    return make(terminal, common, image, running, push=False)


@click.command("push", epilog=PUSH_EPILOG)
@image_command_options
@options.talking
@click.pass_obj
def push(terminal: Terminal, /, *, common: Common, image: ImageChoice, running: Running) -> int:
    """Build the image and push it to every registry of the environment.

    The digests go into images.yaml where there is one, else into deploy.yaml, and the output is rendered
    again: what is deployed is the image that was pushed, whatever its tag says later. `deploy k8s --push`
    and `deploy lambda --push` push to the registry of their platform alone.
    """
    return make(terminal, common, image, running, push=True)


def make(terminal: Terminal, common: Common, image: ImageChoice, running: Running, *, push: bool) -> int:
    from jvbundler.deploy.image.push import ImageSteps, image_names, make_image, plan, using

    steps = ImageSteps(build=not push, push=push, options=image.options(common))
    release = using(common.release("docker"), steps)
    if running.dry_run:
        return print_script(plan(release, steps, None, render=running.render), as_json=running.as_json)
    progress = Progress(terminal, json=running.as_json)
    with reported(progress, "push" if push else "build", "nothing was deployed"):
        run = session(release, common, progress, ask_nothing)
        done = make_image(release, steps, run, render=running.render).release
    if push:
        result = {"digest": done.environment.digest("kubernetes") or done.environment.digest("lambda")}
    else:
        result = {"image": ", ".join(image_names(done, steps.options))}
    if running.as_json:
        print_json({"ok": True, **result, "steps": progress.steps})
    else:
        echo_lines(f"{key}: {value}" for key, value in result.items())
    return 0
