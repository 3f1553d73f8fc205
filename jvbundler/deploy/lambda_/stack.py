"""A release → the stack that the commands of aws and sam name, and its ECR repository, made before a push."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jvbundler.deploy.aws import Account, read
from jvbundler.deploy.command import Command
from jvbundler.deploy.execution import Execution, execute_all
from jvbundler.deploy.lambda_.commands import LambdaStack, lambda_stack, repository_plan
from jvbundler.deploy.lambda_.live import account_id, stack_facts

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release


def stack_of(release: Release, account: str = "") -> LambdaStack:
    return lambda_stack(release.environment, release.path(f"lambda/{release.environment.name}"), account)


def needs_repository(release: Release) -> bool:
    """Whether a push of this environment goes to a repository whose template we render."""
    settings = release.environment.settings["lambda"]
    return settings["enabled"] and settings["ecr"]["create_if_missing"]


def push_repository_plan(release: Release) -> tuple[Command, ...]:
    """What comes before a push, to be shown."""
    return repository_plan(stack_of(release)) if needs_repository(release) else ()


def repository_for_push(release: Release, execution: Execution, note: Callable[[str], None]) -> str:
    """Make sure of Lambda's repository; its URI, empty where Lambda is not enabled."""
    settings = release.environment.settings["lambda"]
    if not settings["enabled"]:
        return ""
    account = Account(settings["region"], execution.environ)
    stack = stack_of(release, account_id(account, settings["account_id"]))
    make_sure_of_repository(account, stack, execution, note)
    return stack.repository_uri


def make_sure_of_repository(
    account: Account, stack: LambdaStack, execution: Execution, note: Callable[[str], None]
) -> None:
    """A repository that was made before, by hand or by the predecessor, is used as it is."""
    if not stack.repository_template:
        return
    words = ("ecr", "describe-repositories", "--repository-names", stack.repository)
    is_there = read(account, *words, absent=("RepositoryNotFoundException",)) is not None
    if is_there and stack_facts(account, stack.repository_stack) is None:
        note(f"the ECR repository '{stack.repository}' is there, without a stack: used as it is")
        return
    execute_all(repository_plan(stack), execution)
