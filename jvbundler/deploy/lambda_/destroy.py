"""`destroy lambda`: says what is deleted and what stays, and deletes the stack. Data stays by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.aws import Account, StackFacts, items_of, read, stack_facts, text_of
from jvbundler.deploy.image import ecr
from jvbundler.deploy.lambda_.commands import STACK_SECONDS, LambdaStack, delete_all, stack_of
from jvbundler.deploy.lambda_.live import account_and_stack, explained, images
from jvbundler.deploy.operation import Operation, Session, carry_out, run_confirmed
from jvbundler.render.lambda_.names import repository_name

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release


class DestroyOptions(NamedTuple):
    """Which data is deleted as well."""

    delete_images: bool = False
    delete_logs: bool = False
    timeout_seconds: float = STACK_SECONDS


class Facts(NamedTuple):
    """`resources` are the stack's, `log_groups` include those of former stacks of its name."""

    account: Account
    stack: LambdaStack
    deployed: StackFacts | None
    resources: tuple[str, ...]
    log_groups: tuple[str, ...]
    has_repository: bool
    has_repository_stack: bool
    images: int


def destroy(release: Release, options: DestroyOptions, session: Session) -> Operation:
    """What was deleted, and what was kept; no commands if there was nothing to delete."""

    def work() -> Operation:
        facts = look(release, session.execution.environ)
        operation = plan(release, options, facts)
        name = facts.stack.name
        run_confirmed(
            operation, release, session, explain=lambda _, failure: explained(failure, facts.account, name)
        )
        return operation

    return carry_out(stack_of(release).place, session, tuple, work)


def look(release: Release, environ: Mapping[str, str]) -> Facts:
    account, stack = account_and_stack(release, environ)
    deployed = stack_facts(account, stack.name)
    has_repository = ecr.is_there(account, stack.repository)
    return Facts(
        account,
        stack,
        deployed,
        _resources(account, stack) if deployed else (),
        log_groups(account, stack),
        has_repository,
        stack_facts(account, stack.repository.stack) is not None,
        len(images(account, stack)) if has_repository else 0,
    )


def plan(release: Release, options: DestroyOptions, facts: Facts | None) -> Operation:
    """Without facts, everything is assumed to exist, and the log groups are named by the unknown stack id."""
    stack = facts.stack if facts else stack_of(release)
    groups = facts.log_groups if facts else tuple(f"{prefix}ID-OF-THE-STACK" for prefix in stack.log_prefixes)
    # A repository that is created elsewhere is not ours to delete.
    images_go = options.delete_images and bool(stack.repository.template)
    commands = delete_all(
        stack,
        has_stack=facts is None or facts.deployed is not None,
        has_repository=images_go and (facts is None or facts.has_repository),
        has_repository_stack=images_go and (facts is None or facts.has_repository_stack),
        log_groups=groups if options.delete_logs else (),
        timeout_seconds=options.timeout_seconds,
    )
    logs = tuple(f"Logs::LogGroup {name} with all its events" for name in groups)
    data = ((options.delete_logs, logs), (images_go, _repository_line(release, facts) if facts else ()))
    return Operation(
        commands,
        goes=(*(facts.resources if facts else ()), *_lines(data, go=True)),
        stays=(*_lines(data, go=False), *_file_system(release)),
        question="delete this",
    )


def _lines(data: Iterable[tuple[bool, tuple[str, ...]]], *, go: bool) -> tuple[str, ...]:
    return tuple(line for goes, lines in data if goes is go for line in lines)


def log_groups(account: Account, stack: LambdaStack) -> tuple[str, ...]:
    """The log groups of the stack, and those of former stacks of its name."""
    words = ("logs", "describe-log-groups", "--log-group-name-prefix")
    answers = [items_of(read(account, *words, prefix), "logGroups") for prefix in stack.log_prefixes]
    return tuple(text_of(group, "logGroupName") for groups in answers for group in groups)


def _resources(account: Account, stack: LambdaStack) -> tuple[str, ...]:
    words = ("cloudformation", "list-stack-resources", "--stack-name", stack.name)
    found = items_of(read(account, *words), "StackResourceSummaries")
    named = [(r["ResourceType"], r.get("PhysicalResourceId", r["LogicalResourceId"])) for r in found]
    # These stay when the stack is deleted.
    return tuple(
        f"{kind.removeprefix('AWS::')} {name}"
        for kind, name in named
        if not name.startswith(stack.log_prefixes)
    )


def _repository_line(release: Release, facts: Facts) -> tuple[str, ...]:
    if not facts.has_repository:
        return ()
    users = _other_users(release)
    shared = f", which {' and '.join(users)} use{'s' if len(users) == 1 else ''} too" if users else ""
    count = f"{facts.images} image{'' if facts.images == 1 else 's'}"
    return (f"ECR::Repository {facts.stack.repository.name} with {count}{shared}",)


def _other_users(release: Release) -> list[str]:
    """Environments of this app that run images of the same repository."""
    mine = release.environment
    where = ("region", "account_id")
    return [
        f"'{other.name}'"
        for other in release.project.environments
        if other.name != mine.name
        and other.settings["lambda"]["enabled"]
        and repository_name(other) == repository_name(mine)
        and all(other.settings["lambda"][key] == mine.settings["lambda"][key] for key in where)  # type: ignore[literal-required]
    ]


def _file_system(release: Release) -> tuple[str, ...]:
    efs = release.environment.settings["lambda"]["efs"]
    return ("the EFS file system with all its files",) if efs["enabled"] else ()
