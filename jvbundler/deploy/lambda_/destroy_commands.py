"""Lambda: the calls of `aws` that delete an environment's stack, and its data where that shall go, too."""

from __future__ import annotations

from collections.abc import Iterable

from jvbundler.deploy.command import Command
from jvbundler.deploy.lambda_.commands import SHORT_SECONDS, STACK_SECONDS, LambdaStack, delete_stack


def destroy_plan(
    stack: LambdaStack,
    *,
    has_stack: bool,
    has_repository: bool,
    has_repository_stack: bool,
    log_groups: Iterable[str] = (),
    timeout_seconds: float = STACK_SECONDS,
) -> tuple[Command, ...]:
    """Delete the stack, then these log groups, and the repository with its images where it shall go."""
    commands: list[Command] = []
    if has_stack:
        reason = f"delete the stack '{stack.name}'"
        commands += delete_stack(stack.region, stack.name, reason, timeout_seconds)
    commands += [_delete_logs(stack.region, name) for name in log_groups]
    if has_repository:
        argv = (
            *("aws", "ecr", "delete-repository", "--region", stack.region),
            *("--repository-name", stack.repository, "--force"),
        )
        reason = f"delete the ECR repository '{stack.repository}' with all its images"
        commands.append(Command(argv, reason, timeout_seconds=SHORT_SECONDS))
    if has_repository_stack:
        reason = f"delete the stack '{stack.repository_stack}' of the repository"
        commands += delete_stack(stack.region, stack.repository_stack, reason, timeout_seconds)
    return tuple(commands)


def _delete_logs(region: str, name: str) -> Command:
    argv = ("aws", "logs", "delete-log-group", "--region", region, "--log-group-name", name)
    return Command(argv, "delete a log group with all that was logged", timeout_seconds=SHORT_SECONDS)
