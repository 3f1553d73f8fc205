"""`deploy lambda`: the repository, the image, the stack, and the app's first answer. Prints nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.aws import Account, StackFacts, stack_facts
from jvbundler.deploy.command import DIGEST, Command
from jvbundler.deploy.digest import require_writable
from jvbundler.deploy.doctor import Check, aws, sam
from jvbundler.deploy.image import ecr, push
from jvbundler.deploy.image.commands import ImageOptions
from jvbundler.deploy.image.push import ImageSteps, expected
from jvbundler.deploy.lambda_.commands import (
    STACK_SECONDS,
    LambdaStack,
    delete_leftover,
    deploy_stack,
    discard_change_set,
    execute_change_set,
    stack_of,
)
from jvbundler.deploy.lambda_.live import account_and_stack, explained, image_digest, require_changeable
from jvbundler.deploy.lambda_.parameters import Values, offline_values, parameter_values, stored_secrets
from jvbundler.deploy.operation import Declined, Operation, Ran, Session, carry_out, run, run_confirmed
from jvbundler.deploy.release import render_commands
from jvbundler.values.problem import ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.image.ecr import RepositoryFacts
    from jvbundler.deploy.lambda_.live import Answer
    from jvbundler.deploy.release import Release
    from jvbundler.runner import Completed

# Placeholder in a dry run for the change set that is yet to be made.
UNKNOWN_CHANGE_SET = "CHANGE-SET"
_CHANGE_SET = re.compile(r"arn:aws[a-z-]*:cloudformation:\S+:changeSet/\S+")
_NO_CHANGES = "No changes to deploy"


class DeployOptions(NamedTuple):
    """A push builds too, from the cache after a build. `health_seconds` 0 skips the health check."""

    image: ImageSteps = ImageSteps(build=False, push=False, options=ImageOptions())
    update: bool = True
    diff: bool = False
    render: bool = False
    parameters: Mapping[str, str] = MappingProxyType({})
    timeout_seconds: float = STACK_SECONDS
    health_seconds: float = 120.0


class Facts(NamedTuple):
    """`image` is the digest of the existing image, empty if one is pushed first."""

    account: Account
    stack: LambdaStack
    deployed: StackFacts | None
    repository: RepositoryFacts | None
    values: Values
    image: str
    notes: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether the stack is created: there is none, or only what a failed first deployment left."""
        return self.deployed is None or self.deployed.is_empty


class Deployed(NamedTuple):
    stack: LambdaStack
    image: str
    outputs: Mapping[str, str]
    answers: tuple[Answer, ...] = ()
    is_dropped: bool = False

    @property
    def is_healthy(self) -> bool:
        return all(answer.is_healthy for answer in self.answers)


def deploy(release: Release, options: DeployOptions, session: Session) -> Deployed:
    """Raises InputError and OutputRefused before the first change, and ToolFailed with the reasons of a
    stack that failed.
    """
    release = _using(release, options)
    environ = session.execution.environ

    def work() -> Deployed:
        rendering = render_commands(release, render=options.render)
        facts = look(release, options, environ)
        operation = plan(release, options, facts).after(rendering)
        explain = partial(_explained, facts)
        ran = run_confirmed(operation, release, session, explain=explain)
        is_dropped = options.update and options.diff and not _change(ran, facts, options, session)
        return _deployed(ran.release, facts, options, session, is_dropped=is_dropped)

    return carry_out(stack_of(release).place, session, partial(checks, release, options, environ), work)


def dry_run(release: Release, options: DeployOptions) -> tuple[Operation, ...]:
    """What a deployment runs, as far as that is known offline; refuses what a deployment refuses."""
    release = _using(release, options)
    operation = plan(release, options, None).after(render_commands(release, render=options.render))
    if not (options.update and options.diff):
        return (operation,)
    return (operation, plan_change(stack_of(release), UNKNOWN_CHANGE_SET, options, is_new=False))


def _using(release: Release, options: DeployOptions) -> Release:
    return push.using(release, options.image)


def checks(release: Release, options: DeployOptions, environ: Mapping[str, str]) -> tuple[Check, ...]:
    """What has to be there before the first change."""
    release = _using(release, options)
    return (
        *(() if options.image.push else (aws(environ),)),
        *((sam(environ),) if options.update else ()),
        *push.checks(release, options.image, environ),
    )


def look(release: Release, options: DeployOptions, environ: Mapping[str, str]) -> Facts:
    """Raises InputError for another account, a stack that takes no change, a missing value or image."""
    account, stack = account_and_stack(release, environ)
    deployed = stack_facts(account, stack.name)
    require_changeable(stack.name, deployed)
    values = Values({}, (), ())
    notes: tuple[str, ...] = ()
    if options.update:
        there = {} if deployed is None or deployed.is_empty else deployed.parameters
        values = parameter_values(release, options.parameters, environ, there)
        notes = stored_secrets(release, environ)
    if options.image.push:
        require_writable(release, expected(release, options.image.options))
    uses_repository = stack.repository.template and (options.image.push or options.update)
    repository = ecr.look(account, stack.repository) if uses_repository else None
    image = ""
    if options.update and not options.image.push:
        version = release.environment.digest("lambda") or release.environment.tag("lambda")
        image = image_digest(account, stack, version)
    return Facts(account, stack, deployed, repository, values, image, notes)


