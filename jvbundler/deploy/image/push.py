"""`build` and `push`, alone and as steps of a deployment: the image, in every registry of the environment.

Also `run`: the image started on this machine, as it runs when deployed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.aws import Account, account_id
from jvbundler.deploy.digest import require_writable, where_noted
from jvbundler.deploy.doctor import Check, aws, docker_checks, engine, require
from jvbundler.deploy.execution import execute_all
from jvbundler.deploy.image import ecr
from jvbundler.deploy.image.commands import (
    ImageOptions,
    attests,
    build_commands,
    is_copied,
    is_for,
    platforms,
    push_commands,
    repositories,
    run_commands,
)
from jvbundler.deploy.operation import Operation, Ran, Session, carry_out, run_confirmed
from jvbundler.deploy.release import render_command, render_commands
from jvbundler.git import git
from jvbundler.runner import find_tool
from jvbundler.values.problem import InputError
from jvbundler.values.reference import Reference

if TYPE_CHECKING:
    from jvbundler.deploy.command import Command
    from jvbundler.deploy.image.ecr import Repository, RepositoryFacts
    from jvbundler.deploy.release import Release
    from jvbundler.project.model import Platform

DOCKERFILE = "docker/Dockerfile"


class ImageSteps(NamedTuple):
    """Which steps were asked for; a push builds too, from the cache after a build."""

    build: bool
    push: bool
    options: ImageOptions

    @property
    def uses_docker(self) -> bool:
        return self.build or self.push


class Facts(NamedTuple):
    """Lambda's repository, if the image is pushed to one."""

    repository: Repository | None = None
    found: RepositoryFacts | None = None


def make_image(release: Release, steps: ImageSteps, session: Session, *, render: bool) -> Ran:
    """`build` or `push`; the release with the digest that was pushed."""

    def work() -> Ran:
        operation = plan(release, steps, look(release, steps, session.execution.environ), render=render)
        return run_confirmed(operation, release, session)

    place = f"the image of '{release.environment.qualified_name}'"
    return carry_out(place, session, lambda: checks(release, steps, session.execution.environ), work)


def using(release: Release, steps: ImageSteps) -> Release:
    """The release with the files that these steps read."""
    used = release.using("docker") if steps.uses_docker else release
    creates = used.environment.settings["lambda"]["ecr"]["create_if_missing"]
    makes_repository = steps.push and creates and is_for(used.environment, steps.options, "lambda")
    return used.using("lambda") if makes_repository else used


def checks(release: Release, steps: ImageSteps, environ: Mapping[str, str]) -> tuple[Check, ...]:
    """What a build requires."""
    if not steps.uses_docker:
        return ()
    several = len(platforms(release.environment, steps.options)) > 1
    index = steps.push and (attests(release.environment, steps.options) or several)
    # Lambda's repository is looked for, and made where it is missing.
    to_lambda = steps.push and is_for(release.environment, steps.options, "lambda")
    copies = steps.push and is_copied(release.environment, steps.options)
    docker = docker_checks(environ, builder=steps.options.builder, index=index, copies=copies)
    return (*docker, *((aws(environ),) if to_lambda else ()))


def look(release: Release, steps: ImageSteps, environ: Mapping[str, str]) -> Facts:
    """Raises InputError if the digest could not be recorded, or the credentials are for another account."""
    if not steps.push:
        return Facts()
    require_writable(release, expected(release, steps.options))
    if not is_for(release.environment, steps.options, "lambda"):
        return Facts()
    settings = release.environment.settings["lambda"]
    account = Account(settings["region"], environ)
    repository = _repository(release, account_id(account, settings["account_id"]))
    return Facts(repository, ecr.look(account, repository) if repository.template else None)


