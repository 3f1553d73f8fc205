"""What `build` and `push` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
    verbose_option,
)
from jvbundler.cli.report.progress import Progress
from jvbundler.cli.session import ask_nothing, print_json, print_script, reported, session

if TYPE_CHECKING:
    from jvbundler.cli.terminal import Terminal


class Running(NamedTuple):
    """How the commands are run, and what is shown of it."""

    render: bool
    dry_run: bool
    verbose: bool
    as_json: bool


image_command_options = together(
    common_options,
    image_options,
    gathered("running", Running, render_option, dry_run_option, verbose_option, json_option),
)


def run_image_step(
    terminal: Terminal, common: Common, image: ImageChoice, running: Running, *, push: bool
) -> int:
    from jvbundler.deploy.image.push import ImageSteps, image_names, make_image, plan, using

    steps = ImageSteps(build=not push, push=push, options=image.options(common))
    release = using(common.release("docker"), steps)
    if running.dry_run:
        return print_script(plan(release, steps, None, render=running.render))
    progress = Progress(terminal, json=running.as_json)
    with reported(progress, "push" if push else "build", "nothing was deployed"):
        run = session(release, common, progress, ask_nothing, verbose=running.verbose)
        done = make_image(release, steps, run, render=running.render).release
    if push:
        result = {"digest": done.environment.settings["image"]["digest"]}
    else:
        result = {"image": ", ".join(image_names(done))}
    if running.as_json:
        print_json({"ok": True, **result, "steps": progress.steps})
    else:
        echo_lines(f"{key}: {value}" for key, value in result.items())
    return 0
