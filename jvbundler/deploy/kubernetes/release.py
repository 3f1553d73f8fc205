"""`deploy k8s` as a whole: check the tools and the files, build, push, apply, in this order."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from jvbundler.deploy.command import Command
from jvbundler.deploy.doctor import kubectl_checks, require
from jvbundler.deploy.execution import Execution
from jvbundler.deploy.image.commands import ImageOptions
from jvbundler.deploy.image.push import build_image, image_checks, image_plan, push_image
from jvbundler.deploy.kubernetes.commands import deploy_plan
from jvbundler.deploy.kubernetes.deploy import Deployed, DeployOptions, Note, deploy
from jvbundler.deploy.kubernetes.manifest import kubernetes_target
from jvbundler.deploy.kubernetes.workload import Target
from jvbundler.deploy.lambda_.stack import needs_repository, push_repository_plan, repository_for_push
from jvbundler.deploy.release import (
    Release,
    is_rendered,
    only_deployment,
    refuse_drift,
    render_command,
    require_current,
)


class Steps(NamedTuple):
    """Which steps were asked for; a push builds by itself, from the cache after a build."""

    build: bool
    push: bool
    apply: bool

    @property
    def uses_docker(self) -> bool:
        return self.build or self.push


class Wanted(NamedTuple):
    """What the user asked for, and whom to ask: `agree` gets the release, and whether a diff was shown."""

    steps: Steps
    image: ImageOptions
    options: DeployOptions
    render: bool
    execution: Callable[[Release], Execution]
    note: Note
    agree: Callable[[Release, bool], None]


def deploy_release(release: Release, target: Target, wanted: Wanted) -> tuple[str, Deployed | None]:
    """The image's references, and what was deployed; None where applying was not asked for."""
    steps = wanted.steps
    with only_deployment(target.place, os.environ):
        docker = image_checks(release, wanted.image, push=steps.push) if steps.uses_docker else ()
        require([*docker, *(kubectl_checks(target.context, target.namespace) if steps.apply else ())])
        require_current(release, render=wanted.render)
        if steps.uses_docker:
            require_current(release._replace(target="docker"), render=wanted.render)
        if steps.push and needs_repository(release):
            require_current(release._replace(target="lambda"), render=wanted.render)
        if steps.uses_docker or not wanted.options.diff:
            wanted.agree(release, False)
        image = target.image
        if steps.build and not steps.push:
            image = ", ".join(build_image(release, wanted.execution(release), wanted.image))
        if steps.push:
            execution = wanted.execution(release)
            repository = repository_for_push(release, execution, wanted.note)
            release = push_image(release, execution, wanted.image, lambda_repository=repository)
            target = with_image(release, target)
            image = target.image
        return image, _apply(release, target, wanted) if steps.apply else None


def _apply(release: Release, target: Target, wanted: Wanted) -> Deployed:
    def agree() -> None:
        if wanted.options.diff:
            wanted.agree(release, True)

    return deploy(target, wanted.options, wanted.execution(release), wanted.note, agree)


def with_image(release: Release, target: Target) -> Target:
    """The target of the manifest that was rendered again."""
    return kubernetes_target(release, context=target.context, timeout_seconds=target.rollout_seconds)


def whole_plan(
    release: Release, target: Target, steps: Steps, image: ImageOptions, *, diff: bool
) -> tuple[Command, ...]:
    """What would run, as far as it is known without asking anybody; refuses what a deployment refuses."""
    plan: list[Command] = []
    if release.options.assignments:
        plan.append(render_command(release, "render with the values of the command line"))
    elif is_rendered(release):
        refuse_drift(release)
    else:
        plan.append(render_command(release, "nothing is rendered yet"))
    if steps.push:
        plan += push_repository_plan(release)
    if steps.uses_docker:
        plan += image_plan(release, image, push=steps.push)
    if steps.push:
        plan.append(render_command(release, "note the digest as image.digest in deploy.yaml, and render"))
    return (*plan, *(deploy_plan(target, diff=diff) if steps.apply else ()))