def plan(release: Release, steps: ImageSteps, facts: Facts | None, *, render: bool) -> Operation:
    """Render if needed, create the repository, build, push, and record the digest."""
    known = facts or Facts(
        _repository(release) if is_for(release.environment, steps.options, "lambda") else None
    )
    before: tuple[Command, ...] = render_commands(release, render=render)
    notes: tuple[str, ...] = ()
    if steps.push and known.repository:
        before += ecr.ensure_commands(known.repository, known.found)
        notes = ecr.notes(known.repository, known.found)
    uri = known.repository.uri if known.repository else ""
    return Operation((*before, *image_commands(release, steps, uri)), notes=notes)


def _repository(release: Release, account: str = "") -> Repository:
    folder = release.path(f"lambda/{release.environment.name}")
    return ecr.repository_of(release.environment, folder, account)


def image_commands(release: Release, steps: ImageSteps, lambda_repository: str) -> tuple[Command, ...]:
    """docker's commands, and the render that records the digest; none if no step was asked for."""
    environment, file, app = release.environment, release.path(DOCKERFILE), release.shown_as
    if steps.push:
        images = repositories(environment, steps.options, lambda_repository)
        reason = f"record the digest {where_noted(release, expected(release, steps.options))}, and render"
        note = render_command(release, reason, role="note")
        return (*push_commands(environment, app, file, images, steps.options), note)
    if steps.build:
        return build_commands(
            environment, app, file, image_repositories(release, steps.options), steps.options
        )
    return ()


def expected(release: Release, options: ImageOptions) -> dict[Platform, Reference]:
    """What a push makes, with placeholders for the digests: two differ only if Lambda gets a copy."""
    environment = release.environment
    found: dict[Platform, Reference] = {}
    for platform in options.registries:
        if is_for(environment, options, platform):
            own = platform == "lambda" and is_copied(environment, options)
            found[platform] = Reference("image", environment.image_tag, f"sha256:{'01'[own] * 64}")
    return found


def image_repositories(release: Release, options: ImageOptions) -> tuple[str, ...]:
    """For an image that stays here, an account that is not known yet does not matter."""
    try:
        found = repositories(release.environment, options)
    except InputError:
        found = {}
    return tuple(dict.fromkeys(found.values())) or (release.environment.image_name,)


def image_names(release: Release, options: ImageOptions) -> tuple[str, ...]:
    """What a build calls the image, once for each repository."""
    return tuple(f"{name}:{release.environment.image_tag}" for name in image_repositories(release, options))


def git_revision(folder: Path, environ: Mapping[str, str]) -> str:
    """The commit that is built, as a tag; empty if there is none, or something is not committed."""
    if not find_tool("git"):
        return ""
    ask = partial(git, folder, environ=environ, expected=tuple(range(256)))
    head = ask("rev-parse", "--short=12", "HEAD")
    changes = ask("status", "--porcelain", "--", ".")
    return head.text.strip() if not head.code and not changes.code and not changes.stdout.strip() else ""


def plan_run(release: Release, *, image: str, port: int, on_lambda: bool) -> Operation:
    """`image` is empty for the one that `build` made."""
    image = image or image_names(release, ImageOptions())[0]
    return Operation(run_commands(release.environment, image, port=port, on_lambda=on_lambda))


def serve(operation: Operation, release: Release, session: Session, *, on_lambda: bool) -> None:
    """Run it until Ctrl-C. Raises InputError if the app would start without a secret that it needs."""
    require_secrets(release, "lambda" if on_lambda else "kubernetes", session.execution.environ)
    require([engine(session.execution.environ)])
    session.note(operation.commands[0].reason)
    execute_all(operation.commands, session.execution)


def require_secrets(release: Release, platform: Platform, environ: Mapping[str, str]) -> None:
    """Raises InputError if the app would start here without a secret that it needs."""
    secrets = release.environment.secrets(platform)
    sources = dict.fromkeys(secret.source for secret in secrets if not secret.optional)
    missing = [name for name in sources if not environ.get(name)]
    if missing:
        raise InputError(
            f"set these variables first, the app reads its secrets from them: {', '.join(missing)}"
        )
