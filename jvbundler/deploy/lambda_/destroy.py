"""`destroy lambda`: says what would go and what would stay, and deletes the stack. Data stays unless told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.aws import Account, read
from jvbundler.deploy.command import Command
from jvbundler.deploy.execution import Execution, execute_all
from jvbundler.deploy.lambda_.commands import STACK_SECONDS, LambdaStack
from jvbundler.deploy.lambda_.deploy import explained
from jvbundler.deploy.lambda_.destroy_commands import destroy_plan
from jvbundler.deploy.lambda_.live import account_id, images, items_of, stack_facts, text_of
from jvbundler.deploy.lambda_.stack import stack_of
from jvbundler.errors import ToolFailed
from jvbundler.render.lambda_names import repository_name

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release


class Destruction(NamedTuple):
    """`goes` and `stays` are lines for whoever has to agree."""

    account: Account
    stack: LambdaStack
    plan: tuple[Command, ...]
    goes: tuple[str, ...]
    stays: tuple[str, ...]


class DestroyOptions(NamedTuple):
    """Which data goes, too."""

    delete_images: bool = False
    delete_logs: bool = False
    timeout_seconds: float = STACK_SECONDS


def offline_plan(release: Release, options: DestroyOptions) -> tuple[Command, ...]:
    """Only AWS knows the id of the stack, which its log groups are named after."""
    stack = stack_of(release)
    ours = options.delete_images and bool(stack.repository_template)
    groups = [f"{prefix}ID-OF-THE-STACK" for prefix in stack.log_prefixes] if options.delete_logs else ()
    return destroy_plan(
        stack,
        has_stack=True,
        has_repository=ours,
        has_repository_stack=ours,
        log_groups=groups,
        timeout_seconds=options.timeout_seconds,
    )


def find_destruction(release: Release, environ: Mapping[str, str], options: DestroyOptions) -> Destruction:
    settings = release.environment.settings["lambda"]
    account = Account(settings["region"], environ)
    stack = stack_of(release, account_id(account, settings["account_id"]))
    is_there = stack_facts(account, stack.name) is not None
    words = ("ecr", "describe-repositories", "--repository-names", stack.repository)
    has_repository = read(account, *words, absent=("RepositoryNotFoundException",)) is not None
    has_its_stack = stack_facts(account, stack.repository_stack) is not None
    ours = options.delete_images and bool(stack.repository_template)
    groups = log_groups(account, stack)
    plan = destroy_plan(
        stack,
        has_stack=is_there,
        has_repository=ours and has_repository,
        has_repository_stack=ours and has_its_stack,
        log_groups=groups if options.delete_logs else (),
        timeout_seconds=options.timeout_seconds,
    )
    images = _repository_line(account, stack, release) if has_repository else ()
    logs = tuple(f"Logs::LogGroup {name} with all that was logged" for name in groups)
    data = ((options.delete_logs, logs), (ours, images))
    goes = [*(_resources(account, stack) if is_there else ()), *(_lines(data, go=True))]
    return Destruction(account, stack, plan, tuple(goes), (*_lines(data, go=False), *_file_system(release)))


def _lines(data: Iterable[tuple[bool, tuple[str, ...]]], *, go: bool) -> tuple[str, ...]:
    return tuple(line for goes, lines in data if goes is go for line in lines)


def log_groups(account: Account, stack: LambdaStack) -> tuple[str, ...]:
    """The log groups of the stack, and those of former stacks of its name."""
    words = ("logs", "describe-log-groups", "--log-group-name-prefix")
    answers = [items_of(read(account, *words, prefix), "logGroups") for prefix in stack.log_prefixes]
    return tuple(text_of(group, "logGroupName") for groups in answers for group in groups)


def destroy(found: Destruction, execution: Execution) -> None:
    try:
        execute_all(found.plan, execution)
    except ToolFailed as failure:
        raise explained(failure, found.account, found.stack.name) from None


def _resources(account: Account, stack: LambdaStack) -> tuple[str, ...]:
    words = ("cloudformation", "list-stack-resources", "--stack-name", stack.name)
    found = items_of(read(account, *words), "StackResourceSummaries")
    named = [(r["ResourceType"], r.get("PhysicalResourceId", r["LogicalResourceId"])) for r in found]
    # These stay when the stack goes.
    return tuple(
        f"{kind.removeprefix('AWS::')} {name}"
        for kind, name in named
        if not name.startswith(stack.log_prefixes)
    )


def _repository_line(account: Account, stack: LambdaStack, release: Release) -> tuple[str, ...]:
    number = len(images(account, stack))
    users = _other_users(release)
    shared = f", which {' and '.join(users)} use{'s' if len(users) == 1 else ''} too" if users else ""
    return (f"ECR::Repository {stack.repository} with {number} image{'' if number == 1 else 's'}{shared}",)


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
