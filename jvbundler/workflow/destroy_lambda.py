"""`destroy lambda`: says what would go and what would stay, and deletes the stack. Data stays unless told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jvbundler.command import Command
from jvbundler.errors import ToolFailed
from jvbundler.plan.lambda_ import LambdaStack, destroy_plan
from jvbundler.render.lambda_names import repository_name
from jvbundler.tools.aws import Account, read
from jvbundler.workflow.deploy_lambda import explained, stack_of
from jvbundler.workflow.execute import Execution, execute_all
from jvbundler.workflow.lambda_reading import account_id, images, items_of, stack_facts

if TYPE_CHECKING:
    from jvbundler.workflow.release import Release


@dataclass(frozen=True, slots=True)
class Destruction:
    """`goes` and `stays` are lines for whoever has to agree."""

    account: Account
    stack: LambdaStack
    plan: tuple[Command, ...]
    goes: tuple[str, ...]
    stays: tuple[str, ...]


def offline_plan(release: Release, *, delete_images: bool) -> tuple[Command, ...]:
    stack = stack_of(release)
    ours = delete_images and bool(stack.repository_template)
    return destroy_plan(stack, has_stack=True, has_repository=ours, has_repository_stack=ours)


def find_destruction(release: Release, environ: Mapping[str, str], *, delete_images: bool) -> Destruction:
    settings = release.environment.settings["lambda"]
    account = Account(settings["region"], environ)
    stack = stack_of(release, account_id(account, settings["account_id"]))
    is_there = stack_facts(account, stack.name) is not None
    words = ("ecr", "describe-repositories", "--repository-names", stack.repository)
    has_repository = read(account, *words, absent=("RepositoryNotFoundException",)) is not None
    has_its_stack = stack_facts(account, stack.repository_stack) is not None
    ours = delete_images and bool(stack.repository_template)
    plan = destroy_plan(
        stack,
        has_stack=is_there,
        has_repository=ours and has_repository,
        has_repository_stack=ours and has_its_stack,
    )
    goes = _resources(account, stack) if is_there else ()
    kept = _repository_line(account, stack, release) if has_repository else ()
    stays = (*(() if ours else kept), *_file_system(release))
    return Destruction(account, stack, plan, (*goes, *(kept if ours else ())), stays)


def destroy(found: Destruction, execution: Execution) -> None:
    try:
        execute_all(found.plan, execution)
    except ToolFailed as failure:
        raise explained(failure, found.account, found.stack.name) from None


def _resources(account: Account, stack: LambdaStack) -> tuple[str, ...]:
    words = ("cloudformation", "list-stack-resources", "--stack-name", stack.name)
    found = items_of(read(account, *words), "StackResourceSummaries")
    return tuple(
        f"{r['ResourceType'].removeprefix('AWS::')} {r.get('PhysicalResourceId', r['LogicalResourceId'])}"
        + (" with all that was logged" if r["ResourceType"] == "AWS::Logs::LogGroup" else "")
        for r in found
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
