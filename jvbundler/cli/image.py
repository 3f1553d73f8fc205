"""What `build` and `push` have in common."""

from __future__ import annotations

import os
from typing import Any

import click

from jvbundler.cli import handoff
from jvbundler.cli.progress import Progress
from jvbundler.cli.terminal import Terminal
from jvbundler.deploy.command import script


def run_image_step(
    terminal: Terminal, *, push: bool, dry_run: bool, verbose: bool, as_json: bool, render: bool, **given: Any
) -> int:
    from jvbundler.deploy.doctor import require
    from jvbundler.deploy.image.push import build_image, image_checks, image_plan, push_image
    from jvbundler.deploy.lambda_.stack import needs_repository, push_repository_plan, repository_for_push
    from jvbundler.deploy.release import only_deployment, require_current

    image = handoff.image_options_of(given["app"], **{name: given.pop(name) for name in handoff.IMAGE_KEYS})
    release = handoff.load(**given, target="docker")
    if dry_run:
        before = push_repository_plan(release) if push else ()
        click.echo(script((*before, *image_plan(release, image, push=push))), nl=False)
        return 0
    progress = Progress(terminal, json=as_json)
    name = f"the image of '{release.environment.qualified_name}'"
    with (
        handoff.told(progress, "push" if push else "build", "nothing was deployed"),
        only_deployment(name, os.environ),
    ):
        require(image_checks(release, image, push=push))
        require_current(release, render=render or bool(release.options.assignments))
        if push and needs_repository(release):
            require_current(
                release._replace(target="lambda"), render=render or bool(release.options.assignments)
            )
        running = handoff.execution(release, progress, verbose=verbose)
        result = {}
        if push:
            repository = repository_for_push(release, running, progress.note)
            pushed = push_image(release, running, image, lambda_repository=repository)
            result["digest"] = pushed.environment.settings["image"]["digest"]
        else:
            result["image"] = ", ".join(build_image(release, running, image))
    if as_json:
        handoff.print_json({"ok": True, **result, "steps": progress.steps})
    else:
        click.echo("\n".join(f"{key}: {value}" for key, value in result.items()))
    return 0
