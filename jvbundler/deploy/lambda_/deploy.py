"""`deploy lambda`: the repository, the image, the stack, and the app's first answer. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.aws import Account, with_advice
from jvbundler.deploy.command import Command
from jvbundler.deploy.doctor import Check, aws, require, sam
from jvbundler.deploy.execution import Execution, execute_all
from jvbundler.deploy.image.commands import ImageOptions, push_plan, repositories
from jvbundler.deploy.image.push import DOCKERFILE, build_image, image_checks, image_plan, push_image
from jvbundler.deploy.lambda_.change_set import change
from jvbundler.deploy.lambda_.commands import (
    STACK_SECONDS,
    LambdaStack,
    deploy_plan,
    leftover_plan,
    repository_plan,
)
from jvbundler.deploy.lambda_.health import health_answers
from jvbundler.deploy.lambda_.live import (
    StackFacts,
    account_id,
    image_digest,
    require_changeable,
    stack_facts,
    stack_failures,
)
from jvbundler.deploy.lambda_.parameters import Values, offline_values, parameter_values
from jvbundler.deploy.lambda_.stack import make_sure_of_repository, stack_of
from jvbundler.deploy.release import is_rendered, refuse_drift, render_command, require_current
from jvbundler.errors import ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.lambda_.http import Answer
    from jvbundler.deploy.release import Release


class DeployOptions(NamedTuple):
    """A push builds by itself, from the cache after a build. `health_seconds` 0 asks for no health."""

    build: bool = False
    push: bool = False
    update: bool = True
    diff: bool = False
    render: bool = False
    image: ImageOptions = ImageOptions()
    parameters: Mapping[str, str] = MappingProxyType({})
    timeout_seconds: float = STACK_SECONDS
    health_seconds: float = 120.0

    @property
    def uses_docker(self) -> bool:
        return self.build or self.push


class Conversation(NamedTuple):
    """Who is talked to: `note` a line, `show` a text that was asked for, `agree` to a question."""

    note: Callable[[str], None]
    show: Callable[[str], None]
    agree: Callable[[str], bool]


class Deployed(NamedTuple):
    stack: LambdaStack
    image: str
    outputs: Mapping[str, str]
    answers: tuple[Answer, ...]
    is_dropped: bool = False

    @property
    def is_healthy(self) -> bool:
        return all(answer.is_healthy for answer in self.answers)


def offline_plan(release: Release, options: DeployOptions) -> tuple[Command, ...]:
    """What a deployment runs, as far as that is known without asking AWS; refuses what it refuses."""
    stack = stack_of(release)
    plan = [*_rendering(release), *repository_plan(stack)]
    if options.push:
        names = repositories(release.environment, stack.repository_uri)
        where = (release.shown_as, release.path(DOCKERFILE))
        plan += push_plan(release.environment, *where, names, options.image)
        plan.append(render_command(release, "note the digest as image.digest in deploy.yaml, and render"))
    elif options.build:
        plan += image_plan(release, options.image, push=False)
    if options.update:
        plan += _deploy(release, stack, options, offline_values(release, options.parameters))
    return tuple(plan)


def _rendering(release: Release) -> tuple[Command, ...]:
    if release.options.assignments:
        return (render_command(release, "render with the values of the command line"),)
    if not is_rendered(release):
        return (render_command(release, "nothing is rendered yet"),)
    refuse_drift(release)
    return ()


def _deploy(
    release: Release, stack: LambdaStack, options: DeployOptions, values: Values, image: str = ""
) -> tuple[Command, ...]:
    return deploy_plan(
        stack,
        image or image_version(release, stack, is_new=options.push),
        values.plain,
        values.secrets,
        only_change_set=options.diff,
        timeout_seconds=options.timeout_seconds,
    )


def image_version(release: Release, stack: LambdaStack, *, is_new: bool = False) -> str:
    """The image by its digest; one that is yet to be pushed is called by its tag."""
    digest = release.environment.settings["image"]["digest"]
    version = f"@{digest}" if digest and not is_new else f":{release.environment.image_tag}"
    return f"{stack.repository_uri}{version}"


def deploy(
    release: Release,
    options: DeployOptions,
    execution_of: Callable[[Release], Execution],
    conversation: Conversation,
) -> Deployed:
    """Raises InputError and OutputRefused before the first change, and ToolFailed with the reasons of a
    stack that failed.
    """
    require(_checks(release, options))
    require_current(release, render=options.render)
    if options.uses_docker:
        require_current(release._replace(target="docker"), render=options.render)
    execution = execution_of(release)
    settings = release.environment.settings["lambda"]
    account = Account(settings["region"], execution.environ)
    stack = stack_of(release, account_id(account, settings["account_id"]))
    facts = stack_facts(account, stack.name)
    require_changeable(stack.name, facts)
    values = _values(release, options, execution, facts, conversation)
    if options.push or options.update:
        make_sure_of_repository(account, stack, execution, conversation.note)
    if options.build and not options.push:
        build_image(release, execution, options.image)
    if options.push:
        release = push_image(release, execution, options.image, lambda_repository=stack.repository_uri)
        execution = execution_of(release)
    if not options.update:
        return Deployed(stack, image_version(release, stack), facts.outputs if facts else {}, ())
    version = release.environment.settings["image"]["digest"] or release.environment.image_tag
    image = f"{stack.repository_uri}@{image_digest(account, stack, version)}"
    if facts is not None and facts.is_empty:
        execute_all(leftover_plan(stack), execution)
        facts = None
    plan = _deploy(release, stack, options, values, image)
    try:
        is_dropped = not change(plan, stack, execution, options, conversation, facts)
    except ToolFailed as failure:
        raise explained(failure, account, stack.name) from None
    return _outcome(account, release, stack, image, options, conversation, is_dropped=is_dropped)


def _checks(release: Release, options: DeployOptions) -> tuple[Check, ...]:
    docker = image_checks(release, options.image, push=options.push) if options.uses_docker else ()
    return (*(() if options.push else (aws(),)), *((sam(),) if options.update else ()), *docker)


def _values(
    release: Release,
    options: DeployOptions,
    execution: Execution,
    facts: StackFacts | None,
    conversation: Conversation,
) -> Values:
    if not options.update:
        return Values({}, (), ())
    there = {} if facts is None or facts.is_empty else facts.parameters
    values = parameter_values(release, options.parameters, execution.environ, there)
    if values.kept:
        conversation.note(f"kept from the last deployment: {', '.join(values.kept)}")
    return values


def explained(failure: ToolFailed, account: Account, stack: str) -> ToolFailed:
    """The failure with the events that explain it; those that CloudFormation cannot tell are left out."""
    try:
        reasons = stack_failures(account, stack)
    except ToolFailed:
        reasons = ()
    lines = ["why, as CloudFormation tells it:", *(f"  {reason}" for reason in reasons)] if reasons else []
    return ToolFailed("\n".join([with_advice(str(failure)), *lines]))


def _outcome(
    account: Account,
    release: Release,
    stack: LambdaStack,
    image: str,
    options: DeployOptions,
    conversation: Conversation,
    *,
    is_dropped: bool,
) -> Deployed:
    facts = stack_facts(account, stack.name)
    outputs = facts.outputs if facts else {}
    answers: tuple[Answer, ...] = ()
    if options.health_seconds and not is_dropped:
        answers = health_answers(release, stack, outputs, conversation.note, seconds=options.health_seconds)
    return Deployed(stack, image, outputs, answers, is_dropped)