def plan(release: Release, options: DeployOptions, facts: Facts | None) -> Operation:
    """Create the repository, build, push, deploy the stack; with a diff, only make its change set."""
    stack = facts.stack if facts else stack_of(release)
    commands: list[Command] = []
    notes: tuple[str, ...] = ()
    if options.image.push or options.update:
        repository = facts.repository if facts else None
        commands += ecr.ensure_commands(stack.repository, repository)
        notes = ecr.notes(stack.repository, repository)
    commands += push.image_commands(release, options.image, stack.repository.uri)
    if options.update:
        commands += _stack_commands(release, stack, options, facts)
        if facts:
            notes = (*facts.notes, *notes)
        if facts and facts.values.kept:
            notes = (f"kept from the last deployment: {', '.join(facts.values.kept)}", *notes)
    return Operation(tuple(commands), notes=notes)


def _stack_commands(
    release: Release, stack: LambdaStack, options: DeployOptions, facts: Facts | None
) -> tuple[Command, ...]:
    values = facts.values if facts else offline_values(release, options.parameters)
    leftover = delete_leftover(stack) if facts and facts.deployed and facts.deployed.is_empty else ()
    changed = deploy_stack(
        stack,
        f"{stack.repository.uri}@{_digest(release, options, facts)}",
        values.plain,
        values.secrets,
        only_change_set=options.diff,
        timeout_seconds=options.timeout_seconds,
    )
    return (*leftover, *changed)


def _digest(release: Release, options: DeployOptions, facts: Facts | None) -> str:
    if options.image.push:
        return DIGEST
    return facts.image if facts else release.environment.digest("lambda") or DIGEST


def plan_change(
    stack: LambdaStack, change_set: str, options: DeployOptions, *, is_new: bool, table: str = ""
) -> Operation:
    """Execute an existing change set; `table` shows its changes."""
    commands = execute_change_set(stack, change_set, is_new=is_new, timeout_seconds=options.timeout_seconds)
    return Operation(commands, changes=table, question="execute these changes")


def _change(ran: Ran, facts: Facts, options: DeployOptions, session: Session) -> bool:
    """Have the change set confirmed and executed; False if it was discarded."""
    change_set, table = change_set_of(ran.results["stack"])
    if not change_set:
        return True
    operation = plan_change(facts.stack, change_set, options, is_new=facts.is_new, table=table)
    explain = partial(_explained, facts)
    try:
        run_confirmed(operation, ran.release, session, explain=explain)
    except Declined:
        discard = Operation(discard_change_set(facts.stack, change_set, is_new=facts.is_new))
        run(discard, ran.release, session.execution, explain=explain)
        return False
    return True


def change_set_of(done: Completed) -> tuple[str, str]:
    """The name of the change set that sam made, and its changes; empty if nothing changes."""
    if _NO_CHANGES in done.text + done.stderr.decode("utf-8", "replace"):
        return "", ""
    found = _CHANGE_SET.search(done.text)
    if found is None:
        raise ToolFailed(f"'sam' named no change set\n{done.text}")
    return found[0], change_set_table(done.text)


def change_set_table(text: str) -> str:
    """The part of sam's output that shows the change set."""
    _, found, rest = text.partition("CloudFormation stack changeset")
    return (found + rest.partition("Changeset created")[0]).strip() if found else text.strip()


def _explained(facts: Facts, command: Command, failure: ToolFailed) -> ToolFailed:
    return explained(failure, facts.account, facts.stack.name) if command.role == "stack" else failure


def _deployed(
    release: Release, facts: Facts, options: DeployOptions, session: Session, *, is_dropped: bool
) -> Deployed:
    """The state afterwards, and the app's answer."""
    from jvbundler.deploy.lambda_.live import health_answers

    digest = facts.image or release.environment.digest("lambda")
    version = f"@{digest}" if digest else f":{release.environment.tag('lambda')}"
    image = f"{facts.stack.repository.uri}{version}"
    if not options.update:
        return Deployed(facts.stack, image, facts.deployed.outputs if facts.deployed else {})
    deployed = stack_facts(facts.account, facts.stack.name)
    outputs = deployed.outputs if deployed else {}
    seconds = 0 if is_dropped else options.health_seconds
    answers = health_answers(release, facts.stack, outputs, session.note, seconds=seconds) if seconds else ()
    return Deployed(facts.stack, image, outputs, answers, is_dropped)
